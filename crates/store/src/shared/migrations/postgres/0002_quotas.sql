-- Quotas and usage of an account. An absent quota is none. What an account uses is counted by the transactions that
-- change its pin requests and uploads. `last_created` makes the creation times of its rows strictly increasing.
ALTER TABLE cairn.account ADD COLUMN max_pins bigint;
ALTER TABLE cairn.account ADD COLUMN max_bytes bigint;
ALTER TABLE cairn.account ADD COLUMN used_pins bigint NOT NULL DEFAULT 0 CHECK (used_pins >= 0);
ALTER TABLE cairn.account ADD COLUMN used_bytes bigint NOT NULL DEFAULT 0 CHECK (used_bytes >= 0);
ALTER TABLE cairn.account ADD COLUMN last_created bigint NOT NULL DEFAULT 0;

-- Secrets that all processes share, such as the key of signatures.
CREATE TABLE cairn.secret (
    name  text PRIMARY KEY,
    value bytea NOT NULL CHECK (length(value) = 32)
);
