-- Keys of the pinset are random, so every index is one more page that a new pin writes. The CIDs that name a content are few
-- and known, and a file of this kind belongs to one process: its pins in the order of their CIDs are those of one peer.
DROP INDEX cluster_pin_by_content;
DROP INDEX cluster_holding_by_peer;
