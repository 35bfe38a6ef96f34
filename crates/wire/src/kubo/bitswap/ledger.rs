//! `bitswap/ledger`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// What was exchanged with a peer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BitswapReceipt {
    /// The peer ID.
    pub peer: String,
    /// Bytes sent for each byte received.
    pub value: f64,
    /// Bytes sent.
    pub sent: u64,
    /// Bytes received.
    pub recv: u64,
    /// Exchanges.
    pub exchanged: u64,
}

command! {
    /// Show what was exchanged with a peer.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-bitswap-ledger>
    pub struct BitswapLedger: "bitswap/ledger" {
        arguments {
            /// Peer ID.
            peer: String = required "peer",
        }
        options {}
        body: NoBody,
        reply: One<BitswapReceipt>,
        safe: true,
        needs: Repository,
        text: |_, ledger, out| {
            let _ = writeln!(
                out,
                "Ledger for {}\nDebt ratio:\t{:.6}\nExchanges:\t{}\nBytes sent:\t{}\nBytes received:\t{}\n",
                ledger.peer, ledger.value, ledger.exchanged, ledger.sent, ledger.recv,
            );
        },
    }
}
