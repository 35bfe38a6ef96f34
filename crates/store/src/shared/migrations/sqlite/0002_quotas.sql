-- Quotas and usage of an account. An absent quota is none. What an account uses is counted by the transactions that
-- change its pin requests and uploads. `last_created` makes the creation times of its rows strictly increasing.
ALTER TABLE account ADD COLUMN max_pins INTEGER;
ALTER TABLE account ADD COLUMN max_bytes INTEGER;
ALTER TABLE account ADD COLUMN used_pins INTEGER NOT NULL DEFAULT 0 CHECK (used_pins >= 0);
ALTER TABLE account ADD COLUMN used_bytes INTEGER NOT NULL DEFAULT 0 CHECK (used_bytes >= 0);
ALTER TABLE account ADD COLUMN last_created INTEGER NOT NULL DEFAULT 0;

-- Secrets that all processes share, such as the key of signatures.
CREATE TABLE secret (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL CHECK (length(value) = 32)
) STRICT;
