-- Content that a peer may unpin once no row wants it. Adding one again gives it another id.
CREATE SEQUENCE cairn.release_id;
CREATE TABLE cairn.release (
    id   bigint PRIMARY KEY DEFAULT nextval('cairn.release_id'),
    peer text NOT NULL,
    cid  bytea NOT NULL,
    UNIQUE (peer, cid)
);

-- Pin requests. `created` is unique within an account; with `random` it is the request's public id. `cid` is the CID in
-- version 1, `cid_text` as the user wrote it. `status` is 0 queued, 1 pinning, 2 pinned, 3 failed. `origins` and `meta` are
-- JSON. `peer` has the content of a pinned request.
CREATE TABLE cairn.pin_request (
    account  bigint NOT NULL REFERENCES cairn.account (id) ON DELETE CASCADE,
    created  bigint NOT NULL,
    random   bytea NOT NULL,
    cid      bytea NOT NULL,
    cid_text text NOT NULL,
    status   bigint NOT NULL CHECK (status BETWEEN 0 AND 3),
    name     text,
    peer     text,
    dag_size bigint,
    raw_size bigint,
    details  text,
    origins  text,
    meta     text,
    PRIMARY KEY (account, created)
);

CREATE INDEX pin_request_by_status ON cairn.pin_request (account, status, created);
-- Of one account, and of any: whether somebody wants a CID.
CREATE INDEX pin_request_by_cid ON cairn.pin_request (cid, account, created);

-- Names of pin requests. `folded` is the name without case. The keys are hashes of both, of one length however long the
-- name is.
CREATE TABLE cairn.pin_name (
    account  bigint NOT NULL,
    created  bigint NOT NULL,
    name     text NOT NULL,
    folded   text NOT NULL,
    name_key bytea NOT NULL,
    fold_key bytea NOT NULL,
    PRIMARY KEY (account, created),
    FOREIGN KEY (account, created) REFERENCES cairn.pin_request (account, created) ON DELETE CASCADE
);

CREATE INDEX pin_name_by_key ON cairn.pin_name (account, fold_key, created, name_key);

-- Metadata of pin requests: `pair` is a hash of a key and its value. Rows are removed with their request by the program,
-- which knows the pairs; an index for that would be as large as the table.
CREATE TABLE cairn.pin_meta (
    account bigint NOT NULL REFERENCES cairn.account (id) ON DELETE CASCADE,
    pair    bytea NOT NULL,
    created bigint NOT NULL,
    PRIMARY KEY (account, pair, created)
);

-- How many pin requests of an account were created in an interval, by status. Interval `bucket` of a level covers the
-- times with `created >> shift = bucket`; the shifts are 12, 22 and 32.
CREATE TABLE cairn.pin_count (
    account bigint NOT NULL REFERENCES cairn.account (id) ON DELETE CASCADE,
    level   bigint NOT NULL,
    bucket  bigint NOT NULL,
    queued  bigint NOT NULL,
    pinning bigint NOT NULL,
    pinned  bigint NOT NULL,
    failed  bigint NOT NULL,
    PRIMARY KEY (account, level, bucket)
) WITH (fillfactor = 50);

-- What a queued or pinning request waits for. Ready: `turn` is its place in the queue of all accounts. Leased by `peer`, or
-- waiting for its next attempt: `turn` is null, and at `due` it is ready again. Every change of these adds to `epoch`, which
-- a worker must know to write. `peer` stays after a lease that ran out, because it may have pinned the content. `keep_*` is
-- what the request replaced, pinned until it is done.
CREATE TABLE cairn.pin_work (
    account    bigint NOT NULL,
    created    bigint NOT NULL,
    epoch      bigint NOT NULL,
    turn       bigint,
    due        bigint NOT NULL,
    attempts   bigint NOT NULL,
    peer       text,
    last_block bigint NOT NULL,
    blocks     bigint NOT NULL,
    bytes      bigint NOT NULL,
    details    text,
    keep_peer  text,
    keep_cid   bytea,
    PRIMARY KEY (account, created),
    FOREIGN KEY (account, created) REFERENCES cairn.pin_request (account, created) ON DELETE CASCADE
);

CREATE INDEX pin_work_ready ON cairn.pin_work (turn) WHERE turn IS NOT NULL;
CREATE INDEX pin_work_due ON cairn.pin_work (due) WHERE turn IS NULL;
CREATE INDEX pin_work_keep ON cairn.pin_work (keep_cid) WHERE keep_cid IS NOT NULL;

-- The queue is fair between accounts by virtual time: a new request's turn is after the last one of its account, and never
-- before the turn that is being served.
CREATE TABLE cairn.pin_clock (
    one  boolean PRIMARY KEY CHECK (one),
    turn bigint NOT NULL
);
INSERT INTO cairn.pin_clock (one, turn) VALUES (true, 0);
ALTER TABLE cairn.account ADD COLUMN pin_turn bigint NOT NULL DEFAULT 0;

-- Idempotency keys of pin requests: hashes of the key and of the request's body.
CREATE TABLE cairn.pin_key (
    account bigint NOT NULL,
    key     bytea NOT NULL,
    body    bytea NOT NULL,
    created bigint NOT NULL,
    expires bigint NOT NULL,
    PRIMARY KEY (account, key),
    UNIQUE (account, created),
    FOREIGN KEY (account, created) REFERENCES cairn.pin_request (account, created) ON DELETE CASCADE
);

CREATE INDEX pin_key_by_expiry ON cairn.pin_key (expires);
