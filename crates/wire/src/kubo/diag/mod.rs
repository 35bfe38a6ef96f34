//! Diagnostics.

pub mod sys;
