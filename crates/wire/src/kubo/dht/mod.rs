//! Lookups in the DHT: the older names of `routing`.

pub mod findpeer;
pub mod findprovs;
pub mod get;
pub mod provide;
pub mod put;
pub mod query;
