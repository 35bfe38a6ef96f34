-- Which database this is: a process remembers it, and releases no content when it finds another one.
CREATE TABLE cairn.identity (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    id  text NOT NULL
);

INSERT INTO cairn.identity (id) VALUES (replace(gen_random_uuid()::text, '-', ''));
