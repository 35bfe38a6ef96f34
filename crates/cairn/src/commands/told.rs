//! Commands whose records may tell of an error: `cid`, `refs`.

use cairn_client::Records;
use cairn_wire::kubo::cid::format::Formatted;
use cairn_wire::kubo::cid::inspect::CidParts;
use cairn_wire::kubo::refs::links::Ref;
use serde::de::DeserializeOwned;

use super::generic::{Printer, Request, next_record, tell_error, told_all};
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::{Format, Output};
use crate::session::Session;

/// A record that may tell of an error.
pub(crate) trait Told: DeserializeOwned {
    /// Whether the records behind one that tells of an error are printed all the same.
    const GOES_ON: bool;

    /// The error; empty when there is none.
    fn error(self) -> String;
}

impl Told for Formatted {
    const GOES_ON: bool = true;

    fn error(self) -> String {
        if self.error_msg.is_empty() {
            String::new()
        } else {
            format!("{}: {}", self.cid_str, self.error_msg)
        }
    }
}

impl Told for CidParts {
    const GOES_ON: bool = false;

    fn error(self) -> String {
        self.error_msg
    }
}

impl Told for Ref {
    const GOES_ON: bool = false;

    fn error(self) -> String {
        self.err
    }
}

/// Runs it.
pub(crate) async fn run<T: Told>(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let mut printer = Printer::new(request, globals.format)?;
    let mut failed = false;
    for values in request.batches() {
        let answer = session.kubo.send(request.spec, values, None).await?;
        let mut records = Records::<T>::new(answer);
        while let Some((line, record)) = next_record(&mut records, output).await? {
            let error = record.error();
            if error.is_empty() || globals.format == Format::Json {
                printer.print(&line, output)?;
            }
            if error.is_empty() {
                continue;
            }
            if !T::GOES_ON {
                return Err(Problem::failed(error));
            }
            failed = true;
            if globals.format == Format::Text {
                tell_error(&error, output)?;
            }
        }
    }
    told_all(failed)
}
