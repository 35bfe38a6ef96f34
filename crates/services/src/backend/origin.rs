//! Which addresses of peers, named by users, are dialed.
//!
//! A user of a service must not make this machine connect to itself or to its local network. Names are resolved here,
//! once, and what is dialed are the IP addresses that were checked: a name that resolves to another address later
//! (DNS rebinding) has no effect.

use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::Multiaddr;
use cairn_primitives::ip::Ipv4Kind;
use cairn_store::network::{PeerAddresses, Swarm};
use futures_util::future::BoxFuture;

use super::BackendError;

/// How long the lookup of a name may take.
const LOOKUP: Duration = Duration::from_secs(10);

/// Addresses of one origin that are dialed; further ones are ignored.
const MAX_ADDRESSES: usize = 16;

/// Looks up IP addresses of host names.
pub trait HostLookup: Debug + Send + Sync + 'static {
    /// All IP addresses of a host.
    fn lookup<'a>(&'a self, host: &'a str) -> BoxFuture<'a, std::io::Result<Vec<IpAddr>>>;
}

/// The resolver of the system.
#[derive(Debug)]
pub struct SystemLookup;

impl HostLookup for SystemLookup {
    fn lookup<'a>(&'a self, host: &'a str) -> BoxFuture<'a, std::io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|socket| socket.ip()).collect())
        })
    }
}

/// Checks addresses that users name.
#[derive(Clone, Debug)]
pub struct Origins {
    allow_private: bool,
    hosts: Arc<dyn HostLookup>,
}

impl Origins {
    /// `allow_private` allows every address.
    #[must_use]
    pub fn new(allow_private: bool, hosts: Arc<dyn HostLookup>) -> Self {
        Self {
            allow_private,
            hosts,
        }
    }

    /// The peers behind an address, and IP addresses that may be dialed. `/dnsaddr` is resolved with `swarm`, and forbidden
    /// without one. Where a peer has allowed and forbidden addresses, only the allowed ones are returned.
    ///
    /// # Errors
    /// [`BackendError::Invalid`] for what is no address of a peer, [`BackendError::Forbidden`] if no address is allowed.
    pub async fn checked(
        &self,
        address: &Multiaddr,
        swarm: Option<&dyn Swarm>,
    ) -> Result<Vec<PeerAddresses>, BackendError> {
        let peers = match (address.split_peer(), address.has_protocol("dnsaddr"), swarm) {
            (_, true, Some(swarm)) => {
                swarm
                    .resolve(address)
                    .await
                    .map_err(|error| BackendError::Failed {
                        action: "resolve the address",
                        source: Arc::new(error),
                    })?
            }
            (Some((peer, Some(bare))), ..) => vec![PeerAddresses {
                peer,
                addresses: vec![bare],
            }],
            _ => {
                return Err(BackendError::Invalid(format!(
                    "{address} is no address of a peer: `/p2p/` and its ID are expected at the end"
                )));
            }
        };
        let mut checked = Vec::new();
        let mut refused = None;
        for peer in peers {
            let mut addresses = Vec::new();
            for bare in peer.addresses.into_iter().take(MAX_ADDRESSES) {
                match self.allowed(&bare).await {
                    Ok(found) => addresses.extend(found),
                    Err(error) => refused = Some(error),
                }
            }
            addresses.truncate(MAX_ADDRESSES);
            if !addresses.is_empty() {
                checked.push(PeerAddresses {
                    peer: peer.peer,
                    addresses,
                });
            }
        }
        match refused {
            Some(error) if checked.is_empty() => Err(error),
            _ => Ok(checked),
        }
    }

    /// The address with its name replaced by each of its IP addresses that may be dialed.
    async fn allowed(&self, address: &Multiaddr) -> Result<Vec<Multiaddr>, BackendError> {
        if self.allow_private {
            return Ok(vec![address.clone()]);
        }
        let text = address.to_string();
        let forbidden = |reason| BackendError::Forbidden {
            address: text.clone(),
            reason,
        };
        let mut parts = text.trim_start_matches('/').splitn(3, '/');
        let (Some(kind), Some(host), Some(rest)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(forbidden("it has no port"));
        };
        // Behind a relay there may be any address; a second host in an address is one.
        if address.has_protocol("p2p-circuit") {
            return Err(forbidden("it leads through a relay"));
        }
        let ips = match kind {
            "ip4" | "ip6" => vec![host.parse().map_err(|_| forbidden("it is no IP address"))?],
            "dns" | "dns4" | "dns6" => {
                let found = tokio::time::timeout(LOOKUP, self.hosts.lookup(host)).await;
                let found =
                    found.map_err(|_| forbidden("its name could not be resolved in time"))?;
                let mut found = found.map_err(|_| forbidden("its name cannot be resolved"))?;
                found.retain(|ip| match kind {
                    "dns4" => ip.is_ipv4(),
                    "dns6" => ip.is_ipv6(),
                    _ => true,
                });
                found
            }
            _ => return Err(forbidden("only IP addresses and DNS names are dialed")),
        };
        let mut found = Vec::new();
        let mut refused = "its name has no IP address";
        for ip in ips {
            match check_ip(ip) {
                Ok(()) => {
                    let family = if ip.is_ipv4() { "ip4" } else { "ip6" };
                    let address = format!("/{family}/{ip}/{rest}");
                    found.extend(address.parse::<Multiaddr>());
                }
                Err(reason) => refused = reason,
            }
        }
        match found.is_empty() {
            true => Err(forbidden(refused)),
            false => Ok(found),
        }
    }
}

