//! The mutable file system (MFS).

pub mod chcid;
pub mod chmod;
pub mod cp;
pub mod flush;
pub mod ls;
pub mod mkdir;
pub mod mv;
pub mod read;
pub mod rm;
pub mod stat;
pub mod touch;
pub mod write;
