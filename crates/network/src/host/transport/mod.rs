//! The transports of a host, composed.
//!
//! ```text
//! outermost: timeouts, panics, counters            (guarded)
//!   relay │ WebSocket │ names
//!             names       QUIC │ TCP
//!             TCP         below both: address filters
//! ```
//! TCP, WebSocket and relayed connections are encrypted by TLS or Noise and multiplexed by Yamux; in a private network, XSalsa20 with
//! the swarm key is below that. QUIC has its own encryption and streams.

mod filter;
mod frames;
mod gather;
mod guarded;
mod security;
mod tls;

use std::io;

use futures_util::future::Either;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::{Boxed, OptionalTransport};
use libp2p::core::{Transport, upgrade};
use libp2p::dns::{ResolverConfig, ResolverOpts};
use libp2p::futures::{AsyncRead, AsyncWrite};
use libp2p::pnet::PnetConfig;
use libp2p::{PeerId, dns, quic, relay, tcp, websocket, yamux};

use self::filter::FilteredTransport;
pub(super) use self::filter::{Filters, in_ranges, ip_of};
use self::frames::Yamux;
use self::gather::ReadAhead;
use self::guarded::Guarded;
use self::security::Security;
use super::meter::Meters;
use super::settings::{Settings, WssCertificate};

/// What a transport of the swarm returns.
pub(super) type Output = (PeerId, StreamMuxerBox);

/// How many bytes of a QUIC connection, and of each of its streams, wait for whoever reads them.
const QUIC_CONNECTION_WINDOW: u32 = 8 << 20;
const QUIC_STREAM_WINDOW: u32 = 4 << 20;

/// Streams that one side of a connection may have open, both directions together, by Yamux.
const YAMUX_STREAMS: usize = 1_024;

/// Builds the transports that the settings turn on.
pub(super) fn build(
    settings: &Settings,
    filters: &Filters,
    meters: &Meters,
    relays: Option<relay::client::Transport>,
) -> io::Result<Boxed<Output>> {
    let on = &settings.transports;
    let private = settings.swarm_key.is_some();
    let security = Security::new(&settings.identity, on)?;
    let tcp = || {
        let inner = tcp::tokio::Transport::new(tcp::Config::default().nodelay(true)).boxed();
        FilteredTransport::new(inner, filters.clone())
    };
    let plain_tcp = optional(on.tcp.then(|| multiplexed(tcp(), settings, &security)));
    let quic = optional((on.quic && !private).then(|| {
        let mut config = quic::Config::new(&settings.identity);
        config.max_connection_data = QUIC_CONNECTION_WINDOW;
        config.max_stream_data = QUIC_STREAM_WINDOW;
        config.handshake_timeout = settings.limits.handshake;
        let inner = quic::tokio::Transport::new(config)
            .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)))
            .boxed();
        FilteredTransport::new(inner, filters.clone())
    }));
    let direct = quic
        .or_transport(plain_tcp)
        .map(|either, _| either.into_inner());
    let direct = with_names(direct);
    let websocket = if on.websocket {
        let mut websocket = websocket::Config::new(with_names(tcp()));
        websocket.set_tls_config(wss(settings)?);
        Some(multiplexed(websocket, settings, &security))
    } else {
        None
    };
    let relays = relays.map(|relays| multiplexed(relays, settings, &security));
    let all = optional(relays)
        .or_transport(optional(websocket))
        .map(|either, _| either.into_inner())
        .or_transport(direct)
        .map(|either, _| either.into_inner())
        .boxed();
    Ok(Guarded::new(all, meters.clone(), settings.limits.clone()).boxed())
}

/// Encrypts and multiplexes, below that with the key of a private network.
fn multiplexed<T>(transport: T, settings: &Settings, security: &Security) -> Boxed<Output>
where
    T: Transport + Send + Unpin + 'static,
    T::Output: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    T::Error: Send + Sync + 'static,
    T::Dial: Send + 'static,
    T::ListenerUpgrade: Send + 'static,
{
    let key = settings
        .swarm_key
        .map(|key| PnetConfig::new(key.pre_shared()));
    let mut streams = yamux::Config::default();
    streams.set_max_num_streams(YAMUX_STREAMS);
    transport
        .and_then(move |socket, _| async move {
            let socket = match key {
                Some(key) => key
                    .handshake(socket)
                    .await
                    .map(Either::Left)
                    .map_err(|error| io::Error::other(error.to_string())),
                None => Ok(Either::Right(socket)),
            };
            socket.map(ReadAhead::new)
        })
        .upgrade(upgrade::Version::V1Lazy)
        .authenticate(security.clone())
        .multiplex(Yamux(streams))
        .boxed()
}

/// Resolves names by the servers of the system. A system without any resolves none.
fn with_names<T>(transport: T) -> dns::tokio::Transport<T>
where
    T: Transport + Send + Unpin + 'static,
{
    let (config, options) = system_names();
    dns::tokio::Transport::custom(transport, config, options)
}

/// The servers of the system.
pub(super) fn system_names() -> (ResolverConfig, ResolverOpts) {
    hickory_resolver::system_conf::read_system_conf().unwrap_or_else(|error| {
        tracing::debug!(%error, "cannot read the name servers of the system");
        (
            ResolverConfig::from_parts(None, Vec::new(), Vec::new()),
            ResolverOpts::default(),
        )
    })
}

/// The certificates of secure WebSocket: the node's own, and whom it trusts.
fn wss(settings: &Settings) -> io::Result<websocket::tls::Config> {
    let mut tls = websocket::tls::Config::builder();
    for root in &settings.trusted {
        let root = websocket::tls::Certificate::new(root.clone());
        tls.add_trust(&root).map_err(io::Error::other)?;
    }
    if let Some(WssCertificate { chain, key }) = &settings.wss {
        // `PrivateKey::new` panics for bytes that are no key.
        rustls::pki_types::PrivateKeyDer::try_from(key.clone()).map_err(io::Error::other)?;
        let key = websocket::tls::PrivateKey::new(key.clone());
        let chain = chain.iter().cloned().map(websocket::tls::Certificate::new);
        tls.server(key, chain).map_err(io::Error::other)?;
    }
    Ok(tls.finish())
}

fn optional<T>(transport: Option<T>) -> OptionalTransport<T> {
    transport.map_or_else(OptionalTransport::none, OptionalTransport::some)
}
