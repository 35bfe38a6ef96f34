//! Where the APIs and the gateway listen.

use std::net::SocketAddr;

use cairn_http::listen::{Address, Place};
use cairn_node::config::sections::{Addresses, Face};
use cairn_node::repo;
use serde::Serialize;
use serde_json::Value;

use crate::globals::Globals;
use crate::session::{API_FILE, Session, read_small};

/// Where the APIs and the gateway listen.
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FaceAddresses {
    /// The RPC.
    #[serde(rename = "API")]
    api: Vec<String>,
    gateway: Vec<String>,
    /// Those that only this program has; absent for another server.
    #[serde(flatten)]
    own: Option<OwnFaceAddresses>,
}

/// Where the APIs of the services listen.
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct OwnFaceAddresses {
    pinning: Vec<String>,
    upload: Vec<String>,
    cluster: Vec<String>,
}

impl FaceAddresses {
    /// Those of the configuration, with the bound ones in place of those whose port the system chose.
    pub(super) fn of(configured: Option<Value>, bound: &BoundAddresses, is_own: bool) -> Self {
        let configured = configured.and_then(|value| serde_json::from_value(value).ok());
        let configured: Addresses = configured.unwrap_or_default();
        let own =
            |face, bound: &Option<String>| with_bound(configured.face(face), bound.as_deref());
        Self {
            own: is_own.then(|| OwnFaceAddresses {
                pinning: own(Face::Pinning, &bound.pinning),
                upload: own(Face::Upload, &bound.upload),
                cluster: own(Face::Cluster, &bound.cluster),
            }),
            api: with_bound(configured.api.0, bound.api.as_deref()),
            gateway: with_bound(configured.gateway.0, bound.gateway.as_deref()),
        }
    }

    /// Those of this program without a daemon.
    pub(super) fn closed() -> Self {
        Self {
            own: Some(OwnFaceAddresses::default()),
            ..Self::default()
        }
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = (&'static str, &[String])> {
        let own = self.own.iter().flat_map(|own| {
            [
                ("Pinning:", own.pinning.as_slice()),
                ("Uploads:", &own.upload),
                ("Cluster:", &own.cluster),
            ]
        });
        [("RPC:", self.api.as_slice()), ("Gateway:", &self.gateway)]
            .into_iter()
            .chain(own)
    }
}

/// Addresses on which the repository's daemon listens.
#[derive(Debug, Default)]
pub(super) struct BoundAddresses {
    pub(super) api: Option<String>,
    pub(super) gateway: Option<String>,
    pub(super) pinning: Option<String>,
    pub(super) upload: Option<String>,
    pub(super) cluster: Option<String>,
}

impl BoundAddresses {
    /// From the files of the repository. Unknown without a daemon, and of a daemon named by `--api`, whose repository may be
    /// another.
    pub(super) fn read(session: &Session, globals: &Globals) -> Self {
        let (true, None, Ok(repository)) =
            (session.is_daemon(), &globals.api, globals.repository())
        else {
            return Self::default();
        };
        let read = |name| {
            let text = read_small(&repository.join(name)).ok()?;
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let face = |face| repo::running_face(repository, face).ok().flatten();
        Self {
            api: read(API_FILE),
            gateway: read("gateway").and_then(|url| multiaddr_of(&url)),
            pinning: face(Face::Pinning),
            upload: face(Face::Upload),
            cluster: face(Face::Cluster),
        }
    }
}

/// The multiaddr of `http://HOST:PORT`.
fn multiaddr_of(url: &str) -> Option<String> {
    let (scheme, socket) = url.split_once("://")?;
    let socket: SocketAddr = socket.parse().ok()?;
    let address = Address {
        place: Place::Tcp(socket),
        tls: scheme == "https",
    };
    Some(address.to_string())
}

/// Configured addresses, with the bound one in place of the first whose port the system chose.
fn with_bound(mut configured: Vec<String>, bound: Option<&str>) -> Vec<String> {
    let is_chosen = |address: &String| address.split('/').any(|part| part == "0");
    if let Some(bound) = bound
        && let Some(chosen) = configured.iter_mut().find(|address| is_chosen(address))
    {
        bound.clone_into(chosen);
    }
    configured
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_that_the_system_chose_are_told() {
        let configured = |text: &str| vec![text.to_owned()];
        let bound = multiaddr_of("http://127.0.0.1:8080");
        assert_eq!(
            with_bound(configured("/ip4/127.0.0.1/tcp/0"), bound.as_deref()),
            ["/ip4/127.0.0.1/tcp/8080"]
        );
        assert_eq!(
            with_bound(configured("/ip4/0.0.0.0/tcp/80"), bound.as_deref()),
            ["/ip4/0.0.0.0/tcp/80"]
        );
        assert_eq!(
            multiaddr_of("https://[::1]:443").as_deref(),
            Some("/ip6/::1/tcp/443/tls/http")
        );
        assert_eq!(multiaddr_of("nonsense"), None);
    }
}
