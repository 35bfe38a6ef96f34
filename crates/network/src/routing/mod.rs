//! Finding peers, providers and records.
