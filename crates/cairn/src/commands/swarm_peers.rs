//! `swarm peers` of `cairn` on a terminal: a table. Otherwise the lines of Kubo.

use cairn_wire::kubo::swarm::peers::{SwarmPeer, SwarmPeers};
use cairn_wire::text::{columns, escaped};

use super::generic::{self, Request};
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::{self, Output};
use crate::session::Session;

/// Most characters of a peer's name for itself.
const AGENT: usize = 40;

/// Runs it.
pub(crate) async fn run(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let mut asked = request.typed::<SwarmPeers>()?;
    let lines = request.is_ipfs() || globals.format.is_json() || !output::is_terminal();
    if lines || asked.verbose || asked.streams {
        return generic::run(session, request, globals, output).await;
    }
    asked.identify = true;
    asked.latency = true;
    asked.direction = true;
    let list = session.kubo.call(&asked).await?;
    output.text(&table(&list.peers))
}

/// One row for each connection. Peers choose most of its text, which is escaped.
fn table(peers: &[SwarmPeer]) -> String {
    if peers.is_empty() {
        return "no peers are connected\n".to_owned();
    }
    let head = ["ADDRESS", "PEER", "AGENT", "LATENCY", "DIRECTION"].map(str::to_owned);
    let row = |peer: &SwarmPeer| {
        let direction = match peer.direction {
            1 => "inbound",
            2 => "outbound",
            _ => "unknown",
        };
        let agent = match &*peer.identify.agent_version {
            "" => "unknown".to_owned(),
            agent => shortened(&shown(agent)),
        };
        [
            shown(&peer.addr),
            shown(&peer.peer),
            agent,
            shown(&peer.latency),
            direction.to_owned(),
        ]
    };
    let rows: Vec<_> = std::iter::once(head).chain(peers.iter().map(row)).collect();
    let mut out = String::new();
    columns(&rows, &mut out);
    out
}

pub(super) fn shown(text: &str) -> String {
    let mut out = String::new();
    escaped(text, &mut out);
    out
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= AGENT {
        return text.to_owned();
    }
    text.chars().take(AGENT - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use cairn_wire::kubo::swarm::peers::SwarmIdentity;

    use super::*;

    fn peer(agent: &str, latency: &str, direction: u8) -> SwarmPeer {
        SwarmPeer {
            addr: "/ip4/192.0.2.1/tcp/4001".to_owned(),
            peer: "QmPeer".to_owned(),
            latency: latency.to_owned(),
            direction,
            identify: SwarmIdentity {
                agent_version: agent.to_owned(),
                ..SwarmIdentity::default()
            },
            ..SwarmPeer::default()
        }
    }

    #[test]
    fn peers_are_a_table() {
        let peers = [peer("kubo/0.42.0", "1.5ms", 1), peer("", "n/a", 2)];
        insta::assert_snapshot!(table(&peers), @r"
        ADDRESS                 PEER   AGENT       LATENCY DIRECTION
        /ip4/192.0.2.1/tcp/4001 QmPeer kubo/0.42.0 1.5ms   inbound
        /ip4/192.0.2.1/tcp/4001 QmPeer unknown     n/a     outbound
        ");
        assert_eq!(table(&[]), "no peers are connected\n");
    }

    #[test]
    fn the_names_of_peers_do_not_steer_the_terminal() {
        let hostile = format!("\u{1b}[2J\u{202e}\n{}", "x".repeat(1000));
        let table = table(&[peer(&hostile, "1ms", 1)]);
        assert!(!table.contains(['\u{1b}', '\u{202e}']));
        assert_eq!(table.lines().count(), 2);
        assert!(
            table.lines().all(|line| line.chars().count() < 120),
            "{table}"
        );
        assert!(table.contains(r"\u{1b}[2J\u{202e}\u{a}"));
    }
}
