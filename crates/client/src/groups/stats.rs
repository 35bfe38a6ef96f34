//! Statistics: bandwidth, bitswap, the DHT, announcements.

use cairn_primitives::Cid;
use cairn_wire::kubo::CidLink;
use cairn_wire::kubo::bitswap::ledger::{BitswapLedger, BitswapReceipt};
use cairn_wire::kubo::bitswap::stat::{BitswapCounts, BitswapStat};
use cairn_wire::kubo::bitswap::wantlist::{BitswapWantlist, WantedBlocks};
use cairn_wire::kubo::provide::clear::ProvideClear;
use cairn_wire::kubo::provide::once::{ProvideOnce, ProvideQueued};
use cairn_wire::kubo::provide::stat::{ProvideCounts, ProvideStat};
use cairn_wire::kubo::repo::stat::RepoStat;
use cairn_wire::kubo::stats::bw::{Bandwidth as Record, StatsBw};
use cairn_wire::kubo::stats::dht::{DhtTable, StatsDht};

use crate::error::Error;
use crate::kubo::{Call, IntoPath, IntoPaths, cid, list, one, setters, text, texts};

group! {
    /// Bitswap: the exchange of blocks with peers.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// let stat = kubo.bitswap().stat().await?;
    /// println!("{} blocks received, {} wanted", stat.blocks_received, stat.wantlist.len());
    /// # Ok(())
    /// # }
    /// ```
    Bitswap, bitswap
}

group! {
    /// Statistics.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// let mut bandwidth = kubo.stats().bw().poll(true).stream();
    /// if let Some(now) = bandwidth.try_next().await? {
    ///     println!("{} bytes/s in, {} bytes/s out", now.rate_in, now.rate_out);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    Stats, stats
}

group! {
    /// Announcements of content.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// kubo.provide().once("bafkqabtimvwgy3yk").await?;
    /// # Ok(())
    /// # }
    /// ```
    Provide, provide
}

impl Bitswap<'_> {
    /// Returns statistics.
    pub fn stat(&self) -> Call<BitswapStat> {
        Call::new(self.0, BitswapStat::new())
    }

    /// Lists the wanted blocks of the server, or of a peer if `peer` is set.
    pub fn wantlist(&self) -> Call<BitswapWantlist> {
        Call::new(self.0, BitswapWantlist::new())
    }

    /// Returns what was exchanged with a peer.
    pub fn ledger(&self, peer: impl IntoPath) -> Call<BitswapLedger> {
        Call::new(self.0, BitswapLedger::new(text(peer)))
    }
}

impl Stats<'_> {
    /// Returns the bandwidth. If `poll` is set, stream it.
    pub fn bw(&self) -> Call<StatsBw> {
        Call::new(self.0, StatsBw::new())
    }

    /// Returns the routing tables of the DHT.
    pub fn dht(&self) -> Call<StatsDht> {
        Call::new(self.0, StatsDht::new(Vec::new()))
    }

    /// As [`Bitswap::stat`].
    pub fn bitswap(&self) -> Call<BitswapStat> {
        Call::new(self.0, BitswapStat::new())
    }

    /// As [`Repo::stat`](super::repo::Repo::stat).
    pub fn repo(&self) -> Call<RepoStat> {
        Call::new(self.0, RepoStat::new())
    }

    /// As [`Provide::stat`].
    pub fn provide(&self) -> Call<ProvideStat> {
        Call::new(self.0, ProvideStat::new())
    }
}

impl Provide<'_> {
    /// Returns statistics.
    pub fn stat(&self) -> Call<ProvideStat> {
        Call::new(self.0, ProvideStat::new())
    }

    /// Announces CIDs once, and returns those that are queued.
    pub fn once(&self, cids: impl IntoPaths) -> Call<ProvideOnce> {
        Call::new(self.0, ProvideOnce::new(texts(cids)))
    }

    /// Empties the queue. Returns the number of removed entries.
    pub fn clear(&self) -> Call<ProvideClear> {
        Call::new(self.0, ProvideClear::new())
    }
}

/// Statistics of bitswap since the server started.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BitswapInfo {
    /// Wanted blocks.
    pub wantlist: Vec<Cid>,
    /// Peer IDs of partners.
    pub peers: Vec<String>,
    /// Number of received blocks.
    pub blocks_received: u64,
    /// Number of received bytes.
    pub data_received: u64,
    /// Number of received duplicate blocks.
    pub duplicate_blocks_received: u64,
    /// Number of received duplicate bytes.
    pub duplicate_data_received: u64,
    /// Number of received messages.
    pub messages_received: u64,
    /// Number of sent blocks.
    pub blocks_sent: u64,
    /// Number of sent bytes.
    pub data_sent: u64,
}

/// What was exchanged with a peer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Ledger {
    /// The peer ID.
    pub peer: String,
    /// The debt ratio.
    pub value: f64,
    /// Number of sent bytes.
    pub sent: u64,
    /// Number of received bytes.
    pub received: u64,
    /// Number of exchanges.
    pub exchanged: u64,
}

/// Bandwidth of connections to peers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Bandwidth {
    /// Number of received bytes.
    pub total_in: u64,
    /// Number of sent bytes.
    pub total_out: u64,
    /// Received bytes per second.
    pub rate_in: f64,
    /// Sent bytes per second.
    pub rate_out: f64,
}

fn links(links: &[CidLink]) -> Result<Vec<Cid>, Error> {
    links.iter().map(|link| cid(&link.cid)).collect()
}

one! {
    BitswapStat, BitswapCounts => BitswapInfo, |counts| Ok(BitswapInfo {
        wantlist: links(&counts.wantlist)?,
        peers: counts.peers,
        blocks_received: counts.blocks_received,
        data_received: counts.data_received,
        duplicate_blocks_received: counts.dup_blks_received,
        duplicate_data_received: counts.dup_data_received,
        messages_received: counts.messages_received,
        blocks_sent: counts.blocks_sent,
        data_sent: counts.data_sent,
    });
    BitswapWantlist, WantedBlocks => Vec<Cid>, |wanted| links(wanted.keys.as_deref().unwrap_or_default());
    BitswapLedger, BitswapReceipt => Ledger, |receipt| Ok(Ledger {
        peer: receipt.peer,
        value: receipt.value,
        sent: receipt.sent,
        received: receipt.recv,
        exchanged: receipt.exchanged,
    });
    ProvideStat, ProvideCounts => ProvideCounts, Ok;
}

list! {
    StatsBw, Record => Bandwidth, |now, items| {
        items.push_back(Bandwidth {
            total_in: now.total_in,
            total_out: now.total_out,
            rate_in: now.rate_in,
            rate_out: now.rate_out,
        });
        Ok(())
    };
    StatsDht, DhtTable => DhtTable, |table, items| {
        items.push_back(table);
        Ok(())
    };
    ProvideOnce, ProvideQueued => Cid, |queued, items| {
        items.push_back(cid(&queued.queued)?);
        Ok(())
    };
    ProvideClear, u64 => u64, |count, items| {
        items.push_back(count);
        Ok(())
    };
}

cairn_wire::BitswapStat!(setters);
cairn_wire::BitswapWantlist!(setters);
cairn_wire::StatsBw!(setters);
cairn_wire::ProvideOnce!(setters);
cairn_wire::ProvideStat!(setters);
