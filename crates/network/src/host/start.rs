//! Starting and stopping a host.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use cairn_store::network::{NetworkError, Reachability, Routing};
use libp2p::core::transport::{Boxed, ListenerId, TransportError};
use libp2p::swarm::{Config, Swarm};
use libp2p::{Multiaddr, PeerId, relay};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::announce::Policy;
use super::behaviour::Behaviour;
use super::book::Book;
use super::keep::Peerings;
use super::meter::Meters;
use super::names::Names;
use super::ping;
use super::run::{Command, Runner};
use super::settings::Settings;
use super::shell::Shell;
use super::state::{Shared, State};
use super::transport::{self, Filters, Output};
use super::trim::Protected;
use crate::{bitswap, pubsub, routing, streams};

/// Commands that wait for the swarm. Whoever sends more waits.
const MAX_COMMANDS: usize = 256;

/// How long connections may take to close when the host stops.
const STOP: Duration = Duration::from_secs(1);

/// How long a listener may take to know its addresses.
const LISTEN: Duration = Duration::from_secs(3);

/// A connection without streams is closed only by trimming, as in Kubo.
const IDLE: Duration = Duration::from_secs(365 * 24 * 3_600);

/// The behaviours of the other modules that the swarm runs. A module that is left out is off.
#[derive(Default)]
pub struct Modules {
    /// Blocks.
    pub bitswap: Option<bitswap::Behaviour>,
    /// The DHTs.
    pub routing: Option<routing::Behaviour>,
    /// Messages by topic.
    pub pubsub: Option<pubsub::Behaviour>,
    /// Streams of protocols that are named while the node runs.
    pub streams: Option<streams::Behaviour>,
}

/// Why a host does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A private network is required, and there is no key.
    #[error(
        "only a private network is allowed (LIBP2P_FORCE_PNET), and the repository has no swarm.key"
    )]
    NoSwarmKey,
    /// No encryption is on.
    #[error("Swarm.Transports.Security turns off both TLS and Noise: turn one of them on")]
    NoSecurity,
    /// A transport cannot be built.
    #[error("cannot set up the transports to peers")]
    Transport(#[source] io::Error),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: Multiaddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A running swarm. Stopped by [`Host::shutdown`]; dropping it stops it without closing connections properly.
pub struct Host {
    pub(super) shared: Arc<Shared>,
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) pings: mpsc::Sender<ping::Request>,
    pub(super) names: Option<Names>,
    /// Finds addresses of peers.
    pub(super) routing: RwLock<Option<Arc<dyn Routing>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Host")
            .field("peer", &self.shared.local)
            .finish_non_exhaustive()
    }
}

impl Host {
    /// Builds a swarm, listens, and runs it as a task of the current runtime. Addresses with port 0 are known when this returns.
    ///
    /// # Errors
    /// See [`StartError`]. An address of the settings that cannot be listened on is an error if no other can.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn start(settings: Settings, modules: Modules) -> Result<Arc<Self>, StartError> {
        // Settings, modules and the swarm are large: too large for the futures of callers.
        Box::pin(Self::start_boxed(settings, modules)).await
    }

    async fn start_boxed(settings: Settings, modules: Modules) -> Result<Arc<Self>, StartError> {
        if settings.force_private && settings.swarm_key.is_none() {
            return Err(StartError::NoSwarmKey);
        }
        if settings.transports.tls.is_none() && settings.transports.noise.is_none() {
            return Err(StartError::NoSecurity);
        }
        let shared = shared(&settings);
        let (transport, relays) = transports(&settings, &shared).map_err(StartError::Transport)?;
        let (pings, ping_requests) = ping::channel();
        let behaviour = Behaviour::new(&settings, &shared, ping_requests, relays, modules);
        let mut swarm = swarm(transport, behaviour, shared.local);
        let listeners = listen(&mut swarm, &settings.listen)?;
        let (commands, receiver) = mpsc::channel(MAX_COMMANDS);
        let (ready, listening) = oneshot::channel();
        let runner = Runner::new(
            swarm,
            settings,
            Arc::clone(&shared),
            receiver,
            listeners,
            ready,
        );
        let task = tokio::spawn(runner.run());
        let names = Names::new()
            .inspect_err(|error| tracing::warn!(%error, "names of peers are not resolved"));
        let host = Arc::new(Self {
            shared,
            commands,
            pings,
            names: names.ok(),
            routing: RwLock::default(),
            task: Mutex::new(Some(task)),
        });
        let _ = tokio::time::timeout(LISTEN, listening).await;
        Ok(host)
    }

    /// Closes the connections and stops the swarm, within 2 seconds. A second call has no effect.
    pub async fn shutdown(&self) {
        let task = self.task.lock().take();
        let Some(mut task) = task else { return };
        let (done, stopped) = oneshot::channel();
        let stop = async {
            if self.commands.send(Command::Shutdown(done)).await.is_ok() {
                let _ = stopped.await;
            }
        };
        let _ = tokio::time::timeout(STOP, stop).await;
        if tokio::time::timeout(STOP, &mut task).await.is_err() {
            task.abort();
        }
    }

    /// Sets who finds the addresses of peers that are to be connected to.
    pub fn set_routing(&self, routing: Option<Arc<dyn Routing>>) {
        *self.routing.write() = routing;
    }

    /// Keeps the connections to a peer from being trimmed, for a purpose.
    pub fn protect(&self, peer: &cairn_primitives::PeerId, purpose: &'static str) {
        self.shared.protected.add(peer.into(), purpose);
    }

    /// Ends that.
    pub fn unprotect(&self, peer: &cairn_primitives::PeerId, purpose: &'static str) {
        self.shared.protected.remove(peer.into(), purpose);
    }

    /// The peer ID of this node.
    #[must_use]
    pub fn local(&self) -> PeerId {
        self.shared.local
    }

    /// Whether others reach this node, and changes of that.
    #[must_use]
    pub fn watch_reachability(&self) -> watch::Receiver<Reachability> {
        self.shared.reachable.subscribe()
    }

    /// Sends a command to the swarm.
    pub(super) async fn send(&self, command: Command) -> Result<(), NetworkError> {
        self.commands
            .send(command)
            .await
            .map_err(|_| NetworkError::Closed)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().take() {
            task.abort();
        }
    }
}

