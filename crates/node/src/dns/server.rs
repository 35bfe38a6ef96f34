//! Asking one DNS server over UDP and TCP.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use cairn_primitives::dns::{self, DnsMessageError, MAX_MESSAGE, TxtAnswer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

use super::DnsError;

/// Where DNS servers listen.
const PORT: u16 = 53;
/// Where the system says which servers to ask.
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// Most bytes of that file.
const RESOLV_CONF_LIMIT: usize = 64 << 10;
/// Servers that are asked at most, as in the C library.
const MOST_SERVERS: usize = 3;

/// A server, and how it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// Over UDP, and over TCP for what does not fit.
    Udp(SocketAddr),
    /// Over TCP alone.
    Tcp(SocketAddr),
    /// Over HTTPS, at this URL.
    Https(String),
}

/// The server of `udp://IP[:PORT]` or `tcp://IP[:PORT]`.
pub(super) fn plain(url: &str) -> Result<Server, String> {
    let (scheme, address) = url.split_once("://").unwrap_or_default();
    let address = address.parse().ok().or_else(|| {
        let ip = address.trim_start_matches('[').trim_end_matches(']');
        Some(SocketAddr::new(ip.parse().ok()?, PORT))
    });
    match (scheme, address) {
        ("udp", Some(address)) => Ok(Server::Udp(address)),
        ("tcp", Some(address)) => Ok(Server::Tcp(address)),
        ("udp" | "tcp", None) => {
            Err("expected an IP address, with or without a port, behind the scheme".to_owned())
        }
        _ => Err("expected `auto` or a URL that begins with https://, udp:// or tcp://".to_owned()),
    }
}

/// The servers that the system names; this machine's own where it names none.
pub(super) fn system_servers() -> Vec<Server> {
    let text = std::fs::read(RESOLV_CONF).unwrap_or_default();
    let text = text
        .get(..RESOLV_CONF_LIMIT.min(text.len()))
        .unwrap_or_default();
    named_in(&String::from_utf8_lossy(text))
}

fn named_in(text: &str) -> Vec<Server> {
    let mut servers: Vec<_> = text
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let ip: IpAddr = (words.next()? == "nameserver")
                .then(|| words.next())??
                .parse()
                .ok()?;
            Some(Server::Udp(SocketAddr::new(ip, PORT)))
        })
        .take(MOST_SERVERS)
        .collect();
    if servers.is_empty() {
        let own = IpAddr::from(Ipv4Addr::LOCALHOST);
        servers.push(Server::Udp(SocketAddr::new(own, PORT)));
    }
    servers
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn failed(error: io::Error) -> DnsError {
    if error.kind() == io::ErrorKind::TimedOut {
        return DnsError::TimedOut;
    }
    DnsError::Failed {
        reason: format!("the DNS server cannot be asked: {error}"),
    }
}

/// A number that nobody guesses: an answer has to name it.
fn fresh_id() -> Result<u16, DnsError> {
    let mut bytes = [0; 2];
    getrandom::fill(&mut bytes).map_err(|_| DnsError::Failed {
        reason: "the system has no random numbers to give".to_owned(),
    })?;
    Ok(u16::from_be_bytes(bytes))
}

/// Asks over UDP, from a port that the system chooses anew each time; over TCP when the answer does not fit.
pub(super) async fn ask_udp(server: SocketAddr, domain: &str) -> Result<TxtAnswer, DnsError> {
    let id = fresh_id()?;
    let query = dns::txt_query(id, domain)?;
    let own: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((own, 0)).await.map_err(failed)?;
    // From now on nothing is taken that comes from elsewhere.
    socket.connect(server).await.map_err(failed)?;
    socket.send(&query).await.map_err(failed)?;
    let mut message = vec![0; MAX_MESSAGE];
    loop {
        let length = socket.recv(&mut message).await.map_err(failed)?;
        let received = message.get(..length).unwrap_or_default();
        match dns::txt_answer(received, id, domain) {
            // Anybody could have sent it: the answer may still come.
            Err(DnsMessageError::Other | DnsMessageError::Malformed) => {}
            Err(DnsMessageError::Truncated) => return ask_tcp(server, domain).await,
            other => return Ok(other?),
        }
    }
}

