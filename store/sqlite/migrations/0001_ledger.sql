-- The ledger: one row an entry, never changed. Times are microseconds since
-- 1970 UTC; refs and signature are JSON, NULL for none; prev and hash are
-- SHA-256 digests.
CREATE TABLE pm_schema (version INTEGER PRIMARY KEY) STRICT;

CREATE TABLE pm_entry (
	seq       INTEGER PRIMARY KEY,
	act       INTEGER NOT NULL,
	at        INTEGER NOT NULL,
	who       TEXT    NOT NULL,
	why       TEXT    NOT NULL,
	kind      TEXT    NOT NULL,
	key       TEXT    NOT NULL,
	version   INTEGER NOT NULL,
	body      BLOB    NOT NULL,
	refs      TEXT,
	signature TEXT,
	prev      BLOB    NOT NULL,
	hash      BLOB    NOT NULL
) STRICT;

CREATE UNIQUE INDEX pm_entry_record ON pm_entry (kind, key, seq);

CREATE TRIGGER pm_entry_no_update BEFORE UPDATE ON pm_entry
BEGIN SELECT RAISE(ABORT, 'pm_entry: an entry is never changed'); END;

CREATE TRIGGER pm_entry_no_delete BEFORE DELETE ON pm_entry
BEGIN SELECT RAISE(ABORT, 'pm_entry: an entry is never deleted'); END;

-- INSERT OR REPLACE overwrites a row without asking the two above, unless the
-- connection has recursive_triggers on; this one does not depend on that.
CREATE TRIGGER pm_entry_no_overwrite BEFORE INSERT ON pm_entry
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM pm_entry)
BEGIN SELECT RAISE(ABORT, 'pm_entry: an entry only follows the last one'); END;
