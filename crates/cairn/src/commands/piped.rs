//! Arguments from standard input, one per line, if the command line lacks them.

use std::io::{IsTerminal as _, Read as _, stdin};

use cairn_wire::ParseError;
use cairn_wire::shape::BodyKind;

use super::generic::Request;
use crate::error::Problem;

/// Maximum size of arguments from standard input, in bytes.
const LIMIT: u64 = 16 * 1024 * 1024;

/// Fills the last argument from standard input if it is required and missing.
pub(crate) fn fill(request: &mut Request) -> Result<(), Problem> {
    let Some(last) = request
        .spec
        .arguments
        .last()
        .filter(|last| last.required && request.spec.body == BodyKind::Nothing)
    else {
        return Ok(());
    };
    if request.values.arguments().len()
        >= request
            .spec
            .arguments
            .iter()
            .filter(|argument| argument.required)
            .count()
    {
        return Ok(());
    }
    let missing = || {
        Problem::from(ParseError::MissingArgument(last.name)).hint(format!(
            "see `{{program}} {} --help`",
            request.spec.path.replace('/', " ")
        ))
    };
    if stdin().is_terminal() {
        return Err(missing());
    }
    let mut text = Vec::new();
    stdin()
        .take(LIMIT + 1)
        .read_to_end(&mut text)
        .map_err(|error| Problem::failed("cannot read standard input").because(&error))?;
    if text.len() as u64 > LIMIT {
        return Err(Problem::failed(format!(
            "standard input has more than {LIMIT} bytes of arguments"
        )));
    }
    let mut given = text
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    let most = if last.variadic { usize::MAX } else { 1 };
    let mut found = false;
    for value in given.by_ref().take(most) {
        request.values.argument(value);
        found = true;
    }
    if found { Ok(()) } else { Err(missing()) }
}
