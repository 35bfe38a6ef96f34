//! What several of the tests use.

use cairn_testkit::http::{self, Answer};
use cairn_testkit::server::Repository;

/// A new repository of the program.
pub(crate) fn repository() -> Repository {
    Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap()
}

/// The answer to a request without a body.
pub(crate) fn ask(base: &str, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
    http::ask(base, method, target, headers, None).unwrap()
}
