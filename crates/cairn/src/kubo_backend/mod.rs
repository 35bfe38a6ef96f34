//! An external Kubo as the backend of the services, through its RPC.

mod import;
mod marker;

use std::sync::Arc;
use std::time::Duration;

use cairn_client::groups::listing::EntryKind;
use cairn_client::groups::pins::{PinEvent, PinKind};
use cairn_client::groups::repo::Garbage;
use cairn_client::{Address, Error, ErrorKind, Kubo};
use cairn_node::Node;
use cairn_primitives::path::ContentPath;
use cairn_primitives::{Cid, Codec, Multiaddr};
use cairn_services::backend::import::Import;
use cairn_services::backend::origin::{Origins, SystemLookup};
use cairn_services::backend::{
    Backend, BackendError, BackendPin, BackendResult, DagSize, Delegates, Embedded, Fetched,
    PinOptions, Space,
};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};

use self::marker::{Holder, OURS};

/// How long a probe asks the network.
const PROBE: Duration = Duration::from_secs(5);

/// How long resolving a path may take: its name, and its blocks, which may be elsewhere.
const RESOLVE: Duration = Duration::from_secs(60);

/// A Kubo, or anything with its RPC.
#[derive(Debug)]
pub(crate) struct KuboBackend {
    kubo: Kubo,
    origins: Origins,
    /// Where content is imported before it is sent.
    staging: Embedded,
}

impl KuboBackend {
    /// The Kubo at an address. It is not called yet: it may start later. Content is imported into `node` first.
    pub(crate) fn new(address: &str, node: Arc<Node>) -> Result<Self, Error> {
        let address: Address = address.parse()?;
        let allow_private_origins = node.config().services.allow_private_origins == Some(true);
        Ok(Self {
            kubo: Kubo::at(&address)?,
            origins: Origins::new(allow_private_origins, Arc::new(SystemLookup)),
            staging: Embedded::new(node),
        })
    }

    /// The pin of a CID in Kubo: whether it is recursive, and who needs it.
    async fn state(&self, cid: &Cid) -> Result<Option<(bool, Holder)>, BackendError> {
        // Asking for all types would make Kubo walk all DAGs, to look for an indirect pin.
        for (kind, recursive) in [("recursive", true), ("direct", false)] {
            let found = self.kubo.pins().ls_of(cid).r#type(kind).names(true).await;
            match found {
                Ok(found) => {
                    let name = found.pins.into_iter().next();
                    let name = name.and_then(|(_, details)| details.name);
                    let kind = match recursive {
                        true => PinKind::Recursive,
                        false => PinKind::Direct,
                    };
                    let holder = Holder::of(&name.unwrap_or_default(), &kind);
                    return Ok(Some((recursive, holder)));
                }
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(failed("read the pins of Kubo", error)),
            }
        }
        Ok(None)
    }

    async fn pin_and_measure(
        &self,
        root: &Cid,
        options: PinOptions,
    ) -> Result<DagSize, BackendError> {
        let cid = root.to_v1();
        let state = self.state(&cid).await?;
        let enough = |recursive| recursive || !options.recursive;
        match state {
            Some((recursive, holder)) if holder.has_services() && enough(recursive) => {}
            None | Some((_, Holder::Services)) => self.add(&cid, OURS, &options).await?,
            Some((_, Holder::Both(user))) => {
                let name = user.shared_name().unwrap_or_else(|| user.name.clone());
                self.add(&cid, &name, &options).await?;
            }
            Some((recursive, Holder::User(user))) => {
                let Some(name) = user.shared_name() else {
                    if enough(recursive) {
                        return self.measure(&cid, options.recursive).await;
                    }
                    return Err(BackendError::Invalid(format!(
                        "{cid} has a direct pin in Kubo with a name that is too long to be kept"
                    )));
                };
                // A recursive pin cannot be made direct.
                let options = PinOptions {
                    recursive: options.recursive || recursive,
                    ..options.clone()
                };
                self.add(&cid, &name, &options).await?;
            }
        }
        self.measure(&cid, options.recursive).await
    }

    /// Pins in Kubo, and waits for the content.
    async fn add(&self, cid: &Cid, name: &str, options: &PinOptions) -> Result<(), BackendError> {
        let call = self.kubo.pins().add(cid);
        let call = call.recursive(options.recursive).name(name).progress(true);
        let mut events = call.no_timeout().stream();
        let mut last = Fetched::default();
        let mut arrived = tokio::time::Instant::now();
        loop {
            let next = match options.stall {
                None => events.next().await,
                Some(stall) => {
                    match tokio::time::timeout_at(arrived + stall, events.next()).await {
                        Ok(next) => next,
                        // Dropping the stream ends the command in Kubo.
                        Err(_) => {
                            return Err(BackendError::Stalled {
                                root: cid.clone(),
                                after: stall,
                            });
                        }
                    }
                }
            };
            match next {
                Some(Ok(PinEvent::Progress { blocks, bytes })) => {
                    let now = Fetched {
                        blocks,
                        bytes: bytes.unwrap_or_default(),
                    };
                    if now != last {
                        (last, arrived) = (now, tokio::time::Instant::now());
                        if let Some(each) = &options.progress {
                            (each.0)(now);
                        }
                    }
                }
                Some(Ok(_)) => return Ok(()),
                // Offline, it does not wait.
                Some(Err(error)) if error.is_not_found() => {
                    return Err(BackendError::NotFound { cid: cid.clone() });
                }
                Some(Err(error)) => return Err(failed("pin in Kubo", error)),
                None => {
                    return Err(failed("pin in Kubo", Error::Empty));
                }
            }
        }
    }

