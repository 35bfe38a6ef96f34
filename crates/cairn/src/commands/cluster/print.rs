//! Records as lines of JSON and as text for people.

use std::time::SystemTime;

use cairn_client::cluster::{GlobalPinInfo, Id, Pin, PinMode, PinType, Records, Time};
use cairn_wire::shape::Record;
use cairn_wire::text::{columns, escaped};

use super::connect::problem;
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;

/// Rows of a table that are aligned together.
const ROWS: usize = 256;

/// Prints one record: as a line of JSON, or as this text.
pub(super) fn one<T: Record>(
    record: &T,
    globals: &Globals,
    text: impl FnOnce(&T) -> String,
) -> Result<(), Problem> {
    let mut output = Output::stdout()?;
    print(record, globals, &mut output, text)?;
    output.flush()
}

/// Prints one record to this output.
pub(super) fn print<T: Record>(
    record: &T,
    globals: &Globals,
    output: &mut Output,
    text: impl FnOnce(&T) -> String,
) -> Result<(), Problem> {
    if globals.format.is_json() {
        output.text(&json(record)?)
    } else {
        output.text(&text(record))
    }
}

/// A record as a line of JSON.
pub(super) fn json<T: Record>(record: &T) -> Result<String, Problem> {
    serde_json::to_string(record)
        .map(|line| line + "\n")
        .map_err(|error| Problem::from_error(&error))
}

/// Prints the records of a stream as they arrive.
pub(super) async fn each<T: Record>(
    mut records: Records<T>,
    globals: &Globals,
    text: impl Fn(&T) -> String,
) -> Result<(), Problem> {
    let mut output = Output::stdout()?;
    let printed = loop {
        let record = match records.next().await {
            Ok(Some(record)) => record,
            Ok(None) => break Ok(()),
            Err(error) => break Err(problem(&error)),
        };
        print(&record, globals, &mut output, &text)?;
    };
    // Records before an error are printed before it.
    output.flush()?;
    printed
}

/// Prints the records of a stream as a table, a part of which is aligned at a time.
pub(super) async fn table<T: Record, const N: usize>(
    mut records: Records<T>,
    globals: &Globals,
    head: [&str; N],
    row: impl Fn(&T) -> [String; N],
) -> Result<(), Problem> {
    if globals.format.is_json() {
        return each(records, globals, |_| String::new()).await;
    }
    let mut output = Output::stdout()?;
    let mut rows = vec![head.map(str::to_owned)];
    let printed = loop {
        match records.next().await {
            Ok(Some(record)) => rows.push(row(&record)),
            Ok(None) => break Ok(()),
            Err(error) => break Err(problem(&error)),
        }
        if rows.len() >= ROWS {
            aligned(&mut rows, &mut output)?;
            output.flush()?;
        }
    };
    aligned(&mut rows, &mut output)?;
    output.flush()?;
    printed
}

/// Prints rows and removes them.
fn aligned<const N: usize>(
    rows: &mut Vec<[String; N]>,
    output: &mut Output,
) -> Result<(), Problem> {
    let mut out = String::new();
    columns(rows, &mut out);
    rows.clear();
    output.text(&out)
}

/// A table of rows that are all there.
pub(super) fn rows<const N: usize>(head: [&str; N], rows: Vec<[String; N]>) -> String {
    let all: Vec<_> = std::iter::once(head.map(str::to_owned))
        .chain(rows)
        .collect();
    let mut out = String::new();
    columns(&all, &mut out);
    out
}

/// Text from elsewhere, with the characters escaped that could control a terminal; `-` if it is empty.
pub(super) fn shown(text: &str) -> String {
    if text.is_empty() {
        return "-".to_owned();
    }
    let mut out = String::new();
    escaped(text, &mut out);
    out
}

/// A time to the second; `-` if there is none.
pub(super) fn time(time: Time) -> String {
    match time.is_none() {
        true => "-".to_owned(),
        false => Time::new(time.seconds(), 0).to_string(),
    }
}

