//! The handle of routing.

mod events;
mod records;
mod routing;
mod search;

use std::collections::HashMap;
use std::sync::Arc;

use cairn_primitives::Cid;
use cairn_store::network::{AnnouncedContent, NetworkError, PeerAddresses};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use libp2p::PeerId;
use libp2p::kad::PeerInfo;
use tokio::sync::mpsc;

use super::announce::{self, Announcer};
use super::custom::{Asker, Custom, Tree};
use super::delegated::Delegated;
use super::dht::{Command, DhtHandle, EVENTS, Failure, Found, Request};
use super::settings::{DhtMode, Settings};
use crate::convert;

/// Finds peers, providers and records, and announces content. Clones share everything.
///
/// Streams send nothing before they are first polled; dropping one ends its lookup.
#[derive(Clone)]
pub struct Router {
    inner: Arc<Inner>,
}

struct Inner {
    mode: DhtMode,
    local: PeerId,
    ignored: Vec<PeerId>,
    wan: Option<DhtHandle>,
    lan: Option<DhtHandle>,
    http: Arc<Delegated>,
    custom: Option<Custom>,
    custom_http: HashMap<String, Arc<Delegated>>,
    announcer: Arc<Announcer>,
}

impl std::fmt::Debug for Router {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Router").finish_non_exhaustive()
    }
}

/// Why a lookup found nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// It took too long.
    #[error("the lookup timed out")]
    TimedOut,
    /// No peer stored the value.
    #[error("no peer stored the value")]
    NotStored,
    /// This node has a newer value.
    #[error("this node has a newer value of the key")]
    Refused,
    /// Too many lookups run.
    #[error("too many lookups are running")]
    Busy,
    /// An HTTP router cannot be reached, or its response is invalid.
    #[error("an HTTP router cannot be reached, or its response is invalid")]
    Router,
}

impl Router {
    pub(super) fn new(
        settings: Settings,
        local: PeerId,
        wan: Option<DhtHandle>,
        lan: Option<DhtHandle>,
    ) -> Self {
        let ignored = settings.ignored_providers.iter();
        let (mode, _) = settings.modes();
        let publishers = match &settings.custom {
            Some(_) => &[][..],
            None => &settings.publishers,
        };
        let http = Delegated::new(&settings.provider_urls(), publishers);
        let inner = Inner {
            mode,
            local,
            ignored: ignored.map(Into::into).collect(),
            wan,
            lan,
            http: Arc::new(http),
            custom_http: settings
                .custom
                .as_ref()
                .map(Custom::http_routers)
                .unwrap_or_default(),
            custom: settings.custom,
            announcer: Arc::new(Announcer::new(settings.announce)),
        };
        let inner = Arc::new(inner);
        let router = Self { inner };
        if router.announcer().is_enabled() && router.dhts().next().is_some() {
            tokio::spawn(announce::run(router.clone()));
        }
        router
    }

    /// Tells whether others can reach this node from the internet: then it serves the DHT of the internet, if its mode is
    /// [`DhtMode::Auto`].
    pub fn set_reachable(&self, reachable: bool) {
        if self.inner.mode == DhtMode::Auto
            && let Some(wan) = &self.inner.wan
        {
            wan.shared.set_server(reachable);
        }
    }

    fn dhts(&self) -> impl Iterator<Item = &DhtHandle> {
        self.inner.wan.iter().chain(&self.inner.lan)
    }

    /// How many are asked with a request.
    fn asked(&self, request: &Request) -> usize {
        match self.custom_tree(request) {
            Some(tree) => tree.leaves(),
            None => self.dhts_for(request).count() + self.inner.http.asked(request),
        }
    }

