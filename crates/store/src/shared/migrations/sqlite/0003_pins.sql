-- Content that a peer may unpin once no row wants it. Adding one again gives it another id.
CREATE TABLE release (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    peer TEXT NOT NULL,
    cid  BLOB NOT NULL,
    UNIQUE (peer, cid)
) STRICT;

-- Pin requests. `created` is unique within an account; with `random` it is the request's public id. `cid` is the CID in
-- version 1, `cid_text` as the user wrote it. `status` is 0 queued, 1 pinning, 2 pinned, 3 failed. `origins` and `meta` are
-- JSON. `peer` has the content of a pinned request.
CREATE TABLE pin_request (
    account  INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created  INTEGER NOT NULL,
    random   BLOB NOT NULL,
    cid      BLOB NOT NULL,
    cid_text TEXT NOT NULL,
    status   INTEGER NOT NULL CHECK (status BETWEEN 0 AND 3),
    name     TEXT,
    peer     TEXT,
    dag_size INTEGER,
    raw_size INTEGER,
    details  TEXT,
    origins  TEXT,
    meta     TEXT,
    PRIMARY KEY (account, created)
) STRICT, WITHOUT ROWID;

CREATE INDEX pin_request_by_status ON pin_request (account, status, created);
-- Of one account, and of any: whether somebody wants a CID.
CREATE INDEX pin_request_by_cid ON pin_request (cid, account, created);

-- Names of pin requests. `folded` is the name without case. The keys are hashes of both, of one length however long the
-- name is.
CREATE TABLE pin_name (
    account  INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    name     TEXT NOT NULL,
    folded   TEXT NOT NULL,
    name_key BLOB NOT NULL,
    fold_key BLOB NOT NULL,
    PRIMARY KEY (account, created),
    FOREIGN KEY (account, created) REFERENCES pin_request (account, created) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX pin_name_by_key ON pin_name (account, fold_key, created, name_key);

-- Metadata of pin requests: `pair` is a hash of a key and its value. Rows are removed with their request by the program,
-- which knows the pairs; an index for that would be as large as the table.
CREATE TABLE pin_meta (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    pair    BLOB NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (account, pair, created)
) STRICT, WITHOUT ROWID;

-- How many pin requests of an account were created in an interval, by status. Interval `bucket` of a level covers the
-- times with `created >> shift = bucket`; the shifts are 12, 22 and 32.
CREATE TABLE pin_count (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    level   INTEGER NOT NULL,
    bucket  INTEGER NOT NULL,
    queued  INTEGER NOT NULL,
    pinning INTEGER NOT NULL,
    pinned  INTEGER NOT NULL,
    failed  INTEGER NOT NULL,
    PRIMARY KEY (account, level, bucket)
) STRICT, WITHOUT ROWID;

-- What a queued or pinning request waits for. Ready: `turn` is its place in the queue of all accounts. Leased by `peer`, or
-- waiting for its next attempt: `turn` is null, and at `due` it is ready again. Every change of these adds to `epoch`, which
-- a worker must know to write. `peer` stays after a lease that ran out, because it may have pinned the content. `keep_*` is
-- what the request replaced, pinned until it is done.
CREATE TABLE pin_work (
    account    INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    turn       INTEGER,
    due        INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    peer       TEXT,
    last_block INTEGER NOT NULL,
    blocks     INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    details    TEXT,
    keep_peer  TEXT,
    keep_cid   BLOB,
    PRIMARY KEY (account, created),
    FOREIGN KEY (account, created) REFERENCES pin_request (account, created) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX pin_work_ready ON pin_work (turn) WHERE turn IS NOT NULL;
CREATE INDEX pin_work_due ON pin_work (due) WHERE turn IS NULL;
CREATE INDEX pin_work_keep ON pin_work (keep_cid) WHERE keep_cid IS NOT NULL;

-- The queue is fair between accounts by virtual time: a new request's turn is after the last one of its account, and never
-- before the turn that is being served.
CREATE TABLE pin_clock (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    turn INTEGER NOT NULL
) STRICT;
INSERT INTO pin_clock (one, turn) VALUES (1, 0);
ALTER TABLE account ADD COLUMN pin_turn INTEGER NOT NULL DEFAULT 0;

-- Idempotency keys of pin requests: hashes of the key and of the request's body.
CREATE TABLE pin_key (
    account INTEGER NOT NULL,
    key     BLOB NOT NULL,
    body    BLOB NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (account, key),
    UNIQUE (account, created),
    FOREIGN KEY (account, created) REFERENCES pin_request (account, created) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX pin_key_by_expiry ON pin_key (expires);
