//! Several swarms in one process.

mod exchange;
mod hostile;
mod raw;
mod sessions;
mod support;