/// Asks over TCP.
pub(super) async fn ask_tcp(server: SocketAddr, domain: &str) -> Result<TxtAnswer, DnsError> {
    let id = fresh_id()?;
    let query = dns::txt_query(id, domain)?;
    let length = u16::try_from(query.len()).map_err(|_| DnsError::BadName)?;
    let mut stream = TcpStream::connect(server).await.map_err(failed)?;
    let message = [&length.to_be_bytes()[..], &query].concat();
    stream.write_all(&message).await.map_err(failed)?;
    let length = stream.read_u16().await.map_err(failed)?;
    let mut message = vec![0; length.into()];
    stream.read_exact(&mut message).await.map_err(failed)?;
    Ok(dns::txt_answer(&message, id, domain)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn udp(text: &str) -> Server {
        Server::Udp(text.parse().unwrap())
    }

    #[test]
    fn servers_are_read() {
        assert_eq!(plain("udp://127.0.0.1:5353"), Ok(udp("127.0.0.1:5353")));
        assert_eq!(plain("udp://127.0.0.1"), Ok(udp("127.0.0.1:53")));
        let v6 = "[::1]:53".parse().unwrap();
        assert_eq!(plain("tcp://[::1]"), Ok(Server::Tcp(v6)));
        for bad in [
            "",
            "x",
            "udp://",
            "udp://name",
            "tcp://127.0.0.1:x",
            "quic://::1",
        ] {
            assert!(plain(bad).is_err(), "{bad}");
        }
        let text = "# a note\nsearch local\nnameserver 10.0.0.1\nnameserver fe80::1%eth0\n\
                    nameserver\t::1 \nnameserver 10.0.0.2\nnameserver 10.0.0.3\n";
        let servers = ["10.0.0.1:53", "[::1]:53", "10.0.0.2:53"].map(udp);
        assert_eq!(named_in(text), servers);
        assert_eq!(named_in(""), [udp("127.0.0.1:53")]);
    }

    /// A server that answers the first question over UDP with what cannot be, and then that it is to be asked over TCP.
    #[tokio::test]
    async fn what_does_not_fit_comes_over_tcp() {
        let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        let udp = UdpSocket::bind(address).await.unwrap();
        let text = vec![b'x'; 200];
        let long = text.clone();
        tokio::spawn(async move {
            let mut query = vec![0; 512];
            let (length, from) = udp.recv_from(&mut query).await.unwrap();
            query.truncate(length);
            // Its question alone, with the number of another, noise, and the sign that it was cut.
            let mut cut = query[..length - 11].to_vec();
            cut[2] = 0x82;
            cut[11] = 0;
            let mut other = cut.clone();
            other[0] ^= 1;
            for message in [&other[..], b"noise", &cut] {
                udp.send_to(message, from).await.unwrap();
            }
            let (mut stream, _) = tcp.accept().await.unwrap();
            let length = stream.read_u16().await.unwrap();
            let mut query = vec![0; length.into()];
            stream.read_exact(&mut query).await.unwrap();
            let mut answer = query[..query.len() - 11].to_vec();
            (answer[2], answer[7], answer[11]) = (0x80, 2, 0);
            for _ in 0..2 {
                answer.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 9, 0, 201, 200]);
                answer.extend(&long);
            }
            let length = u16::try_from(answer.len()).unwrap();
            stream.write_u16(length).await.unwrap();
            stream.write_all(&answer).await.unwrap();
        });
        let found = ask_udp(address, "_dnslink.example.org").await.unwrap();
        assert_eq!(found.texts, [text.clone(), text]);
        assert_eq!(found.ttl, 9);
        // Now nobody listens.
        let gone = ask_tcp(address, "a.b").await;
        assert!(matches!(gone, Err(DnsError::Failed { .. })));
        assert_eq!(ask_udp(address, "").await, Err(DnsError::BadName));
    }
}
