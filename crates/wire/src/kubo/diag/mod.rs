//! Diagnostics.

pub mod cmds;
pub mod healthy;
pub mod profile;
pub mod sys;
