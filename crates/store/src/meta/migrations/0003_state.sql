-- What the pins must be: how often they were changed, how many there are, and the sum of their digests. `rows` is the id of this
-- database, which the block store knows as well.
CREATE TABLE state (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    rows  TEXT NOT NULL,
    turn  INTEGER NOT NULL CHECK (turn >= 0),
    count INTEGER NOT NULL CHECK (count >= 0),
    sum   BLOB NOT NULL
) STRICT;
