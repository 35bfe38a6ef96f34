-- The CIDs that name a content are few and known: pins are found by them.
DROP INDEX cairn.cluster_pin_by_content;
