//! `cluster health`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use cairn_client::cluster::{Alert, Bandwidth, ConnectGraph, Metric};
use cairn_wire::text::human_bytes;
use clap::{Arg, Command};

use super::connect::{self, connect, problem};
use super::print::{self, distance, shown};
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::Output;

/// The grammar of `cluster health check`.
pub(super) fn check_command() -> Command {
    connect::command("check", "Check that a peer answers")
}

/// Runs `cluster health check`.
pub(super) async fn check(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let cluster = connect(invocation, globals)?;
    cluster.health().await.map_err(|error| problem(&error))
}

/// The grammar of `cluster health metrics`.
pub(super) fn metrics_command() -> Command {
    connect::command(
        "metrics",
        "List a metric of the peers, or the names of metrics",
    )
    .arg(
        Arg::new("name")
            .value_name("NAME")
            .help("Name of a metric, such as `freespace`"),
    )
}

/// Runs `cluster health metrics`.
pub(super) async fn metrics(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let cluster = connect(invocation, globals)?;
    let Some(name) = invocation.own::<String>("name") else {
        let names = cluster.metric_names().await;
        let names = names.map_err(|error| problem(&error))?;
        return all(&names, globals, |names| {
            names.iter().map(|name| shown(name) + "\n").collect()
        });
    };
    let metrics = cluster.metrics(&name).await;
    let metrics = metrics.map_err(|error| problem(&error))?;
    let now = SystemTime::now();
    all(&metrics, globals, |metrics| metric_table(metrics, now))
}

/// Prints items: each as a line of JSON, or all as this text.
fn all<T: cairn_wire::shape::Record>(
    items: &[T],
    globals: &Globals,
    text: impl FnOnce(&[T]) -> String,
) -> Result<(), Problem> {
    let mut output = Output::stdout()?;
    if globals.format.is_json() {
        for item in items {
            output.text(&print::json(item)?)?;
        }
    } else {
        output.text(&text(items))?;
    }
    output.flush()
}

/// Nanoseconds since 1970 as a time.
fn at(nanos: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos.try_into().unwrap_or(0))
}

fn metric_table(metrics: &[Metric], now: SystemTime) -> String {
    let row = |metric: &Metric| {
        let value = match u64::try_from(metric.weight) {
            Ok(bytes) if metric.name == "freespace" && bytes > 0 => human_bytes(bytes),
            _ => shown(&metric.value),
        };
        [
            shown(&metric.peer),
            shown(&metric.name),
            if metric.valid { "yes" } else { "no" }.to_owned(),
            distance(now, at(metric.expire)),
            value,
        ]
    };
    print::rows(
        ["PEER ID", "METRIC", "VALID", "EXPIRES", "VALUE"],
        metrics.iter().map(row).collect(),
    )
}

/// The grammar of `cluster health alerts`.
pub(super) fn alerts_command() -> Command {
    connect::command(
        "alerts",
        "List the newest alerts: metrics of peers that have expired",
    )
}

/// Runs `cluster health alerts`.
pub(super) async fn alerts(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let cluster = connect(invocation, globals)?;
    let alerts = cluster.alerts().await.map_err(|error| problem(&error))?;
    let now = SystemTime::now();
    all(&alerts, globals, |alerts| {
        let row = |alert: &Alert| {
            let metric = &alert.metric;
            [
                shown(&metric.peer),
                shown(&metric.name),
                distance(now, at(metric.expire)),
                print::time(alert.triggered_at),
            ]
        };
        print::rows(
            ["PEER ID", "METRIC", "EXPIRED", "NOTICED"],
            alerts.iter().map(row).collect(),
        )
    })
}

/// The grammar of `cluster health bandwidth`.
pub(super) fn bandwidth_command() -> Command {
    connect::command("bandwidth", "Show the traffic of a peer by protocol")
}

/// Runs `cluster health bandwidth`.
pub(super) async fn bandwidth(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let cluster = connect(invocation, globals)?;
    let traffic = cluster.bandwidth().await.map_err(|error| problem(&error))?;
    print::one(&traffic, globals, bandwidth_table)
}

fn bandwidth_table(traffic: &BTreeMap<String, Bandwidth>) -> String {
    let bytes = |count: i64| human_bytes(u64::try_from(count).unwrap_or(0));
    let row = |(protocol, of): (&String, &Bandwidth)| {
        [
            shown(protocol),
            bytes(of.total_in),
            bytes(of.total_out),
            format!("{:.0} B/s", of.rate_in),
            format!("{:.0} B/s", of.rate_out),
        ]
    };
    print::rows(
        ["PROTOCOL", "RECEIVED", "SENT", "RECEIVING", "SENDING"],
        traffic.iter().map(row).collect(),
    )
}

/// The grammar of `cluster health graph`.
pub(super) fn graph_command() -> Command {
    connect::command("graph", "Show who is connected to whom, for Graphviz")
        .long_about("Show who is connected to whom, for Graphviz.\n\nThe output is a graph in its language: `cairn cluster health graph | dot -Tsvg`.")
}

/// Runs `cluster health graph`.
pub(super) async fn graph(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let cluster = connect(invocation, globals)?;
    let graph = cluster.graph().await.map_err(|error| problem(&error))?;
    print::one(&graph, globals, dot)
}

/// A text in quotes, as Graphviz reads it: <https://graphviz.org/doc/info/lang.html>.
fn quoted(text: &str) -> String {
    let plain = shown(text);
    format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The graph in the language of Graphviz: peers of the cluster are boxes, their IPFS nodes ellipses.
pub(super) fn dot(graph: &ConnectGraph) -> String {
    let mut out = "digraph cluster {\n".to_owned();
    let mut edges = BTreeSet::new();
    for (peer, links) in &graph.cluster_links {
        let name = graph.id_to_peername.get(peer).unwrap_or(peer);
        let style = match *peer == graph.cluster_id {
            true => ", style=bold",
            false => "",
        };
        let (node, label) = (quoted(peer), quoted(name));
        let _ = writeln!(out, "  {node} [label={label}, shape=box{style}];");
        edges.extend(links.iter().map(|link| (quoted(peer), quoted(link), "")));
    }
    for (peer, node) in &graph.cluster_to_ipfs {
        // The node of a Cairn peer is the peer itself.
        if node != peer {
            edges.insert((quoted(peer), quoted(node), " [style=dashed]"));
        }
    }
    for (node, links) in &graph.ipfs_links {
        if !graph.cluster_links.contains_key(node) {
            let _ = writeln!(out, "  {} [shape=ellipse];", quoted(node));
        }
        edges.extend(links.iter().map(|link| (quoted(node), quoted(link), "")));
    }
    for (from, to, style) in edges {
        let _ = writeln!(out, "  {from} -> {to}{style};");
    }
    out.push_str("}\n");
    out
}
