//! The pinset: pins and the peers that they are allocated to.

mod get;
mod list;

pub use self::get::GetAllocation;
pub use self::list::GetAllocations;
