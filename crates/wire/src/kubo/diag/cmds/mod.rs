//! The requests that a daemon answers.

pub mod clear;
pub mod list;
pub mod set_time;
