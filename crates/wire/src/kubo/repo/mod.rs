//! The repository.

pub mod gc;
pub mod ls;
pub mod stat;
pub mod verify;
pub mod version;
