-- Pins of the services for many users. Those of the node's own users, in `pin`, are independent of them.
CREATE TABLE service_pin (
    cid  BLOB PRIMARY KEY,
    mode INTEGER NOT NULL CHECK (mode IN (0, 1)),
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;
