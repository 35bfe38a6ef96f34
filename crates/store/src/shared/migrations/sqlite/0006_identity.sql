-- Which database this is: a process remembers it, and releases no content when it finds another one.
CREATE TABLE identity (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id  TEXT NOT NULL
) STRICT;

INSERT INTO identity (one, id) VALUES (1, lower(hex(randomblob(16))));
