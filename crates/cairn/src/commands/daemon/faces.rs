//! The listeners of the daemon.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use cairn_http::listen::{self, Address, Face, Listener, Place};
use cairn_http::metrics::HttpMetrics;
use cairn_http::tls::Tls;
use cairn_http::{cluster, gateway, hosts, kubo, pinning, upload};
use cairn_node::config::sections::Face as AddressedFace;
use cairn_node::{Config, Node};
use cairn_services::Services;
use cairn_store::shared::SharedError;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::error::Problem;
use crate::{logging, remote_pins};

/// The name of the cluster's face.
const CLUSTER: &str = "Cluster server";

/// A face before it listens.
struct PlannedFace {
    /// Its name in the line with its address.
    name: &'static str,
    /// Its key in the configuration.
    key: &'static str,
    addresses: Vec<String>,
    face: Face,
    /// Whether it requires credentials.
    guarded: bool,
}

/// Bound faces; connections wait until they are served.
pub(super) struct Faces {
    open: Vec<(Listener, Face)>,
    lines: Vec<String>,
}

impl Faces {
    /// Binds all addresses of the configuration and publishes them in the repository.
    pub(super) async fn open(
        node: &Arc<Node>,
        services: &Arc<Services>,
        insecure_open: bool,
        stop: &CancellationToken,
    ) -> Result<Self, Problem> {
        let config = node.config();
        let tls = certificate(node, &config)?;
        let metrics = HttpMetrics::register(node.metrics());
        let measured = |name, service| {
            Face::new(metrics.measure(name, service)).with_metrics(metrics.connections(name))
        };
        let rpc = kubo::Rpc::new(Arc::clone(node), stop.clone());
        let rpc = rpc.with_logs(logging::levels());
        let rpc = Arc::new(rpc.with_remote_pins(Arc::new(remote_pins::Client::default())));
        // The faces of the services, one entry each, below; they always ask for credentials.
        let version = upload::Version {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: String::new(),
        };
        let plans = [
            PlannedFace {
                name: "RPC API server",
                key: "Addresses.API",
                addresses: config.addresses.api.0.clone(),
                guarded: rpc.asks_for_credentials(),
                face: measured(
                    "rpc",
                    hosts::only(config.api.allowed_hosts.as_deref(), kubo::service(rpc)),
                ),
            },
            PlannedFace {
                name: "Gateway server",
                key: "Addresses.Gateway",
                addresses: config.addresses.gateway.0.clone(),
                guarded: false,
                face: measured(
                    "gateway",
                    hosts::only(
                        config.gateway.allowed_hosts.as_deref(),
                        gateway::service(Arc::clone(node)),
                    ),
                )
                .with_tunnels(),
            },
            PlannedFace {
                name: "Pinning service",
                key: "Addresses.Pinning",
                addresses: config.addresses.face(AddressedFace::Pinning),
                guarded: true,
                face: measured(
                    "pinning",
                    pinning::service(
                        Arc::clone(services.pin_queue()),
                        Arc::clone(services.accounts()),
                    ),
                ),
            },
            PlannedFace {
                name: "Upload server",
                key: "Addresses.Upload",
                addresses: config.addresses.face(AddressedFace::Upload),
                guarded: true,
                face: measured("upload", upload::service(Arc::clone(services), version)),
            },
            PlannedFace {
                name: CLUSTER,
                key: "Addresses.Cluster",
                addresses: config.addresses.face(AddressedFace::Cluster),
                guarded: cluster_has_users(services).await?,
                face: measured("cluster", cluster::service(Arc::clone(services.cluster()))),
            },
        ];
        let mut faces = Self {
            open: Vec::new(),
            lines: Vec::new(),
        };
        let mut nearest = Vec::new();
        for plan in plans {
            let listeners = plan.bind(insecure_open, tls.as_ref()).await?;
            if plan.name == CLUSTER {
                announce_cluster(node, services, &listeners);
            }
            nearest.push(nearest_of(&listeners));
            for listener in listeners {
                faces
                    .lines
                    .push(format!("{} listening on {}", plan.name, listener.address()));
                faces.open.push((listener, plan.face.clone()));
            }
        }
        let written = |problem: cairn_node::RepoError| Problem::from_error(&problem);
        if let Some(Some(address)) = nearest.first() {
            node.repo()
                .write_api(&address.to_string())
                .map_err(written)?;
        }
        if let Some(Some(Address {
            place: Place::Tcp(socket),
            tls,
        })) = nearest.get(1)
        {
            let scheme = if *tls { "https" } else { "http" };
            node.repo()
                .write_gateway(&format!("{scheme}://{socket}"))
                .map_err(written)?;
        }
        let further = [
            AddressedFace::Pinning,
            AddressedFace::Upload,
            AddressedFace::Cluster,
        ];
        for (face, address) in further.into_iter().zip(nearest.iter().skip(2)) {
            if let Some(address) = address {
                let published = node.repo().write_face(face, &address.to_string());
                published.map_err(written)?;
            }
        }
        Ok(faces)
    }

