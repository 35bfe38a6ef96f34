//! `cluster pin ls`.

use cairn_client::Cid;
use cairn_client::cluster::PinTypeFilter;
use clap::{Arg, ArgAction, Command};

use super::connect::{self, connect, problem, values};
use super::print;
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;

/// The types by name.
const TYPES: [(&str, PinTypeFilter); 5] = [
    ("all", PinTypeFilter::All),
    ("pin", PinTypeFilter::Pin),
    ("meta-pin", PinTypeFilter::MetaPin),
    ("clusterdag-pin", PinTypeFilter::ClusterdagPin),
    ("shard-pin", PinTypeFilter::ShardPin),
];

/// Its grammar.
pub(super) fn command() -> Command {
    connect::command("ls", "List the pins and the peers that they are allocated to")
        .long_about("List the pins and the peers that they are allocated to.\n\n`cluster status` shows whether the peers have pinned them.")
        .arg(Arg::new("cid").value_name("CID").help("Only this CID"))
        .arg(
            Arg::new("filter")
                .long("filter")
                .value_name("TYPES")
                .action(ArgAction::Append)
                .value_delimiter(',')
                .value_parser(TYPES.map(|(name, _)| name))
                .help("Only pins of these types [default: all]"),
        )
}

/// Runs it.
pub(super) async fn run(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let cluster = connect(invocation, globals)?;
    if let Some(text) = invocation.own::<String>("cid") {
        let cid: Cid = text
            .parse()
            .map_err(|error| Problem::usage(format!("{text:?}: {error}")))?;
        let pin = cluster.allocation(&cid).await;
        let pin = pin.map_err(|error| problem(&error))?;
        return print::one(&pin, globals, |pin| {
            print::rows(print::PIN, vec![print::pin(pin)])
        });
    }
    let names = values(invocation.matches(), "filter");
    let filter: Vec<PinTypeFilter> = TYPES
        .into_iter()
        .filter(|(name, _)| names.iter().any(|given| given == name))
        .map(|(_, filter)| filter)
        .collect();
    let pins = cluster.allocations(&filter).await;
    let pins = pins.map_err(|error| problem(&error))?;
    print::table(pins, globals, print::PIN, print::pin).await
}
