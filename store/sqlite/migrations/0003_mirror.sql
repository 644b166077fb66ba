-- The mirror: what sources say. Times are microseconds since 1970 UTC, 0 for
-- never. All of it can be fetched again, save for when it was first seen.
CREATE TABLE pm_source (
	source    TEXT PRIMARY KEY,
	cursor    TEXT    NOT NULL,
	tried     INTEGER NOT NULL,
	succeeded INTEGER NOT NULL,
	changed   INTEGER NOT NULL,
	midway    INTEGER NOT NULL,
	failures  INTEGER NOT NULL,
	failed    TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- One row a record. body is JSON, NULL when the record is gone; sum is its
-- SHA-256.
CREATE TABLE pm_record (
	id     INTEGER PRIMARY KEY,
	source TEXT    NOT NULL,
	item   TEXT    NOT NULL,
	first  INTEGER NOT NULL,
	digest TEXT    NOT NULL,
	gone   INTEGER NOT NULL,
	sum    BLOB,
	body   BLOB
) STRICT;

CREATE UNIQUE INDEX pm_record_item ON pm_record (source, item);
CREATE INDEX pm_record_live ON pm_record (source, item) WHERE gone = 0;

-- One row a change. Writers are alone, so a position is never visible before
-- all lower ones.
CREATE TABLE pm_change (
	position INTEGER PRIMARY KEY AUTOINCREMENT,
	record   INTEGER NOT NULL REFERENCES pm_record (id),
	at       INTEGER NOT NULL,
	digest   TEXT    NOT NULL,
	gone     INTEGER NOT NULL
) STRICT;

CREATE INDEX pm_change_record ON pm_change (record, position);

CREATE TABLE pm_coordinate (
	at     TEXT    NOT NULL,
	record INTEGER NOT NULL REFERENCES pm_record (id),
	PRIMARY KEY (at, record)
) STRICT, WITHOUT ROWID;

CREATE INDEX pm_coordinate_record ON pm_coordinate (record);

-- now is 0 for a name that an older body of the record had.
CREATE TABLE pm_name (
	name   TEXT    NOT NULL,
	record INTEGER NOT NULL REFERENCES pm_record (id),
	now    INTEGER NOT NULL,
	PRIMARY KEY (name, record)
) STRICT, WITHOUT ROWID;

CREATE INDEX pm_name_record ON pm_name (record);

-- What could not be read.
CREATE TABLE pm_rejected (
	source TEXT    NOT NULL,
	item   TEXT    NOT NULL,
	digest TEXT    NOT NULL,
	why    TEXT    NOT NULL,
	at     INTEGER NOT NULL,
	PRIMARY KEY (source, item)
) STRICT, WITHOUT ROWID;
