-- Files that blocks are read from, by their paths from the folder that holds the repository, with `/` between names.
CREATE TABLE source (
    id   INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE
) STRICT;

-- Blocks whose bytes lie in such a file, by multihash. Ids grow in the order of writing: a collection goes by them.
CREATE TABLE reference (
    id     INTEGER PRIMARY KEY,
    key    BLOB NOT NULL UNIQUE,
    source INTEGER NOT NULL REFERENCES source (id),
    start  INTEGER NOT NULL CHECK (start >= 0),
    size   INTEGER NOT NULL CHECK (size >= 0)
) STRICT;

-- Listing in the order of the files, and finding out whether a file is still referred to.
CREATE INDEX reference_by_place ON reference (source, start, key);
