-- The processes of the cluster. `epoch` grows with every start of a process, so that the writes of an older one are refused.
-- `state`: 0 takes work, 1 is being drained, 2 is removed. `info` is JSON. Times are milliseconds since 1970, by the clock of
-- the database.
CREATE TABLE cairn.cluster_peer (
    id     text PRIMARY KEY,
    epoch  bigint NOT NULL,
    state  bigint NOT NULL DEFAULT 0,
    info   text NOT NULL,
    lease  bigint NOT NULL,
    joined bigint NOT NULL
);

CREATE TABLE cairn.cluster_metric (
    peer          text NOT NULL REFERENCES cairn.cluster_peer (id) ON DELETE CASCADE,
    name          text NOT NULL,
    value         text NOT NULL,
    weight        bigint NOT NULL,
    partitionable boolean NOT NULL,
    received      bigint NOT NULL,
    expires       bigint NOT NULL,
    PRIMARY KEY (peer, name)
);

-- One row. `beat` is when a lease was last renewed; `grace` is until when no lease counts as run out.
CREATE TABLE cairn.cluster_state (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    secret bytea,
    beat   bigint NOT NULL DEFAULT 0,
    grace  bigint NOT NULL DEFAULT 0
);
INSERT INTO cairn.cluster_state (one) VALUES (true);

-- The pinset. `id` is the bytes of the CID as it was pinned, `content` those of its CIDv1: two forms of one CID are two pins of
-- one content. `everywhere` is a replication factor of -1. Lists and maps are JSON.
CREATE TABLE cairn.cluster_pin (
    id          bytea PRIMARY KEY,
    content     bytea NOT NULL,
    version     bigint NOT NULL DEFAULT 1,
    kind        bigint NOT NULL,
    direct      boolean NOT NULL,
    name        text NOT NULL,
    least       bigint NOT NULL,
    most        bigint NOT NULL,
    shard_size  bigint NOT NULL,
    metadata    text NOT NULL,
    origins     text NOT NULL,
    update_of   bytea,
    reference   bytea,
    depth       bigint NOT NULL,
    expires     bigint,
    created     bigint NOT NULL,
    everywhere  boolean NOT NULL
);
CREATE INDEX cluster_pin_by_expiry ON cairn.cluster_pin (expires) WHERE expires IS NOT NULL;
CREATE INDEX cluster_pin_by_content ON cairn.cluster_pin (content);
CREATE INDEX cluster_pin_by_kind ON cairn.cluster_pin (kind, id) WHERE kind <> 0;

-- Which content pins share their shards: a shard goes with its last owner.
CREATE TABLE cairn.cluster_shard (
    owner bytea NOT NULL REFERENCES cairn.cluster_pin (id) ON DELETE CASCADE,
    shard bytea NOT NULL REFERENCES cairn.cluster_pin (id),
    PRIMARY KEY (owner, shard)
);
CREATE INDEX cluster_shard_by_shard ON cairn.cluster_shard (shard);

-- What each peer has or should have. `status`: 0 queued, 1 being pinned, 2 pinned, 3 failed. A row that is not `assigned` is one
-- of an old holder, which keeps the content until the new ones have it. A failed one is tried again at `due`.
CREATE TABLE cairn.cluster_holding (
    pin      bytea NOT NULL REFERENCES cairn.cluster_pin (id) ON DELETE CASCADE,
    peer     text NOT NULL,
    assigned boolean NOT NULL,
    status   bigint NOT NULL DEFAULT 0,
    error    text NOT NULL DEFAULT '',
    attempts bigint NOT NULL DEFAULT 0,
    changed  bigint NOT NULL,
    due      bigint NOT NULL,
    PRIMARY KEY (pin, peer)
);
CREATE INDEX cluster_holding_by_peer ON cairn.cluster_holding (peer, pin);
CREATE INDEX cluster_holding_by_work ON cairn.cluster_holding (peer, due) WHERE status <> 2;
CREATE INDEX cluster_holding_by_status ON cairn.cluster_holding (status, pin) WHERE status <> 2;

-- Users of the REST API. `secret` signs their tokens, and changes with the password.
CREATE TABLE cairn.cluster_user (
    name    text PRIMARY KEY,
    hash    text NOT NULL,
    secret  bytea NOT NULL,
    created bigint NOT NULL
);
