//! What the node is doing.

pub mod sys;
