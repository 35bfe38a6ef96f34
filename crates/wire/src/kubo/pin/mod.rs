//! Pins.

pub mod add;
pub mod ls;
pub mod remote;
pub mod rm;
pub mod update;
pub mod verify;