    async fn measure(&self, cid: &Cid, recursive: bool) -> Result<DagSize, BackendError> {
        let blocks = if recursive {
            let stat = self.kubo.dag().stat(cid).offline(true).no_timeout().await;
            let stat = stat.map_err(|error| failed("measure the DAG in Kubo", error))?;
            stat.total_size
        } else {
            let stat = self.kubo.blocks().stat(cid).offline(true).await;
            stat.map_err(|error| failed("measure the block in Kubo", error))?
                .size
        };
        Ok(DagSize {
            blocks,
            content: self.content_size(cid).await,
        })
    }

    /// The size of a file. Kubo tells none of a directory's content.
    async fn content_size(&self, cid: &Cid) -> Option<u64> {
        if !matches!(cid.codec(), Codec::RAW | Codec::DAG_PB) {
            return None;
        }
        let path = format!("/ipfs/{cid}");
        let stat = self.kubo.files().stat(path).offline(true).await.ok()?;
        (stat.kind == EntryKind::File).then_some(stat.size)
    }

    async fn is_whole(&self, root: &Cid) -> Result<bool, BackendError> {
        let cid = root.to_v1();
        if let Some((true, _)) = self.state(&cid).await? {
            return Ok(true);
        }
        match self.kubo.dag().stat(&cid).offline(true).no_timeout().await {
            Ok(_) => Ok(true),
            Err(error) if error.kind().is_response() => Ok(false),
            Err(error) => Err(failed("check the DAG in Kubo", error)),
        }
    }

    async fn is_known(&self, root: &Cid) -> Result<bool, BackendError> {
        let cid = root.to_v1();
        // Bitswap asks connected peers, and looks for providers.
        let block = async {
            let found = self.kubo.blocks().stat(&cid).timeout(PROBE).await;
            match found {
                Ok(_) => Ok(true),
                Err(error) if error.is_timeout() || error.kind().is_response() => Ok(false),
                Err(error) => Err(failed("look for the block in Kubo", error)),
            }
        };
        let providers = async {
            let mut found = self
                .kubo
                .routing()
                .findprovs(&cid)
                .num_providers(1)
                .stream();
            while let Some(Ok(event)) = found.next().await {
                if !event.peers.is_empty()
                    && event.kind == cairn_client::groups::routing::RoutingEventKind::Provider
                {
                    return true;
                }
            }
            false
        };
        let providers = tokio::time::timeout(PROBE, providers);
        let (mut block, mut providers) = (std::pin::pin!(block), std::pin::pin!(providers));
        tokio::select! {
            found = &mut block => Ok(found? || providers.await.unwrap_or(false)),
            found = &mut providers => Ok(found.unwrap_or(false) || block.await?),
        }
    }

    async fn unpin_in_kubo(&self, root: &Cid) -> Result<bool, BackendError> {
        let cid = root.to_v1();
        let Some((recursive, holder)) = self.state(&cid).await? else {
            return Ok(false);
        };
        let user = match holder {
            Holder::User(_) => return Ok(false),
            Holder::Services => None,
            Holder::Both(user) => Some(user),
        };
        let offline = PinOptions {
            recursive: recursive && user.as_ref().is_none_or(|user| user.recursive),
            ..PinOptions::default()
        };
        let removes = user.as_ref().is_none_or(|user| user.recursive != recursive);
        if removes {
            match self.kubo.pins().rm(&cid).await {
                Ok(_) => {}
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(failed("unpin in Kubo", error)),
            }
        }
        if let Some(user) = user {
            self.add(&cid, &user.name, &offline).await?;
        }
        Ok(true)
    }

    /// The addresses in texts of Kubo, with its peer ID at the end.
    fn addresses(peer: &str, texts: &[String]) -> Vec<Multiaddr> {
        let with_peer = texts.iter().filter_map(|text| {
            let address: Multiaddr = text.parse().ok()?;
            match address.split_peer() {
                Some(_) => Some(address),
                None => format!("{address}/p2p/{peer}").parse().ok(),
            }
        });
        with_peer.collect()
    }