    /// The lines with the addresses of the faces.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    /// Serves them until the token is cancelled.
    pub(super) fn serve(self, stop: &CancellationToken) -> JoinSet<()> {
        let mut served = JoinSet::new();
        for (listener, face) in self.open {
            served.spawn(listen::serve(listener, face, stop.clone()));
        }
        served
    }
}

impl PlannedFace {
    async fn bind(&self, insecure_open: bool, tls: Option<&Tls>) -> Result<Vec<Listener>, Problem> {
        let mut listeners = Vec::new();
        for address in self.addresses.iter().filter(|address| !address.is_empty()) {
            let parsed: Address = address.parse().map_err(|error: listen::ListenError| {
                Problem::from_error(&error).hint(format!(
                    "correct it with `{{program}} config {} ADDRESS`",
                    self.key
                ))
            })?;
            if !parsed.is_local() && !self.guarded && !insecure_open {
                let problem = format!(
                    "the {} would listen on {address}, where others reach it, and asks for no credentials",
                    self.name
                );
                let mut problem = Problem::failed(problem).hint(format!(
                    "listen only on this machine: `{{program}} config {} {}`",
                    self.key,
                    reached_here(&parsed, true)
                ));
                if self.key == "Addresses.API" {
                    problem = problem.hint("or set `API.Authorizations`");
                }
                return Err(problem.hint("or, if access is restricted by other means, start the daemon with `--insecure-open`"));
            }
            listeners.push(
                listen::bind(&parsed, tls)
                    .await
                    .map_err(|error| bind_problem(&error, self.key))?,
            );
        }
        Ok(listeners)
    }
}

/// Whether the cluster's face asks for credentials.
async fn cluster_has_users(services: &Services) -> Result<bool, Problem> {
    let cluster = services.cluster();
    match cluster.has_users().await {
        Ok(some) => Ok(some),
        // A database that is away has them or not: nobody is let in without them then, also when it is back.
        Err(SharedError::Unreachable(_)) => {
            cluster.require_users();
            Ok(true)
        }
        Err(error) => Err(Problem::failed("cannot read the users of the cluster").because(&error)),
    }
}

/// Tells the other peers of the cluster where this one is reached.
fn announce_cluster(node: &Node, services: &Services, listeners: &[Listener]) {
    let config = node.config();
    let announced = match &config.cluster.announce {
        Some(addresses) => addresses.clone(),
        None => listeners
            .iter()
            .map(|listener| reached_here(listener.address(), false).to_string())
            .collect(),
    };
    services.cluster().announce(announced);
}

/// The certificate of the configuration.
fn certificate(node: &Node, config: &Config) -> Result<Option<Tls>, Problem> {
    let (certificate, key) = match (&config.tls.certificate, &config.tls.key) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        _ => {
            return Err(
                Problem::failed("TLS.Certificate and TLS.Key must be set together")
                    .hint("set both to PEM files, relative to the repository or absolute"),
            );
        }
    };
    let repository = node.repo().path();
    Tls::read(&repository.join(certificate), &repository.join(key))
        .map(Some)
        .map_err(|error| Problem::from_error(&error))
}

fn bind_problem(error: &listen::ListenError, key: &str) -> Problem {
    let problem = Problem::from_error(error);
    match error {
        listen::ListenError::Bind { source, .. } if source.kind() == std::io::ErrorKind::AddrInUse => {
            problem.hint(format!("another program listens there; stop it, or choose another port: `{{program}} config {key} /ip4/127.0.0.1/tcp/PORT`"))
        }
        listen::ListenError::NoCertificate { .. } => {
            problem.hint("set `TLS.Certificate` and `TLS.Key` to its PEM files")
        }
        _ => problem,
    }
}

/// The best local address of a face: without TLS, if there is a choice.
fn nearest_of(listeners: &[Listener]) -> Option<Address> {
    let addresses = listeners.iter().map(Listener::address);
    addresses
        .min_by_key(|address| address.tls)
        .map(|address| reached_here(address, false))
}

/// The local address of a listener: the loopback if it listens on all interfaces. With `always`, also on other
/// networks.
fn reached_here(address: &Address, always: bool) -> Address {
    match &address.place {
        Place::Tcp(socket) if always || socket.ip().is_unspecified() => {
            let ip: IpAddr = match socket {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            };
            Address {
                place: Place::Tcp(SocketAddr::new(ip, socket.port())),
                tls: address.tls,
            }
        }
        _ => address.clone(),
    }
}
