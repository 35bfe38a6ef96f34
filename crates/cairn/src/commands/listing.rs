//! Listings of records that a service returns in pages.

use std::pin::pin;

use cairn_wire::shape::Record;
use clap::{Arg, ArgMatches, value_parser};
use futures_util::{Stream, StreamExt as _};

use super::record::print_record;
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::table::Table;

/// The largest page of the APIs.
const PAGE: u64 = 1000;

/// The option for the number of records.
pub(super) fn limit(id: &'static str, help: &'static str) -> Arg {
    Arg::new(id)
        .long("limit")
        .short('l')
        .value_name("NUMBER")
        .value_parser(value_parser!(u64).range(1..))
        .help(help)
}

/// How many records are listed.
#[derive(Clone, Copy)]
pub(super) struct Limit(u64);

impl Limit {
    /// That of the command line.
    pub(super) fn of(matches: &ArgMatches, id: &str) -> Self {
        Self(matches.get_one(id).copied().unwrap_or(u64::MAX))
    }

    /// The size of a page.
    pub(super) fn page(self) -> u32 {
        u32::try_from(self.0.min(PAGE)).unwrap_or(u32::MAX)
    }
}

/// Prints records: as lines of JSON, or as rows of a table with these heads.
pub(super) async fn print<T: Record, const N: usize>(
    records: impl Stream<Item = Result<T, Problem>>,
    limit: Limit,
    heads: [&'static str; N],
    row: impl Fn(T) -> [String; N],
    globals: &Globals,
) -> Result<(), Problem> {
    let mut output = Output::stdout()?;
    let mut table = Table::stdout(heads);
    let most = usize::try_from(limit.0).unwrap_or(usize::MAX);
    let mut records = pin!(records.take(most));
    let mut outcome = Ok(());
    while let Some(record) = records.next().await {
        match record {
            Ok(record) if globals.format.is_json() => print_record(&record, true, &mut output)?,
            Ok(record) => table.row(row(record), &mut output)?,
            // What was listed before is printed before the error.
            Err(problem) => {
                outcome = Err(problem);
                break;
            }
        }
    }
    table.print(&mut output)?;
    output.flush()?;
    outcome
}
