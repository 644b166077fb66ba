-- The mirror anew, for a few hundred thousand records. What is asked often (is it
-- there, has it changed, who stands where) is in narrow tables; bodies have one
-- of their own. Digests are 32 bytes, empty when gone.
--
-- The tables of bulk refer to each other without REFERENCES: checking one costs
-- more than writing the row, and one program text writes them all.
ALTER TABLE pm_source ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;

-- How many records a source holds, without those that are gone.
ALTER TABLE pm_source ADD COLUMN records INTEGER NOT NULL DEFAULT 0;

UPDATE pm_source SET records = (SELECT count(*) FROM pm_record r WHERE r.source = pm_source.source AND r.gone = 0);

-- places says where the record stands, so that a new body finds what to take
-- back: the ids of its coordinates, ascending, each as a varint of its distance
-- to the one before. sum is the SHA-256 of the body's JSON.
CREATE TABLE pm_record_anew (
	id     INTEGER PRIMARY KEY,
	source TEXT    NOT NULL,
	item   TEXT    NOT NULL,
	first  INTEGER NOT NULL,
	gone   INTEGER NOT NULL,
	digest BLOB    NOT NULL,
	sum    BLOB,
	places BLOB
) STRICT;

INSERT INTO pm_record_anew (id, source, item, first, gone, digest, sum)
	SELECT id, source, item, first, gone, unhex(digest), sum FROM pm_record;

-- body is JSON, compressed as package sqlite does it. A record that is gone has none.
CREATE TABLE pm_body (
	record INTEGER PRIMARY KEY,
	body   BLOB NOT NULL
) STRICT;

INSERT INTO pm_body (record, body) SELECT id, body FROM pm_record WHERE gone = 0;

CREATE TABLE pm_change_anew (
	position INTEGER PRIMARY KEY AUTOINCREMENT,
	record   INTEGER NOT NULL,
	at       INTEGER NOT NULL,
	gone     INTEGER NOT NULL,
	digest   BLOB    NOT NULL,
	said     INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO pm_change_anew (position, record, at, gone, digest)
	SELECT position, record, at, gone, unhex(digest) FROM pm_change ORDER BY position;

CREATE TABLE pm_name_anew (
	name   TEXT    NOT NULL,
	record INTEGER NOT NULL,
	now    INTEGER NOT NULL,
	PRIMARY KEY (name, record)
) STRICT, WITHOUT ROWID;

INSERT INTO pm_name_anew (name, record, now) SELECT name, record, now FROM pm_name ORDER BY name, record;

-- Each coordinate once, whoever stands there; ids are never used again.
CREATE TABLE pm_place (
	id INTEGER PRIMARY KEY,
	at TEXT NOT NULL UNIQUE
) STRICT;

-- Who stands at a place: of each block of 65,536 record ids the rest of those
-- that do, two bytes each, big-endian, in any order. The block comes first, so
-- that a bulk load, whose ids are all new, writes to one end of the table.
CREATE TABLE pm_posting (
	block   INTEGER NOT NULL,
	place   INTEGER NOT NULL,
	records BLOB    NOT NULL,
	PRIMARY KEY (block, place)
) STRICT, WITHOUT ROWID;

DROP TABLE pm_coordinate;
DROP TABLE pm_name;
DROP TABLE pm_change;
DROP TABLE pm_record;

ALTER TABLE pm_record_anew RENAME TO pm_record;
ALTER TABLE pm_change_anew RENAME TO pm_change;
ALTER TABLE pm_name_anew RENAME TO pm_name;

CREATE UNIQUE INDEX pm_record_item ON pm_record (source, item);
CREATE INDEX pm_change_record ON pm_change (record, position);
CREATE INDEX pm_name_record ON pm_name (record);
