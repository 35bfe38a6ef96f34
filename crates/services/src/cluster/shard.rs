//! Splits content into shards, which different peers can have.
//!
//! The blocks of a DAG, children first, are cut into groups. A shard is a dag-cbor map from numbers to the blocks of a group;
//! the cluster DAG is such a map of the shards. The content itself is a pin that only refers to the cluster DAG.

use std::collections::HashSet;

use bytes::Bytes;
use cairn_primitives::codec::{self, dag_cbor};
use cairn_primitives::{Block, Cid, Codec, Ipld, Multihash};
use cairn_store::shared::{Expiry, NewClusterPin, PinKind, Placement};

use super::add::{AddedEntry, Events, send};
use super::{Cluster, ClusterError, ExpiryOption, PinOptions};
use crate::backend::BackendError;
use crate::backend::import::Keep;

/// The size of shards when the user names none, in bytes.
const DEFAULT_SIZE: u64 = 100 << 20;

/// Maximum number of blocks of a shard, so that its block stays small enough for peers to exchange.
const MAX_LINKS: usize = 5_984;

/// Maximum number of shards, for the same reason.
const MAX_SHARDS: usize = 30_000;

/// A shard that is being filled.
#[derive(Default)]
struct Filling {
    links: Vec<Cid>,
    size: u64,
}

/// A finished shard.
struct Shard {
    cid: Cid,
    size: u64,
}

/// The block of a map from numbers to links.
fn map_of(links: &[Cid]) -> Result<Block, BackendError> {
    let numbered = links.iter().enumerate();
    let map = numbered.map(|(number, cid)| (number.to_string().into(), Ipld::Link(cid.clone())));
    let data = dag_cbor::encode(&Ipld::Map(map.collect()))
        .map_err(|error| BackendError::failed("write a shard", error))?;
    let data = Bytes::from(data);
    let cid = Cid::v1(Codec::DAG_CBOR, Multihash::sha2_256(&data));
    Ok(Block::new(cid, data))
}

impl Cluster {
    /// Splits content that was imported into shards, and pins them. `added` is what the upload has added, which is reported
    /// before the last shard, as the reference does.
    pub(super) async fn add_shards(
        &self,
        root: &Cid,
        options: PinOptions,
        keep: Keep,
        added: Vec<AddedEntry>,
        events: &Events,
    ) -> Result<(), ClusterError> {
        let limit = match options.shard_size {
            0 => DEFAULT_SIZE,
            size => size,
        };
        let (shards, mut blocks, total) = self.cut(root, limit).await?;
        let dag = map_of(
            &shards
                .iter()
                .map(|shard| shard.cid.clone())
                .collect::<Vec<_>>(),
        )?;
        let dag_cid = dag.cid.clone();
        blocks.push(dag);
        let kept = self.importer()?.put_blocks(blocks).await?;
        let (pins, entries) = self
            .shard_pins(root, &options, &shards, &dag_cid, limit)
            .await?;
        // Nobody unpins any of them between the pins and the rows that say so. In order, so that two of these cannot wait
        // for each other.
        let mut pinned: Vec<&Cid> = shards.iter().map(|shard| &shard.cid).collect();
        pinned.push(&dag_cid);
        pinned.sort_unstable();
        pinned.dedup();
        let mut locks = Vec::with_capacity(pinned.len());
        for cid in pinned {
            locks.push(self.context.lock(cid).await);
        }
        for shard in &shards {
            self.importer()?
                .pin_imported(&shard.cid, &options.name, &[&keep, &kept])
                .await?;
        }
        let direct = crate::backend::PinOptions {
            recursive: false,
            ..crate::backend::PinOptions::default()
        };
        self.context.backend().pin(&dag_cid, direct).await?;
        self.put_all(pins).await?;
        drop(locks);
        let last = entries.len().saturating_sub(1);
        for (place, entry) in entries.into_iter().enumerate() {
            if place == last {
                for entry in &added {
                    send(events, entry.clone()).await;
                }
            }
            send(events, entry).await;
        }
        send(
            events,
            AddedEntry {
                name: format!("{}-clusterDAG", options.name),
                cid: Some(dag_cid),
                size: total,
                ..AddedEntry::default()
            },
        )
        .await;
        Ok(())
    }

