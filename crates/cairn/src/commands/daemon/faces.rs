//! Where the daemon listens.

use std::net::SocketAddr;
use std::sync::Arc;

use cairn_http::listen::{self, Listener};
use cairn_http::{gateway, hosts, kubo};
use cairn_node::Node;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::error::Problem;

/// What serves one face.
type Router = axum::Router;

/// A face that is about to listen.
struct Plan {
    /// Its name in the line that says where it listens.
    name: &'static str,
    /// Its key in the configuration.
    key: &'static str,
    addresses: Vec<String>,
    router: Router,
    /// Whether whoever reaches it needs a credential.
    guarded: bool,
}

/// Faces that listen; connections wait until they are served.
pub(super) struct Faces {
    open: Vec<(Listener, Router)>,
    lines: Vec<String>,
}

impl Faces {
    /// Binds every address of the configuration and says so in the repository.
    pub(super) async fn open(
        node: &Arc<Node>,
        insecure_open: bool,
        stop: &CancellationToken,
    ) -> Result<Self, Problem> {
        let config = node.config();
        let rpc = Arc::new(kubo::Rpc::new(Arc::clone(node), stop.clone()));
        let plans = [
            Plan {
                name: "RPC API server",
                key: "Addresses.API",
                addresses: config.addresses.api.0.clone(),
                guarded: rpc.asks_for_credentials(),
                router: hosts::only(config.api.allowed_hosts.as_deref(), kubo::router(rpc)),
            },
            Plan {
                name: "Gateway server",
                key: "Addresses.Gateway",
                addresses: config.addresses.gateway.0.clone(),
                router: hosts::only(
                    config.gateway.allowed_hosts.as_deref(),
                    gateway::router(Arc::clone(node)),
                ),
                guarded: false,
            },
        ];
        let mut faces = Self {
            open: Vec::new(),
            lines: Vec::new(),
        };
        let mut first = Vec::new();
        for plan in plans {
            let listeners = plan.bind(insecure_open).await?;
            first.push(
                listeners
                    .first()
                    .map(|listener| (listener.address(), listener.socket_address())),
            );
            for listener in listeners {
                faces
                    .lines
                    .push(format!("{} listening on {}", plan.name, listener.address()));
                faces.open.push((listener, plan.router.clone()));
            }
        }
        let written = |problem: cairn_node::RepoError| Problem::from_error(&problem);
        if let Some(Some((address, socket))) = first.first() {
            node.repo()
                .write_api(&reachable(address, *socket))
                .map_err(written)?;
        }
        if let Some(Some((_, socket))) = first.get(1) {
            node.repo()
                .write_gateway(&format!("http://{}", reachable_socket(*socket)))
                .map_err(written)?;
        }
        Ok(faces)
    }

    /// The lines that say where the faces listen.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    /// Serves them until the token is cancelled.
    pub(super) fn serve(self, stop: &CancellationToken) -> JoinSet<()> {
        let mut served = JoinSet::new();
        for (listener, router) in self.open {
            served.spawn(listen::serve(listener, router, stop.clone()));
        }
        served
    }
}

impl Plan {
    async fn bind(&self, insecure_open: bool) -> Result<Vec<Listener>, Problem> {
        let mut listeners = Vec::new();
        for address in self.addresses.iter().filter(|address| !address.is_empty()) {
            let socket = listen::parse(address).map_err(|error| {
                Problem::from_error(&error).hint(format!(
                    "correct it with `{{program}} config {} ADDRESS`",
                    self.key
                ))
            })?;
            if !socket.ip().is_loopback() && !self.guarded && !insecure_open {
                return Err(Problem::failed(format!("the {} would listen on {address}, where others reach it, and asks for no credentials", self.name))
                    .hint(format!("listen on this machine alone: `{{program}} config {} {}`", self.key, loopback(socket)))
                    .hint("or, if something else keeps strangers away, start the daemon with `--insecure-open`"));
            }
            listeners.push(
                listen::bind(address)
                    .await
                    .map_err(|error| bind_problem(&error, self.key))?,
            );
        }
        Ok(listeners)
    }
}

fn bind_problem(error: &listen::ListenError, key: &str) -> Problem {
    let problem = Problem::from_error(error);
    match error {
        listen::ListenError::Bind { source, .. } if source.kind() == std::io::ErrorKind::AddrInUse => {
            problem.hint(format!("another program listens there; stop it, or choose another port: `{{program}} config {key} /ip4/127.0.0.1/tcp/PORT`"))
        }
        _ => problem,
    }
}

/// The same port on this machine alone.
fn loopback(socket: SocketAddr) -> String {
    let family = if socket.is_ipv4() {
        "ip4/127.0.0.1"
    } else {
        "ip6/::1"
    };
    format!("/{family}/tcp/{}", socket.port())
}

/// The address under which this machine reaches a listener: one that listens everywhere is reached here.
fn reachable(address: &str, socket: SocketAddr) -> String {
    if socket.ip().is_unspecified() {
        loopback(socket)
    } else {
        address.to_owned()
    }
}

fn reachable_socket(socket: SocketAddr) -> SocketAddr {
    match socket {
        SocketAddr::V4(_) if socket.ip().is_unspecified() => {
            SocketAddr::from(([127, 0, 0, 1], socket.port()))
        }
        SocketAddr::V6(_) if socket.ip().is_unspecified() => {
            SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, socket.port()))
        }
        SocketAddr::V4(_) | SocketAddr::V6(_) => socket,
    }
}
