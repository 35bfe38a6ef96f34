-- Facts about the repository, one a row: `store_id` names the block store that the rows belong to.
CREATE TABLE fact (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Pins that users asked for, by the bytes of the CID as it was given. Mode: 0 recursive, 1 direct.
-- Without a rowid the table is its own index in the order of the listing.
CREATE TABLE pin (
    cid  BLOB PRIMARY KEY,
    mode INTEGER NOT NULL CHECK (mode IN (0, 1)),
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;
