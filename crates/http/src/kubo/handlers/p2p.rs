//! `p2p`: TCP connections through streams of peers.

use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::Multiaddr;
use cairn_store::Network;
use cairn_store::network::{PeerAddresses, TunnelFilter, Tunnels};
use cairn_wire::kubo::p2p::close::P2pClose;
use cairn_wire::kubo::p2p::forward::P2pForward;
use cairn_wire::kubo::p2p::listen::P2pListen;
use cairn_wire::kubo::p2p::ls::{P2pListener, P2pListeners, P2pLs};
use cairn_wire::kubo::p2p::stream::close::P2pStreamClose;
use cairn_wire::kubo::p2p::stream::ls::{P2pStream, P2pStreamLs, P2pStreams};

use super::super::error::text;
use super::super::network::peer_or_address;
use super::super::{Answer, Call, Failure, Handler};

const DISABLED: &str = "libp2p stream mounting not enabled";

/// What the names of protocols begin with, unless others are allowed.
const SPACE: &str = "/x/";

/// Time limit for resolving the peer of an address without a peer ID.
const RESOLVE: Duration = Duration::from_secs(10);

/// The network, if tunnels are enabled: [`enabled`] has the tunnels of it.
fn network(call: &Call) -> Result<Arc<dyn Network>, Failure> {
    if !call.node().config().experimental.libp2p_stream_mounting {
        return Err(Failure::normal(DISABLED));
    }
    call.network()
}

fn enabled(network: &dyn Network) -> Result<&dyn Tunnels, Failure> {
    // The setting may have been changed while the node runs.
    let tunnels = network.tunnels();
    tunnels.ok_or_else(|| Failure::normal(format!("{DISABLED}: restart the daemon")))
}

fn check_protocol(name: &str, any: bool) -> Result<(), Failure> {
    if any || name.starts_with(SPACE) {
        return Ok(());
    }
    Err(Failure::normal(format!(
        "protocol name must be within '{SPACE}' namespace"
    )))
}

/// A command that waits for its end would hold the connection.
fn refuse_foreground(foreground: bool) -> Result<(), Failure> {
    if foreground {
        return Err(Failure::normal(
            "running in the foreground is not supported: end it with `p2p close`",
        ));
    }
    Ok(())
}

/// Refuses a target without a port, as nothing can be there.
fn check_port(target: &str) -> Result<(), Failure> {
    let mut parts = target.split('/');
    if !parts.any(|part| matches!(part, "tcp" | "udp")) {
        return Err(Failure::normal(
            "address does not contain tcp or udp protocol",
        ));
    }
    if parts.next() == Some("0") {
        return Err(Failure::normal("port can not be 0"));
    }
    Ok(())
}

impl Handler for P2pListen {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = network(&call)?;
        let target: Multiaddr = self.target.parse()?;
        check_port(&self.target)?;
        check_protocol(&self.protocol, self.allow_custom_protocol)?;
        refuse_foreground(self.foreground)?;
        let listen = enabled(&*network)?.listen(self.protocol, target, self.report_peer_id);
        listen.map_err(|error| Failure::normal(text(&error)))
    }
}

/// The peer of an address; one without a peer ID is resolved.
async fn target(network: &dyn Network, text: &str) -> Result<PeerAddresses, Failure> {
    let address: Multiaddr = text.parse()?;
    if address.last_protocol() == "p2p" {
        return peer_or_address(text);
    }
    let resolved = network.swarm().resolve(&address);
    let resolved = tokio::time::timeout(RESOLVE, resolved).await;
    let resolved = resolved.map_err(|_| Failure::normal("context deadline exceeded"))??;
    let mut peers = resolved.into_iter();
    let Some(mut first) = peers.next() else {
        return Err(Failure::normal(format!(
            "fail to resolve the multiaddr:{address}"
        )));
    };
    for other in peers {
        if other.peer != first.peer {
            return Err(Failure::normal(format!(
                "ambiguous multiaddr {address} could refer to {} or {}",
                first.peer, other.peer
            )));
        }
        first.addresses.extend(other.addresses);
    }
    Ok(first)
}

impl Handler for P2pForward {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = network(&call)?;
        let listen: Multiaddr = self.listen.parse()?;
        let target = target(&*network, &self.target).await?;
        check_protocol(&self.protocol, self.allow_custom_protocol)?;
        refuse_foreground(self.foreground)?;
        let forwarded = enabled(&*network)?.forward(self.protocol, listen, target);
        forwarded
            .await
            .map_err(|error| Failure::normal(text(&error)))
    }
}

impl Handler for P2pLs {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = network(&call)?;
        let listeners = enabled(&*network)?.listeners().into_iter();
        let listeners = listeners.map(|listener| P2pListener {
            protocol: listener.protocol,
            listen_address: listener.listen.to_string(),
            target_address: listener.target.to_string(),
        });
        Ok(P2pListeners {
            listeners: listeners.collect(),
        })
    }
}

impl Handler for P2pClose {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = network(&call)?;
        let address = |text: Option<String>| text.map(|text| text.parse::<Multiaddr>()).transpose();
        let filter = TunnelFilter {
            protocol: self.protocol,
            listen: address(self.listen)?,
            target: address(self.target)?,
        };
        match (self.all, filter == TunnelFilter::default()) {
            (false, true) => return Err(Failure::normal("no matching options given")),
            (true, false) => {
                return Err(Failure::normal(
                    "can't combine --all with other matching options",
                ));
            }
            _ => {}
        }
        let closed = enabled(&*network)?.close(&filter);
        Ok(i64::try_from(closed).unwrap_or(i64::MAX))
    }
}

impl Handler for P2pStreamLs {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = network(&call)?;
        let streams = enabled(&*network)?
            .open()
            .into_iter()
            .map(|tunnel| P2pStream {
                handler_id: tunnel.id.to_string(),
                protocol: tunnel.protocol,
                origin_address: tunnel.origin.to_string(),
                target_address: tunnel.target.to_string(),
            });
        Ok(P2pStreams {
            streams: streams.collect(),
        })
    }
}

impl Handler for P2pStreamClose {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = network(&call)?;
        let id = match (self.all, &self.id) {
            (true, _) => None,
            (false, None) => return Err(Failure::normal("no id specified")),
            (false, Some(text)) => {
                let id = text.parse::<u64>();
                Some(id.map_err(|_| {
                    Failure::normal(format!("{text:?} is not the number of a tunnel"))
                })?)
            }
        };
        enabled(&*network)?.end(id);
        Ok(())
    }
}