/// How far a time is away, in whole units: `in 5s`, `2m ago`.
pub(super) fn distance(from: SystemTime, to: SystemTime) -> String {
    let whole = |seconds: u64| match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    };
    match to.duration_since(from) {
        Ok(ahead) => format!("in {}", whole(ahead.as_secs())),
        Err(behind) => format!("{} ago", whole(behind.duration().as_secs())),
    }
}

/// A peer with its addresses.
pub(super) fn peer(id: &Id) -> String {
    let peers = id.cluster_peers.len().saturating_sub(1);
    let mut lines = vec![("peer ID", shown(&id.id)), ("name", shown(&id.peername))];
    if !id.error.is_empty() {
        lines.push(("error", shown(&id.error)));
    }
    lines.push(("version", shown(&id.version)));
    lines.push(("other peers", peers.to_string()));
    lines.extend(id.addresses.iter().map(|each| ("address", shown(each))));
    lines.push(("IPFS node", shown(&id.ipfs.id)));
    if !id.ipfs.error.is_empty() {
        lines.push(("IPFS error", shown(&id.ipfs.error)));
    }
    let addresses = id.ipfs.addresses.iter();
    lines.extend(addresses.map(|each| ("IPFS address", shown(each))));
    let rows: Vec<_> = lines
        .into_iter()
        .map(|(name, value)| [name.to_owned(), value])
        .collect();
    let mut out = String::new();
    columns(&rows, &mut out);
    out
}

/// The status of a pin: a line for the pin, and one for each peer.
pub(super) fn status(info: &GlobalPinInfo) -> String {
    let mut out = info.cid.to_string();
    if !info.name.is_empty() {
        out.push(' ');
        escaped(&info.name, &mut out);
    }
    out.push('\n');
    let rows: Vec<_> = info
        .peer_map
        .iter()
        .map(|(id, on)| {
            let name = name(id, &on.peername);
            let mut note = String::new();
            if !on.error.is_empty() {
                escaped(&on.error, &mut note);
            }
            if on.attempt_count > 0 {
                let separator = if note.is_empty() { "" } else { "; " };
                note.push_str(&format!("{separator}attempts: {}", on.attempt_count));
            }
            [
                format!("  {}", shown(name)),
                on.status.name().to_owned(),
                time(on.timestamp),
                note,
            ]
        })
        .collect();
    let mut table = String::new();
    columns(&rows, &mut table);
    for line in table.lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The columns of [`pin`].
pub(super) const PIN: [&str; 7] = [
    "CID",
    "NAME",
    "TYPE",
    "REPLICATION",
    "PEERS",
    "EXPIRES",
    "ADDED",
];

/// A pin of the pinset as a row.
pub(super) fn pin(pin: &Pin) -> [String; 7] {
    let kind = match (pin.r#type, pin.mode) {
        (PinType::Pin, PinMode::Direct) => "direct",
        (PinType::Pin, PinMode::Recursive) => "recursive",
        (PinType::MetaPin, _) => "meta-pin",
        (PinType::ClusterdagPin, _) => "clusterdag-pin",
        (PinType::ShardPin, _) => "shard-pin",
        (PinType::Bad, _) => "unknown",
    };
    let (min, max) = (pin.replication_factor_min, pin.replication_factor_max);
    let replication = match (min, max) {
        (-1, -1) => "all".to_owned(),
        _ if min == max => min.to_string(),
        _ => format!("{min} to {max}"),
    };
    let peers = match pin.allocations.is_empty() {
        true => "all".to_owned(),
        false => shown(&pin.allocations.join(",")),
    };
    [
        pin.cid.to_string(),
        shown(&pin.name),
        kind.to_owned(),
        replication,
        peers,
        time(pin.expire_at),
        time(pin.timestamp),
    ]
}

/// The name of a peer, or its ID if it has none.
pub(super) fn name<'a>(id: &'a str, name: &'a str) -> &'a str {
    if name.is_empty() { id } else { name }
}
