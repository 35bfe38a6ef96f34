//! IPNS over pubsub. One file a command.

pub mod cancel;
pub mod state;
pub mod subs;