    async fn find_delegates(&self) -> Result<Delegates, BackendError> {
        let id = self.kubo.id().await;
        let id = id.map_err(|error| failed("ask Kubo for its addresses", error))?;
        // Offline, Kubo refuses to tell where it listens.
        let listening = self.kubo.swarm().listen_addrs().await.unwrap_or_default();
        Ok(Delegates {
            announced: Self::addresses(&id.id, &id.addresses),
            listening: Self::addresses(&id.id, &listening),
        })
    }

    async fn collect_in_kubo(&self) -> Result<Vec<Cid>, BackendError> {
        let mut removed = Vec::new();
        let mut collected = self.kubo.repo().gc().no_timeout().stream();
        while let Some(garbage) = collected.next().await {
            match garbage.map_err(|error| failed("collect garbage in Kubo", error))? {
                Garbage::Removed(cid) => removed.push(cid.to_raw()),
                Garbage::Failed(error) => tracing::warn!(error, "Kubo cannot remove a block"),
                other => tracing::debug!(?other, "an unknown event of a collection of Kubo"),
            }
        }
        // What was sent to Kubo is not needed here any more.
        self.staging.collect().await?;
        Ok(removed)
    }

    async fn resolve_in_kubo(&self, path: &ContentPath) -> Result<Cid, BackendError> {
        let call = self.kubo.dag().resolve(path.to_string()).timeout(RESOLVE);
        let resolved = call.await;
        let resolved = resolved.map_err(|error| failed("resolve the path in Kubo", error))?;
        if !resolved.rest.is_empty() {
            return Err(BackendError::Invalid(format!(
                "{path} leads into the block {}, to {}",
                resolved.cid, resolved.rest
            )));
        }
        Ok(resolved.cid)
    }
}

fn failed(action: &'static str, error: Error) -> BackendError {
    if error.is_retryable()
        || matches!(
            error.kind(),
            ErrorKind::Connection | ErrorKind::Timeout | ErrorKind::PartialResponse
        )
    {
        return BackendError::Unreachable(Arc::new(error));
    }
    BackendError::Failed {
        action,
        source: Arc::new(error),
    }
}

impl Backend for KuboBackend {
    fn pin<'a>(&'a self, root: &'a Cid, options: PinOptions) -> BackendResult<'a, DagSize> {
        Box::pin(self.pin_and_measure(root, options))
    }

    fn has<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        Box::pin(self.is_whole(root))
    }

    fn is_pinned<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        Box::pin(async move {
            let state = self.state(&root.to_v1()).await?;
            Ok(state.is_some_and(|(_, holder)| holder.has_services()))
        })
    }

    fn probe<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        Box::pin(self.is_known(root))
    }

    fn unpin<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        Box::pin(self.unpin_in_kubo(root))
    }

    fn pins(&self) -> BoxStream<'_, Result<BackendPin, BackendError>> {
        let kinds = stream::iter(["recursive", "direct"]);
        let listed = kinds.flat_map(move |kind| {
            // Kubo looks for the text anywhere in the name.
            let call = self.kubo.pins().ls().r#type(kind).name(OURS).names(true);
            call.no_timeout().stream()
        });
        let pins = listed.filter_map(|pin| {
            let pin = match pin {
                Ok(pin) => {
                    let name = pin.name.unwrap_or_default();
                    let ours = Holder::of(&name, &pin.kind).has_services();
                    ours.then_some(Ok(BackendPin {
                        cid: pin.cid,
                        recursive: pin.kind == PinKind::Recursive,
                    }))
                }
                Err(error) => Some(Err(failed("list the pins of Kubo", error))),
            };
            std::future::ready(pin)
        });
        pins.boxed()
    }

    fn connect<'a>(&'a self, peer: &'a Multiaddr) -> BackendResult<'a, ()> {
        Box::pin(async move {
            for peer in self.origins.checked(peer, None).await? {
                let addresses: Vec<String> = peer
                    .addresses
                    .iter()
                    .map(|address| address.text_with_peer(&peer.peer))
                    .collect();
                let connected = self.kubo.swarm().connect(addresses).await;
                connected.map_err(|error| failed("connect Kubo", error))?;
            }
            Ok(())
        })
    }

    fn delegates(&self) -> BackendResult<'_, Delegates> {
        Box::pin(self.find_delegates())
    }

    fn importer(&self) -> Option<&dyn Import> {
        Some(self)
    }

    fn collect(&self) -> BackendResult<'_, Vec<Cid>> {
        Box::pin(self.collect_in_kubo())
    }

    fn resolve<'a>(&'a self, path: &'a ContentPath) -> BackendResult<'a, Cid> {
        Box::pin(self.resolve_in_kubo(path))
    }

    fn space(&self) -> BackendResult<'_, Space> {
        Box::pin(async {
            let stat = self.kubo.repo().stat().size_only(true).await;
            let stat = stat.map_err(|error| failed("measure the repository of Kubo", error))?;
            Ok(Space {
                used: stat.size,
                free: stat.storage_max.saturating_sub(stat.size),
            })
        })
    }
}
