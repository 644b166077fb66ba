-- The vault: what must be erasable. NULL data has been erased.
CREATE TABLE pm_vault (
	id   TEXT PRIMARY KEY,
	data BLOB
) STRICT;
