//! Peers that flood, and faults of this program.