    /// Asks both DHTs and all HTTP routers at the same time. Empty if there are none.
    pub(super) fn ask(&self, request: &Request, steps: bool) -> BoxStream<'static, Found> {
        if let Some(tree) = self.custom_tree(request) {
            let asker = Asker {
                router: self.clone(),
                request: request.clone(),
                steps,
            };
            return asker.ask(tree);
        }
        let http = self.inner.http.ask(request);
        futures_util::stream::select(self.ask_dhts(request, steps), http).boxed()
    }

    /// The router of a request that is composed by hand.
    fn custom_tree(&self, request: &Request) -> Option<&Tree> {
        let tree = self.inner.custom.as_ref()?.tree(request);
        tree.map(|tree| &**tree)
    }

    /// An HTTP router of those.
    pub(super) fn custom_http(&self, url: &str) -> Option<Arc<Delegated>> {
        self.inner.custom_http.get(url).cloned()
    }

    /// Asks the DHT of the internet, or that of the local network.
    pub(super) fn ask_one(
        &self,
        wan: bool,
        request: &Request,
        steps: bool,
    ) -> BoxStream<'static, Found> {
        let (wan_dht, lan_dht) = (&self.inner.wan, &self.inner.lan);
        let dht = if wan { wan_dht } else { lan_dht };
        ask_these(dht.iter(), request, steps)
    }

    /// The DHTs that are asked with a request. The peers closest to a key are those of the internet, if it has any: as in Kubo.
    fn dhts_for(&self, request: &Request) -> impl Iterator<Item = &DhtHandle> {
        let (mut wan, mut lan) = (self.inner.wan.as_ref(), self.inner.lan.as_ref());
        if let Request::Closest(_) = request {
            if wan.is_some_and(|wan| wan.shared.peers() > 0) {
                lan = None;
            } else if lan.is_some() {
                wan = None;
            }
        }
        wan.into_iter().chain(lan)
    }

    fn ask_dhts(&self, request: &Request, steps: bool) -> BoxStream<'static, Found> {
        ask_these(self.dhts_for(request), request, steps)
    }

    /// Lookups that run, in each DHT for itself.
    #[cfg(test)]
    pub(crate) fn lookups(&self) -> usize {
        self.dhts().map(|dht| dht.shared.lookups()).sum()
    }

    /// Sets the content that is announced at each interval, or removes it.
    pub fn set_content(&self, content: Option<Arc<dyn AnnouncedContent>>) {
        self.inner.announcer.set_content(content);
    }

    /// Announces new content, in the background. What does not fit into the queue is announced with all other content.
    pub fn announce(&self, cids: &[Cid]) {
        self.inner.announcer.announce(cids);
    }

    pub(super) fn announcer(&self) -> &Arc<Announcer> {
        &self.inner.announcer
    }

    /// Peers in the routing tables.
    pub(super) fn peers(&self) -> usize {
        self.dhts().map(|dht| dht.shared.peers()).sum()
    }

    /// Waits until the DHTs have ended.
    pub(super) fn closed(&self) -> impl Future<Output = ()> + Send + 'static {
        let dhts: Vec<_> = self.dhts().map(|dht| dht.commands.clone()).collect();
        async move {
            for dht in dhts {
                dht.closed().await;
            }
        }
    }
}

/// Asks DHTs at the same time.
fn ask_these<'a>(
    dhts: impl Iterator<Item = &'a DhtHandle>,
    request: &Request,
    steps: bool,
) -> BoxStream<'static, Found> {
    let dhts: Vec<_> = dhts.map(|dht| dht.commands.clone()).collect();
    let request = request.clone();
    let start = async move {
        let (events, receiver) = mpsc::channel(EVENTS);
        for dht in dhts {
            let command = Command {
                request: request.clone(),
                events: events.clone(),
                steps,
            };
            // A DHT that has ended answers nothing.
            let _ = dht.send(command).await;
        }
        futures_util::stream::unfold(receiver, |mut receiver| async move {
            let found = receiver.recv().await?;
            Some((found, receiver))
        })
    };
    futures_util::stream::once(start).flatten().boxed()
}

/// A peer and its addresses in our types; addresses that ours do not know are left out.
fn peer_addresses(peer: &PeerInfo) -> PeerAddresses {
    let addresses = peer.addrs.iter();
    PeerAddresses {
        peer: peer.peer_id.into(),
        addresses: addresses.filter_map(convert::address_from_libp2p).collect(),
    }
}

fn error_of(action: &'static str, failure: Failure) -> NetworkError {
    let source = match failure {
        Failure::NoPeers => return NetworkError::NoPeers,
        Failure::TimedOut => LookupError::TimedOut,
        Failure::NotStored => LookupError::NotStored,
        Failure::Refused => LookupError::Refused,
        Failure::Busy => LookupError::Busy,
        Failure::Router => LookupError::Router,
    };
    NetworkError::Failed {
        action,
        source: Arc::new(source),
    }
}
