-- IPNS records by the bytes of their names. Sequence numbers have 64 bits without a sign: eight bytes, the highest first.
CREATE TABLE name_record (
    name     BLOB PRIMARY KEY,
    sequence BLOB NOT NULL CHECK (length(sequence) = 8),
    record   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
