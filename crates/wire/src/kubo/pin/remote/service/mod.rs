//! The remote pinning services that are configured.

pub mod add;
pub mod ls;
pub mod rm;
