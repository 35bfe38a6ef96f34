//! Credentials of HTTP requests: the forms of their texts.
//!
//! Whose they are, and whether they are accepted, is decided elsewhere.

pub mod basic;
pub mod jwt;
