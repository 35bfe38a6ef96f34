//! `ping`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// A step of a measurement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PingResult {
    /// Whether it succeeded.
    pub success: bool,
    /// Round-trip time in nanoseconds; 0 for a message.
    pub time: u64,
    /// A message; empty for a round trip.
    pub text: String,
}

impl PingResult {
    fn line(&self, out: &mut String) {
        if !self.text.is_empty() {
            crate::text::escaped(&self.text, out);
            out.push('\n');
        } else if self.success {
            let hundredths = self.time.div_ceil(10_000);
            let _ = writeln!(
                out,
                "Pong received: time={}.{:02} ms",
                hundredths / 100,
                hundredths % 100
            );
        } else {
            out.push_str("Pong failed\n");
        }
    }
}

command! {
    /// Measure the round-trip time to a peer.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-ping>
    pub struct Ping: "ping" {
        arguments {
            /// Peer IDs, or multiaddrs that end in one; only the first is used.
            peers: Vec<String> = required "peer ID",
        }
        options {
            /// Number of pings.
            count: i32 = "count" | "n", 10;
        }
        body: NoBody,
        reply: Many<PingResult>,
        safe: true,
        needs: Repository,
        text: |_, result, out| result.line(out),
    }
}
