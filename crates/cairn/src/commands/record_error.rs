//! Commands whose records may be errors: `cid`, `refs`.

use cairn_wire::kubo::cid::format::Formatted;
use cairn_wire::kubo::cid::inspect::CidParts;
use cairn_wire::kubo::refs::links::Ref;
use serde::de::DeserializeOwned;

use super::generic::{self, Printer, Request, print_error, result_of};
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::{Format, Output};
use crate::session::Session;

/// A record that may be an error.
pub(crate) trait RecordError: DeserializeOwned {
    /// Whether the records after an error are printed.
    const GOES_ON: bool;

    /// The error; empty if there is none.
    fn error(self) -> String;
}

impl RecordError for Formatted {
    const GOES_ON: bool = true;

    fn error(self) -> String {
        if self.error_msg.is_empty() {
            String::new()
        } else {
            format!("{}: {}", self.cid_str, self.error_msg)
        }
    }
}

impl RecordError for CidParts {
    const GOES_ON: bool = false;

    fn error(self) -> String {
        self.error_msg
    }
}

impl RecordError for Ref {
    const GOES_ON: bool = false;

    fn error(self) -> String {
        self.err
    }
}

/// Runs it.
pub(crate) async fn run<T: RecordError>(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let mut printer = Printer::new(request, globals)?;
    let mut failed = false;
    generic::for_each_record(session, request, output, |line, record: T, output| {
        let error = record.error();
        if error.is_empty() || globals.format.is_json() {
            printer.print(&line, output)?;
        }
        if error.is_empty() {
            return Ok(());
        }
        if !T::GOES_ON {
            return Err(Problem::failed(error));
        }
        failed = true;
        if globals.format == Format::Text {
            print_error(&error, output)?;
        }
        Ok(())
    })
    .await?;
    result_of(failed)
}
