//! Announcing content to the routing system.

pub mod clear;
pub mod once;
pub mod stat;