fn shared(settings: &Settings) -> Arc<Shared> {
    let public = settings.identity.public();
    let peerings = Peerings::default();
    for kept in &settings.peering {
        let addresses = kept.addresses.iter().map(Into::into);
        peerings.add((&kept.peer).into(), addresses.collect());
    }
    Arc::new(Shared {
        local: public.to_peer_id(),
        public_key: public.encode_protobuf(),
        agent: settings.agent.clone(),
        state: RwLock::new(State::default()),
        book: Book::default(),
        meters: Meters::new(settings.count_bandwidth),
        filters: Filters::new(settings.filters.clone()),
        peerings,
        protected: Protected::default(),
        policy: Policy::new(settings),
        protocols: super::protocols::Protocols::default(),
        limits: settings.limits.clone(),
        reachable: watch::Sender::new(match settings.auto_nat.assume {
            Some(true) => Reachability::Public,
            Some(false) => Reachability::Private,
            None => Reachability::Unknown,
        }),
    })
}

/// The transports of the settings, and the part of the behaviour that belongs to the one through relays.
pub(super) fn transports(
    settings: &Settings,
    shared: &Shared,
) -> io::Result<(Boxed<Output>, Option<relay::client::Behaviour>)> {
    let relays = settings.transports.relay && settings.relay.client;
    let (relays, behaviour) = relays.then(|| relay::client::new(shared.local)).unzip();
    let transport = transport::build(settings, &shared.filters, &shared.meters, relays)?;
    Ok((transport, behaviour))
}

/// A swarm without listeners.
pub(super) fn swarm(
    transport: Boxed<Output>,
    behaviour: Behaviour,
    local: PeerId,
) -> Swarm<Shell<Behaviour>> {
    let config = Config::with_tokio_executor()
        .with_idle_connection_timeout(IDLE)
        .with_smart_dial();
    Swarm::new(transport, Shell::new(behaviour), local, config)
}

/// Listens on addresses. Addresses without a transport are skipped.
pub(super) fn listen(
    swarm: &mut Swarm<Shell<Behaviour>>,
    addresses: &[cairn_primitives::Multiaddr],
) -> Result<HashSet<ListenerId>, StartError> {
    let mut failed = None;
    let mut listeners = HashSet::new();
    for address in addresses.iter().map(Multiaddr::from) {
        match swarm.listen_on(address.clone()) {
            Ok(id) => {
                listeners.insert(id);
            }
            Err(TransportError::MultiaddrNotSupported(address)) => {
                tracing::info!(%address, "no transport for this address is available: it is skipped");
            }
            Err(TransportError::Other(source)) => {
                tracing::error!(%address, error = %source, "cannot listen");
                failed.get_or_insert(StartError::Listen { address, source });
            }
        }
    }
    if listeners.is_empty()
        && let Some(error) = failed
    {
        return Err(error);
    }
    Ok(listeners)
}
