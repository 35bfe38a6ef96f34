//! Several swarms in one process.

mod exchange;
mod hostile;
mod probes;
mod raw;
mod sessions;
mod support;