    /// The pins of sharded content: the content first, then the cluster DAG and the shards. And what is reported of the shards.
    async fn shard_pins(
        &self,
        root: &Cid,
        options: &PinOptions,
        shards: &[Shard],
        dag: &Cid,
        limit: u64,
    ) -> Result<(Vec<NewClusterPin>, Vec<AddedEntry>), ClusterError> {
        let pin = |cid: &Cid, kind| NewClusterPin {
            cid: cid.clone(),
            kind,
            direct: true,
            name: options.name.clone(),
            replication: (-1, -1),
            shard_size: limit,
            metadata: options.metadata.clone(),
            origins: options.origins.clone(),
            update_of: None,
            reference: None,
            depth: 0,
            expiry: Expiry::Never,
            placement: Placement::Nowhere,
            owner: None,
            source: None,
        };
        let own = Some(self.peer().to_owned());
        let mut pins = vec![
            NewClusterPin {
                reference: Some(dag.clone()),
                // The shards go with the content.
                expiry: match options.expiry {
                    ExpiryOption::Unset => Expiry::Never,
                    ExpiryOption::At(time) => Expiry::At(time),
                    ExpiryOption::After(time) => Expiry::After(time),
                },
                ..pin(root, PinKind::Meta)
            },
            NewClusterPin {
                name: format!("{}-clusterDAG", options.name),
                reference: Some(root.clone()),
                placement: Placement::Everywhere,
                owner: Some(root.clone()),
                source: own.clone(),
                ..pin(dag, PinKind::ClusterDag)
            },
        ];
        // Each goes where most space is left, so that no peer needs space for all of them.
        let mut places = self.places(options.replication, &options.peers).await?;
        let mut entries = Vec::new();
        let mut before: Option<Cid> = None;
        for (number, shard) in shards.iter().enumerate() {
            // One that other content has as well stays where it is.
            let there = self.context.rows().cluster_pin(&shard.cid).await?;
            let allocation = places.choose(&there.map(|pin| pin.peers).unwrap_or_default())?;
            places.fill(&allocation, shard.size);
            let peers = self.peers_of(&allocation).await?;
            entries.push(AddedEntry {
                name: format!("shard-{number}"),
                cid: Some(shard.cid.clone()),
                bytes: 0,
                size: shard.size,
                peers,
            });
            pins.push(NewClusterPin {
                direct: false,
                name: format!("{}-shard-{number}", options.name),
                replication: allocation.replication,
                shard_size: shard.size,
                depth: 1,
                reference: before.replace(shard.cid.clone()),
                placement: allocation.placement,
                owner: Some(root.clone()),
                source: own.clone(),
                ..pin(&shard.cid, PinKind::Shard)
            });
        }
        Ok((pins, entries))
    }

    /// Cuts a DAG into shards: they, their blocks, and the bytes of all blocks.
    async fn cut(
        &self,
        root: &Cid,
        limit: u64,
    ) -> Result<(Vec<Shard>, Vec<Block>, u64), ClusterError> {
        let (mut shards, mut blocks, mut total) = (Vec::new(), Vec::new(), 0_u64);
        let mut filling = Filling::default();
        let mut flush = |filling: Filling| -> Result<(), ClusterError> {
            if shards.len() >= MAX_SHARDS {
                return Err(ClusterError::Option {
                    option: "shard-size",
                    reason: format!("makes more than {MAX_SHARDS} shards"),
                });
            }
            let block = map_of(&filling.links)?;
            shards.push(Shard {
                cid: block.cid.clone(),
                size: filling.size,
            });
            blocks.push(block);
            Ok(())
        };
        // Children first: a node is written when all below it was.
        let mut seen = HashSet::new();
        let mut open: Vec<(Cid, Vec<Cid>, u64)> = vec![self.opened(root).await?];
        while let Some((_, links, _)) = open.last_mut() {
            if let Some(link) = links.pop() {
                if link.hash().identity_data().is_none() && seen.insert(link.hash().clone()) {
                    open.push(self.opened(&link).await?);
                }
                continue;
            }
            let Some((cid, _, size)) = open.pop() else {
                break;
            };
            total = total.saturating_add(size);
            if filling.size.saturating_add(size) >= limit || filling.links.len() >= MAX_LINKS {
                if filling.links.is_empty() {
                    return Err(ClusterError::ShardTooSmall {
                        block: size,
                        shard: limit,
                    });
                }
                flush(std::mem::take(&mut filling))?;
                if size >= limit {
                    return Err(ClusterError::ShardTooSmall {
                        block: size,
                        shard: limit,
                    });
                }
            }
            filling.links.push(cid);
            filling.size += size;
        }
        flush(filling)?;
        Ok((shards, blocks, total))
    }

    /// A node with its links, the first one last, and its size.
    async fn opened(&self, cid: &Cid) -> Result<(Cid, Vec<Cid>, u64), ClusterError> {
        let data = self.importer()?.block(cid).await?;
        let data = data.ok_or_else(|| BackendError::NotFound { cid: cid.clone() })?;
        let mut links: Vec<Cid> = match codec::links(cid.codec(), &data) {
            Ok(links) => links.iter().collect(),
            Err(_) => Vec::new(),
        };
        links.reverse();
        Ok((cid.clone(), links, u64::try_from(data.len()).unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_canonical_maps() {
        let links: Vec<Cid> = (0..30_u8)
            .map(|number| Cid::v1(Codec::RAW, Multihash::sha2_256(&[number])))
            .collect();
        let block = map_of(&links).unwrap();
        let found: Vec<Cid> = codec::links(block.cid.codec(), &block.data)
            .unwrap()
            .iter()
            .collect();
        let order = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].into_iter().chain(10..30);
        let expected: Vec<Cid> = order.map(|number| links[number].clone()).collect();
        assert_eq!(found, expected);
        assert!(block.verify().unwrap());
    }
}
