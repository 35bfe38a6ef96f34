use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ResolverConfig, ResolverOpts};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use super::servers::{self, Server};
use super::system::{ask, name, resolver};
use super::{DnsError, Txt};

const DOMAIN: &str = "_dnslink.example.org.";
/// Bytes of the record behind the question that says which answers are understood.
const OPTIONS: usize = 11;
const NO_ERROR: u8 = 0;
const SERVER_FAILURE: u8 = 2;
const NO_DOMAIN: u8 = 3;

/// An answer to a query with a code and records: their type, time and data.
fn answer(query: &[u8], code: u8, records: &[(u16, u32, &[u8])]) -> Vec<u8> {
    let mut out = query[..query.len() - OPTIONS].to_vec();
    (out[2], out[3], out[11]) = (0x81, 0x80 | code, 0);
    out[7] = u8::try_from(records.len()).unwrap();
    for (kind, ttl, data) in records {
        out.extend([0xc0, 12]);
        out.extend(kind.to_be_bytes());
        out.extend([0, 1]);
        out.extend(ttl.to_be_bytes());
        out.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        out.extend(*data);
    }
    out
}

fn string(text: &[u8]) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap()], text].concat()
}

fn plain(config: ResolverConfig) -> TokioResolver {
    let mut options = ResolverOpts::default();
    options.attempts = 0;
    resolver(config, options, None).unwrap()
}

async fn look_up(resolver: &TokioResolver) -> Result<Txt, DnsError> {
    ask(resolver, name(DOMAIN).unwrap()).await
}

/// A server over UDP that answers each query.
async fn udp_server(reply: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> TokioResolver {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut query = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut query).await {
            let _ = socket.send_to(&reply(&query[..length]), from).await;
        }
    });
    plain(servers::udp(address))
}

#[tokio::test]
async fn records_are_found_with_their_time() {
    let alias = b"\x05alias\x03org\x00";
    let server = udp_server(move |query| {
        let mut out = answer(query, NO_ERROR, &[(5, 30, alias)]);
        out[7] = 3;
        for (ttl, text) in [(300_u32, &b"\x02ab\x00\x01c"[..]), (60, b"\x00")] {
            // Of the domain that the alias is one of: the name is written out.
            out.extend(alias);
            out.extend([0, 16, 0, 1]);
            out.extend(ttl.to_be_bytes());
            out.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
            out.extend(text);
        }
        out
    })
    .await;
    let found = look_up(&server).await.unwrap();
    assert_eq!(found.texts, ["abc", ""]);
    assert_eq!(found.ttl.as_secs(), 30);
}

#[tokio::test]
async fn failures_are_told_apart() {
    for (code, error) in [
        (NO_DOMAIN, DnsError::NotFound),
        (NO_ERROR, DnsError::NotFound),
        (
            SERVER_FAILURE,
            DnsError::Failed {
                reason: "the DNS server refuses with code 2".to_owned(),
            },
        ),
    ] {
        let server = udp_server(move |query| answer(query, code, &[])).await;
        assert_eq!(look_up(&server).await, Err(error), "{code}");
    }
    let server = udp_server(|query| query[..12].to_vec()).await;
    let said = look_up(&server).await;
    assert!(
        matches!(said, Err(DnsError::Failed { .. } | DnsError::TimedOut)),
        "{said:?}"
    );
    // Nobody listens.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let said = look_up(&plain(servers::tcp(address))).await;
    assert!(matches!(said, Err(DnsError::Failed { .. })), "{said:?}");
}

/// The clock is stopped: it advances when everything waits.
#[tokio::test(start_paused = true)]
async fn silence_is_told() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let said = look_up(&plain(servers::udp(address))).await;
    assert_eq!(said, Err(DnsError::TimedOut));
}

async fn read_query(stream: &mut TcpStream) -> Vec<u8> {
    let length = stream.read_u16().await.unwrap();
    let mut query = vec![0; length.into()];
    stream.read_exact(&mut query).await.unwrap();
    query
}

/// A server that answers over UDP with the number of another question, with noise, and that it is to be asked over TCP.
#[tokio::test]
async fn what_does_not_fit_comes_over_tcp() {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let udp = UdpSocket::bind(address).await.unwrap();
    let text = vec![b'x'; 200];
    let long = string(&text);
    tokio::spawn(async move {
        let mut query = vec![0; 512];
        let (length, from) = udp.recv_from(&mut query).await.unwrap();
        let mut cut = answer(&query[..length], NO_ERROR, &[]);
        cut[2] |= 2;
        let mut other = answer(&query[..length], NO_DOMAIN, &[]);
        other[0] ^= 1;
        for message in [&other[..], b"n", &cut] {
            udp.send_to(message, from).await.unwrap();
        }
        let (mut stream, _) = tcp.accept().await.unwrap();
        let query = read_query(&mut stream).await;
        let answer = answer(&query, NO_ERROR, &[(16, 9, &long), (16, 9, &long)]);
        let length = u16::try_from(answer.len()).unwrap();
        stream.write_u16(length).await.unwrap();
        stream.write_all(&answer).await.unwrap();
    });
    let found = look_up(&plain(servers::udp(address))).await.unwrap();
    let text = String::from_utf8(text).unwrap();
    assert_eq!(found.texts, [text.clone(), text]);
    assert_eq!(found.ttl.as_secs(), 9);
}

/// A server over HTTPS for `localhost` that answers with a status, and the TLS of a client that trusts it.
async fn https_server(status: u16) -> (SocketAddr, ClientConfig) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = CertificateDer::from(made.cert.der().to_vec());
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                assert_eq!(request.uri().path(), "/dns-query");
                tokio::spawn(async move {
                    let mut body = request.into_body();
                    let mut query = Vec::new();
                    while let Some(Ok(data)) = body.data().await {
                        query.extend_from_slice(&data);
                    }
                    let record = string(b"over https");
                    let reply = answer(&query, NO_ERROR, &[(16, 60, &record)]);
                    let head = http::Response::builder()
                        .status(status)
                        .header("content-type", "application/dns-message")
                        .body(())
                        .unwrap();
                    let mut stream = respond.send_response(head, false).unwrap();
                    stream.send_data(Bytes::from(reply), true).unwrap();
                });
            }
        }
    });
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = vec![b"h2".to_vec()];
    (address, client)
}

#[tokio::test]
async fn servers_are_asked_over_https() {
    let localhost = [IpAddr::from(Ipv4Addr::LOCALHOST)];
    let server = |host: &str, address: SocketAddr, tls: Option<ClientConfig>| {
        let url = format!("https://{host}:{}/dns-query", address.port());
        let Ok(Server::Https(server)) = Server::from_url(&url) else {
            panic!("{url} is no server");
        };
        resolver(server.config(localhost), ResolverOpts::default(), tls).unwrap()
    };
    let (address, tls) = https_server(200).await;
    let found = look_up(&server("localhost", address, Some(tls.clone()))).await;
    assert_eq!(found.unwrap().texts, ["over https"]);
    // Its certificate is for another name, or by nobody who is trusted.
    for refused in [
        server("other.example", address, Some(tls)),
        server(
            "localhost",
            address,
            Some(cairn_network::tls_config(&[b"h2"]).unwrap()),
        ),
    ] {
        let said = look_up(&refused).await;
        assert!(matches!(said, Err(DnsError::Failed { .. })), "{said:?}");
    }
    let (address, tls) = https_server(500).await;
    let said = look_up(&server("localhost", address, Some(tls))).await;
    let Err(DnsError::Failed { reason }) = said else {
        panic!("{said:?}");
    };
    assert!(reason.contains("500"), "{reason}");
}
