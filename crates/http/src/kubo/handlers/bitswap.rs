//! `bitswap`.

use cairn_primitives::PeerId;
use cairn_wire::kubo::CidLink;
use cairn_wire::kubo::bitswap::ledger::{BitswapLedger, BitswapReceipt};
use cairn_wire::kubo::bitswap::stat::{BitswapCounts, BitswapStat};
use cairn_wire::kubo::bitswap::wantlist::{BitswapWantlist, WantedBlocks};

use super::super::network::NOT_ONLINE;
use super::super::{Answer, Call, Failure, Handler};

/// What commands say that Kubo refuses as wrong without a network.
pub(super) fn unable_offline() -> Failure {
    Failure::client(format!("unable to run offline: {NOT_ONLINE}"))
}

impl Handler for BitswapStat {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let network = call.node().network().ok_or_else(unable_offline)?;
        let stat = network.exchange().stat();
        Ok(BitswapCounts {
            wantlist: stat.wants.iter().map(|cid| form.show(cid).into()).collect(),
            peers: stat.peers.iter().map(PeerId::to_string).collect(),
            blocks_received: stat.blocks_received,
            data_received: stat.bytes_received,
            dup_blks_received: stat.duplicate_blocks,
            dup_data_received: stat.duplicate_bytes,
            messages_received: stat.messages_received,
            blocks_sent: stat.blocks_sent,
            data_sent: stat.bytes_sent,
        })
    }
}

impl Handler for BitswapWantlist {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let network = call.network()?;
        let own = call.node().identity().peer_id();
        let peer = self.peer.map(|text| text.parse::<PeerId>()).transpose()?;
        let wants = match peer.filter(|peer| *peer != own) {
            Some(peer) => network.exchange().wants_of(&peer),
            None => Some(network.exchange().stat().wants),
        };
        let to_texts = |wants: Vec<_>| {
            wants
                .iter()
                .map(|cid| CidLink::from(form.show(cid)))
                .collect()
        };
        Ok(WantedBlocks {
            keys: wants.map(to_texts),
        })
    }
}

impl Handler for BitswapLedger {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.network()?;
        let peer: PeerId = self.peer.parse()?;
        let ledger = network.exchange().ledger(&peer);
        #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
        let value = ledger.sent as f64 / (ledger.received as f64 + 1.0);
        Ok(BitswapReceipt {
            peer: peer.to_string(),
            value,
            sent: ledger.sent,
            recv: ledger.received,
            exchanged: ledger.exchanges,
        })
    }
}
