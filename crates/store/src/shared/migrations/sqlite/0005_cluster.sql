-- The processes of the cluster. `epoch` grows with every start of a process, so that the writes of an older one are refused.
-- `state`: 0 takes work, 1 is being drained, 2 is removed. `info` is JSON. Times are milliseconds since 1970, by the clock of
-- the database.
CREATE TABLE cluster_peer (
    id     TEXT PRIMARY KEY,
    epoch  INTEGER NOT NULL,
    state  INTEGER NOT NULL DEFAULT 0,
    info   TEXT NOT NULL,
    lease  INTEGER NOT NULL,
    joined INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cluster_metric (
    peer          TEXT NOT NULL REFERENCES cluster_peer (id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    value         TEXT NOT NULL,
    weight        INTEGER NOT NULL,
    partitionable INTEGER NOT NULL,
    received      INTEGER NOT NULL,
    expires       INTEGER NOT NULL,
    PRIMARY KEY (peer, name)
) STRICT, WITHOUT ROWID;

-- One row. `beat` is when a lease was last renewed; `grace` is until when no lease counts as run out.
CREATE TABLE cluster_state (
    one    INTEGER PRIMARY KEY DEFAULT 1 CHECK (one = 1),
    secret BLOB,
    beat   INTEGER NOT NULL DEFAULT 0,
    grace  INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO cluster_state (one) VALUES (1);

-- The pinset. `id` is the bytes of the CID as it was pinned, `content` those of its CIDv1: two forms of one CID are two pins of
-- one content. `everywhere` is a replication factor of -1. Lists and maps are JSON.
CREATE TABLE cluster_pin (
    id          BLOB PRIMARY KEY,
    content     BLOB NOT NULL,
    version     INTEGER NOT NULL DEFAULT 1,
    kind        INTEGER NOT NULL,
    direct      INTEGER NOT NULL,
    name        TEXT NOT NULL,
    least       INTEGER NOT NULL,
    most        INTEGER NOT NULL,
    shard_size  INTEGER NOT NULL,
    metadata    TEXT NOT NULL,
    origins     TEXT NOT NULL,
    update_of   BLOB,
    reference   BLOB,
    depth       INTEGER NOT NULL,
    expires     INTEGER,
    created     INTEGER NOT NULL,
    everywhere  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX cluster_pin_by_expiry ON cluster_pin (expires) WHERE expires IS NOT NULL;
CREATE INDEX cluster_pin_by_content ON cluster_pin (content);
CREATE INDEX cluster_pin_by_kind ON cluster_pin (kind, id) WHERE kind <> 0;

-- Which content pins share their shards: a shard goes with its last owner.
CREATE TABLE cluster_shard (
    owner BLOB NOT NULL REFERENCES cluster_pin (id) ON DELETE CASCADE,
    shard BLOB NOT NULL REFERENCES cluster_pin (id),
    PRIMARY KEY (owner, shard)
) STRICT, WITHOUT ROWID;
CREATE INDEX cluster_shard_by_shard ON cluster_shard (shard);

-- What each peer has or should have. `status`: 0 queued, 1 being pinned, 2 pinned, 3 failed. A row that is not `assigned` is one
-- of an old holder, which keeps the content until the new ones have it. A failed one is tried again at `due`.
CREATE TABLE cluster_holding (
    pin      BLOB NOT NULL REFERENCES cluster_pin (id) ON DELETE CASCADE,
    peer     TEXT NOT NULL,
    assigned INTEGER NOT NULL,
    status   INTEGER NOT NULL DEFAULT 0,
    error    TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0,
    changed  INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    PRIMARY KEY (pin, peer)
) STRICT, WITHOUT ROWID;
CREATE INDEX cluster_holding_by_peer ON cluster_holding (peer, pin);
CREATE INDEX cluster_holding_by_work ON cluster_holding (peer, due) WHERE status <> 2;
CREATE INDEX cluster_holding_by_status ON cluster_holding (status, pin) WHERE status <> 2;

-- Users of the REST API. `secret` signs their tokens, and changes with the password.
CREATE TABLE cluster_user (
    name    TEXT PRIMARY KEY,
    hash    TEXT NOT NULL,
    secret  BLOB NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
