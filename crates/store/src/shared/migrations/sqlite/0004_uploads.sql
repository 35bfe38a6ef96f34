-- Uploads. `key` is the root as a CIDv1, `cid` its text as it was uploaded; `charged` are the bytes that count towards
-- the account's quota.
CREATE TABLE upload (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    key     BLOB NOT NULL,
    cid     TEXT NOT NULL,
    peer    TEXT NOT NULL,
    status  TEXT NOT NULL CHECK (status IN ('partial', 'pinned')),
    kind    TEXT NOT NULL,
    scope   TEXT NOT NULL,
    name    TEXT,
    files   TEXT NOT NULL,
    size    INTEGER NOT NULL,
    charged INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
) STRICT;

-- Pages, and counting: times of one account differ.
CREATE UNIQUE INDEX upload_by_created ON upload (account, created);
CREATE UNIQUE INDEX upload_by_key ON upload (key, account);
CREATE INDEX upload_partial ON upload (peer, id) WHERE status = 'partial';

-- The CARs of an upload. `list` is the root of the list of its blocks at `peer`, pinned until the upload is complete.
CREATE TABLE upload_part (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    upload INTEGER NOT NULL REFERENCES upload (id) ON DELETE CASCADE,
    cid    TEXT NOT NULL,
    bytes  INTEGER NOT NULL,
    peer   TEXT NOT NULL,
    list   BLOB
) STRICT;

CREATE UNIQUE INDEX upload_part_by_cid ON upload_part (upload, cid);
CREATE INDEX upload_part_by_list ON upload_part (list, peer) WHERE list IS NOT NULL;