/// Refuses IP addresses that are not on the internet, and those that carry such an address: IPv4-mapped and -compatible
/// ones, 6to4, Teredo and NAT64.
///
/// # Errors
/// Why it is refused.
pub fn check_ip(ip: IpAddr) -> Result<(), &'static str> {
    match ip {
        IpAddr::V4(ip) => check_ip4(ip),
        IpAddr::V6(ip) => check_ip6(ip),
    }
}

fn check_ip4(ip: Ipv4Addr) -> Result<(), &'static str> {
    match Ipv4Kind::of(ip) {
        Ipv4Kind::Loopback => Err("it is this machine"),
        Ipv4Kind::Private => Err("it is on a private network"),
        Ipv4Kind::LinkLocal => Err("it is a link-local address"),
        Ipv4Kind::Special => Err("it is not on the internet"),
        Ipv4Kind::Public => Ok(()),
    }
}

/// See the registry <https://www.iana.org/assignments/iana-ipv6-special-registry>.
fn check_ip6(ip: Ipv6Addr) -> Result<(), &'static str> {
    let segments @ [first, second, ..] = ip.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        check_ip4(Ipv4Addr::new(a, b, c, d))
    };
    if ip.is_loopback() {
        return Err("it is this machine");
    }
    match segments {
        // IPv4-mapped.
        [0, 0, 0, 0, 0, 0xffff, high, low] => embedded(high, low),
        // NAT64, and its prefix for local use.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x64, 0xff9b, ..] => Err("it is on a private network"),
        // 6to4.
        [0x2002, high, low, ..] => embedded(high, low),
        _ if first & 0xfe00 == 0xfc00 => Err("it is on a private network"),
        _ if first & 0xffc0 == 0xfe80 => Err("it is a link-local address"),
        // Teredo, benchmarking, ORCHID, documentation.
        _ if first == 0x2001 && (second < 0x200 || second == 0xdb8) => {
            Err("it is not on the internet")
        }
        _ if first == 0x3fff && second < 0x1000 => Err("it is not on the internet"),
        _ if first & 0xe000 == 0x2000 => Ok(()),
        _ => Err("it is not on the internet"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const PEER: &str = "12D3KooWKnDdG3iXw9eTFijk3EWSunZcFi54Zka4wmtqtt6rPxc8";

    /// Answers each lookup with the next of its addresses, the last one from then on.
    #[derive(Debug, Default)]
    struct Rebinding {
        answers: Vec<Vec<IpAddr>>,
        lookups: AtomicUsize,
    }

    impl HostLookup for Rebinding {
        fn lookup<'a>(&'a self, _: &'a str) -> BoxFuture<'a, std::io::Result<Vec<IpAddr>>> {
            let at = self.lookups.fetch_add(1, Ordering::Relaxed);
            let answer = self.answers.get(at).or(self.answers.last());
            let answer = answer
                .cloned()
                .ok_or_else(|| std::io::ErrorKind::NotFound.into());
            Box::pin(std::future::ready(answer))
        }
    }

    fn origins(answers: &[&[&str]]) -> (Origins, Arc<Rebinding>) {
        let answers = answers
            .iter()
            .map(|ips| ips.iter().map(|ip| ip.parse().unwrap()).collect())
            .collect();
        let hosts = Arc::new(Rebinding {
            answers,
            lookups: AtomicUsize::new(0),
        });
        (Origins::new(false, hosts.clone()), hosts)
    }

    async fn checked(origins: &Origins, address: &str) -> Result<Vec<String>, BackendError> {
        let address: Multiaddr = format!("{address}/p2p/{PEER}").parse().unwrap();
        let found = origins.checked(&address, None).await?;
        assert!(found.iter().all(|found| found.peer.to_string() == PEER));
        let addresses = found.iter().flat_map(|found| &found.addresses);
        Ok(addresses.map(ToString::to_string).collect())
    }

    #[tokio::test]
    async fn only_addresses_of_the_internet_are_dialed() {
        let (origins, _) = origins(&[]);
        for allowed in [
            "/ip4/1.1.1.1/tcp/4001",
            "/ip4/8.8.8.8/udp/4001/quic-v1",
            "/ip6/2606:4700::1111/tcp/4001",
            "/ip6/64:ff9b::101:101/tcp/4001",
            "/ip6/2002:101:101::1/tcp/4001",
        ] {
            let found = checked(&origins, allowed).await.unwrap();
            let normal: Multiaddr = allowed.parse().unwrap();
            assert_eq!(found, [normal.to_string()]);
        }
        for refused in [
            "/ip4/127.0.0.1/tcp/1",
            "/ip4/127.255.0.9/tcp/1",
            "/ip4/10.1.2.3/tcp/1",
            "/ip4/172.16.0.1/tcp/1",
            "/ip4/192.168.1.1/tcp/1",
            "/ip4/169.254.169.254/tcp/80",
            "/ip4/100.64.0.1/tcp/1",
            "/ip4/0.0.0.0/tcp/1",
            "/ip4/224.0.0.1/udp/1/quic-v1",
            "/ip4/255.255.255.255/tcp/1",
            "/ip4/192.0.2.1/tcp/1",
            "/ip6/::1/tcp/1",
            "/ip6/::/tcp/1",
            "/ip6/fe80::1/tcp/1",
            "/ip6/fd00::1/tcp/1",
            "/ip6/::ffff:127.0.0.1/tcp/1",
            "/ip6/::ffff:10.0.0.1/tcp/1",
            "/ip6/::127.0.0.1/tcp/1",
            "/ip6/64:ff9b::7f00:1/tcp/1",
            "/ip6/64:ff9b:1::a00:1/tcp/1",
            "/ip6/2002:7f00:1::1/tcp/1",
            "/ip6/2002:c0a8:101::1/tcp/1",
            "/ip6/2001:0:4136:e378:8000:63bf:3fff:fdd2/tcp/1",
            "/ip6/2001:db8::1/tcp/1",
            "/ip6/ff02::1/udp/1/quic-v1",
            "/ip6zone/eth0/ip6/fe80::1/tcp/1",
            "/memory/1",
            "/ip4/1.1.1.1/tcp/1/p2p/QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ/p2p-circuit",
        ] {
            let error = checked(&origins, refused).await;
            assert!(
                matches!(error, Err(BackendError::Forbidden { .. })),
                "{refused}: {error:?}"
            );
        }
        // The path of a socket takes in everything behind it, also `/p2p`.
        let socket = checked(&origins, "/unix/tmp/socket").await;
        assert!(
            matches!(socket, Err(BackendError::Invalid(_))),
            "{socket:?}"
        );
    }

    #[tokio::test]
    async fn names_are_resolved_once_and_replaced() {
        let (origins, hosts) = origins(&[&["1.1.1.1", "10.0.0.1", "2606:4700::1"], &["127.0.0.1"]]);
        let found = checked(&origins, "/dns/rebind.example/tcp/4001").await;
        assert_eq!(
            found.unwrap(),
            ["/ip4/1.1.1.1/tcp/4001", "/ip6/2606:4700::1/tcp/4001"]
        );
        assert_eq!(hosts.lookups.load(Ordering::Relaxed), 1);
        let again = checked(&origins, "/dns4/rebind.example/tcp/4001").await;
        assert!(matches!(again, Err(BackendError::Forbidden { .. })));
        let (origins, _) = self::origins(&[&["::ffff:192.168.0.1"]]);
        let mapped = checked(&origins, "/dns6/mapped.example/tcp/4001").await;
        assert!(matches!(mapped, Err(BackendError::Forbidden { .. })));
        let (origins, _) = self::origins(&[]);
        let absent = checked(&origins, "/dns/absent.example/tcp/4001").await;
        assert!(matches!(absent, Err(BackendError::Forbidden { .. })));
    }

    #[tokio::test]
    async fn everything_is_dialed_where_it_is_allowed() {
        let origins = Origins::new(true, Arc::new(SystemLookup));
        let found = checked(&origins, "/ip4/127.0.0.1/tcp/1").await.unwrap();
        assert_eq!(found, ["/ip4/127.0.0.1/tcp/1"]);
        let no_peer: Multiaddr = "/ip4/1.1.1.1/tcp/1".parse().unwrap();
        let refused = origins.checked(&no_peer, None).await;
        assert!(matches!(refused, Err(BackendError::Invalid(_))));
    }
}
