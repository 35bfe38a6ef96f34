-- Who uses the services. Times are milliseconds since 1970, by the clock of the database.
CREATE TABLE account (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    name     TEXT NOT NULL UNIQUE,
    created  INTEGER NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1))
) STRICT;

-- Bearer tokens, by the SHA2-256 of their text. `scopes` is a set of bits.
CREATE TABLE token (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    account  INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    name     TEXT NOT NULL,
    scopes   INTEGER NOT NULL,
    hash     BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    created  INTEGER NOT NULL,
    expires  INTEGER,
    max_uses INTEGER CHECK (max_uses > 0),
    used     INTEGER NOT NULL DEFAULT 0,
    revoked  INTEGER
) STRICT;

-- A name is free again when its token is revoked.
CREATE UNIQUE INDEX token_by_name ON token (account, name) WHERE revoked IS NULL;
-- Listing an account's tokens, and removing them with it.
CREATE INDEX token_by_account ON token (account, id);
