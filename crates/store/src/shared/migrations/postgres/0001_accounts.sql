-- Who uses the services. Times are milliseconds since 1970, by the clock of the database.
CREATE TABLE cairn.account (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name     text NOT NULL UNIQUE,
    created  bigint NOT NULL,
    disabled boolean NOT NULL DEFAULT false
);

-- Bearer tokens, by the SHA2-256 of their text. `scopes` is a set of bits.
CREATE TABLE cairn.token (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account  bigint NOT NULL REFERENCES cairn.account (id) ON DELETE CASCADE,
    name     text NOT NULL,
    scopes   bigint NOT NULL,
    hash     bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
    created  bigint NOT NULL,
    expires  bigint,
    max_uses bigint CHECK (max_uses > 0),
    used     bigint NOT NULL DEFAULT 0,
    revoked  bigint
);

-- A name is free again when its token is revoked.
CREATE UNIQUE INDEX token_by_name ON cairn.token (account, name) WHERE revoked IS NULL;
-- Listing an account's tokens, and removing them with it.
CREATE INDEX token_by_account ON cairn.token (account, id);
