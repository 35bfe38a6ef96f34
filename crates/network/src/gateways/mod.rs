//! Blocks from trustless HTTP gateways.
//!
//! A gateway is asked for one raw block at a time (`/ipfs/CID?format=raw`), and its bytes are checked as those of any peer. It is
//! one of a list, or one that HTTP routers name as a provider (`transport-ipfs-gateway-http`). [`Gateways`] is an exchange for
//! itself; [`Fallback`] combines it with another one.
//!
//! Spec: <https://specs.ipfs.tech/http-gateways/trustless-gateway/>

mod fallback;
mod fetch;
mod origin;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::Cid;
use cairn_store::Exchange;
use cairn_store::exchange::{Arrival, Session, SessionRequest, Wants};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use parking_lot::Mutex;
use tokio::sync::{OnceCell, Semaphore};

pub use self::fallback::Fallback;
use self::fetch::Fetcher;
use self::origin::Origin;
use crate::https::ClientError;

/// Largest block that is read, in bytes.
const BLOCK: usize = 2 << 20;
/// Gateways of one session that are found by routers; further ones are ignored.
const FOUND: usize = 8;
/// Time for which routers are waited for before a block counts as missing.
const SEARCH: Duration = Duration::from_secs(10);

/// Settings of gateways.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// URLs of gateways that are always asked, without `/ipfs`.
    pub urls: Vec<String>,
    /// Whether gateways are also used that HTTP routers name. Their addresses must be public, and use HTTPS.
    pub discover: bool,
    /// Maximum number of requests at the same time, of all sessions; more wait.
    pub requests: usize,
    /// Timeout of a request.
    pub timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            discover: true,
            requests: 16,
            timeout: Duration::from_secs(30),
        }
    }
}

/// Finds gateways that have content.
pub trait FindGateways: Send + Sync + 'static {
    /// URLs of gateways, as they are found.
    fn find(&self, cid: &Cid) -> BoxStream<'static, String>;
}

/// An exchange that fetches blocks from gateways. Clones share everything.
#[derive(Clone)]
pub struct Gateways {
    inner: Arc<Inner>,
}

struct Inner {
    listed: Vec<Arc<Origin>>,
    finder: Option<Arc<dyn FindGateways>>,
    fetcher: Fetcher,
    requests: Semaphore,
    /// Gateways that were found, so that what is known of them is kept from one session to the next.
    found: Mutex<Vec<Arc<Origin>>>,
}

/// Found gateways that are remembered; then the oldest is forgotten.
const REMEMBERED: usize = 256;

impl std::fmt::Debug for Gateways {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Gateways").finish_non_exhaustive()
    }
}

impl Gateways {
    /// Creates the exchange; `finder` is used if [`Settings::discover`] is set.
    ///
    /// # Errors
    /// If HTTP cannot be set up.
    pub fn new(
        settings: &Settings,
        finder: Option<Arc<dyn FindGateways>>,
    ) -> Result<Self, ClientError> {
        let listed = settings.urls.iter().filter_map(|url| {
            let origin = Origin::listed(url);
            if origin.is_none() {
                tracing::warn!(url, "a gateway is ignored: its URL is not one of HTTP");
            }
            origin.map(Arc::new)
        });
        let inner = Inner {
            listed: listed.collect(),
            finder: finder.filter(|_| settings.discover),
            fetcher: Fetcher::new(settings.timeout)?,
            requests: Semaphore::new(settings.requests.clamp(1, Semaphore::MAX_PERMITS)),
            found: Mutex::default(),
        };
        let inner = Arc::new(inner);
        Ok(Self { inner })
    }

    /// Whether no gateway can be asked.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.inner.listed.is_empty() && self.inner.finder.is_none()
    }
}

impl Exchange for Gateways {
    fn session(&self, request: SessionRequest) -> Arc<dyn Session> {
        let inner = SessionState {
            gateways: Arc::clone(&self.inner),
            root: request.root,
            found: OnceCell::new(),
        };
        Arc::new(GatewaySession(Arc::new(inner)))
    }
}

struct GatewaySession(Arc<SessionState>);

struct SessionState {
    gateways: Arc<Inner>,
    root: Cid,
    /// Gateways that routers name for the root; asked for once, when no listed gateway has a block.
    found: OnceCell<Vec<Arc<Origin>>>,
}

impl Session for GatewaySession {
    fn want(&self, cids: Vec<Cid>) -> Wants {
        // The semaphore bounds the requests of all sessions.
        let at_once = cids.len().max(1);
        let state = Arc::clone(&self.0);
        let blocks = stream::iter(cids).map(move |cid| {
            let state = Arc::clone(&state);
            async move { Ok(state.fetch(cid).await) }
        });
        blocks.buffer_unordered(at_once).boxed()
    }
}

impl SessionState {
    async fn fetch(&self, cid: Cid) -> Arrival {
        let gateways = &self.gateways;
        for origin in &gateways.listed {
            if let Some(block) = gateways.fetch_from(origin, &cid).await {
                return block;
            }
        }
        if let Some(finder) = &gateways.finder {
            let found = self
                .found
                .get_or_init(|| gateways.find(&**finder, &self.root));
            for origin in found.await {
                if let Some(block) = gateways.fetch_from(origin, &cid).await {
                    return block;
                }
            }
        }
        Arrival::Missing(cid)
    }
}

impl Inner {
    async fn fetch_from(&self, origin: &Origin, cid: &Cid) -> Option<Arrival> {
        if !origin.is_usable() {
            return None;
        }
        let _permit = self.requests.acquire().await.ok()?;
        self.fetcher.fetch(origin, cid).await.map(Arrival::Block)
    }

    async fn find(&self, finder: &dyn FindGateways, root: &Cid) -> Vec<Arc<Origin>> {
        let urls = finder.find(root).take_until(tokio::time::sleep(SEARCH));
        let origins = urls.filter_map(|url| {
            let origin = Origin::found(&url).map(|origin| self.remember(origin));
            std::future::ready(origin)
        });
        origins.take(FOUND).collect().await
    }

    /// The same gateway, if it is known.
    fn remember(&self, origin: Origin) -> Arc<Origin> {
        let mut found = self.found.lock();
        if let Some(known) = found.iter().find(|known| known.is_same(&origin)) {
            return Arc::clone(known);
        }
        if found.len() >= REMEMBERED {
            found.remove(0);
        }
        let origin = Arc::new(origin);
        found.push(Arc::clone(&origin));
        origin
    }
}
