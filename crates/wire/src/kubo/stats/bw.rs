//! `stats/bw`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::text::human_bytes;

/// Bytes on connections to peers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Bandwidth {
    /// Bytes received since the daemon started.
    pub total_in: u64,
    /// Bytes sent since the daemon started.
    pub total_out: u64,
    /// Bytes received in a second.
    pub rate_in: f64,
    /// Bytes sent in a second.
    pub rate_out: f64,
}

impl Bandwidth {
    fn lines(&self, row: bool, out: &mut String) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate for people, which saturates"
        )]
        let rate = |rate: f64| human_bytes(rate as u64);
        let (total_in, total_out) = (human_bytes(self.total_in), human_bytes(self.total_out));
        let (rate_in, rate_out) = (rate(self.rate_in), rate(self.rate_out));
        let _ = if row {
            writeln!(
                out,
                "up {total_out:>8} {rate_out:>8}/s  down {total_in:>8} {rate_in:>8}/s"
            )
        } else {
            writeln!(
                out,
                "Bandwidth\nTotalIn: {total_in}\nTotalOut: {total_out}\nRateIn: {rate_in}/s\nRateOut: {rate_out}/s"
            )
        };
    }
}

command! {
    /// Show the bandwidth that is used.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-stats-bw>
    pub struct StatsBw: "stats/bw" {
        arguments {}
        options {
            /// Show only this peer.
            peer: Option<String> = "peer" | "p", None;
            /// Show only this protocol.
            proto: Option<String> = "proto" | "t", None;
            /// Repeat until interrupted.
            poll: bool = "poll", false;
            /// Time between two reports.
            interval: String = "interval" | "i", "1s".to_owned();
        }
        body: NoBody,
        reply: Many<Bandwidth>,
        safe: true,
        needs: Repository,
        text: |request, bandwidth, out| bandwidth.lines(request.poll, out),
    }
}
