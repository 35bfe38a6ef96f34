-- Uploads. `key` is the root as a CIDv1, `cid` its text as it was uploaded; `charged` are the bytes that count towards
-- the account's quota.
CREATE TABLE cairn.upload (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account bigint NOT NULL REFERENCES cairn.account (id) ON DELETE CASCADE,
    key     bytea NOT NULL,
    cid     text NOT NULL,
    peer    text NOT NULL,
    status  text NOT NULL CHECK (status IN ('partial', 'pinned')),
    kind    text NOT NULL,
    scope   text NOT NULL,
    name    text,
    files   text NOT NULL,
    size    bigint NOT NULL,
    charged bigint NOT NULL,
    created bigint NOT NULL,
    updated bigint NOT NULL
);

-- Pages, and counting: times of one account differ.
CREATE UNIQUE INDEX upload_by_created ON cairn.upload (account, created);
CREATE UNIQUE INDEX upload_by_key ON cairn.upload (key, account);
CREATE INDEX upload_partial ON cairn.upload (peer, id) WHERE status = 'partial';

-- The CARs of an upload. `list` is the root of the list of its blocks at `peer`, pinned until the upload is complete.
CREATE TABLE cairn.upload_part (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    upload bigint NOT NULL REFERENCES cairn.upload (id) ON DELETE CASCADE,
    cid    text NOT NULL,
    bytes  bigint NOT NULL,
    peer   text NOT NULL,
    list   bytea
);

CREATE UNIQUE INDEX upload_part_by_cid ON cairn.upload_part (upload, cid);
CREATE INDEX upload_part_by_list ON cairn.upload_part (list, peer) WHERE list IS NOT NULL;
