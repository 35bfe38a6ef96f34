//! Floods of HTTP/2 frames without content, sent as raw bytes: the daemon answers or closes the connection, its memory and
//! processor time stay bounded, and it serves other clients meanwhile.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use cairn_testkit::server::{Daemon, Repository};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Number of frames in a flood.
const FRAMES: usize = 200_000;
/// Maximum growth of the memory of the process, in bytes.
const MEMORY: u64 = 32 << 20;
/// Maximum processor time of a flood: 50 µs per frame, in a debug build.
const TIME: Duration = Duration::from_secs(10);
/// Timeout for an answer on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);
/// A connection that accepts no bytes for this long has stalled.
const STALLED: Duration = Duration::from_secs(2);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A frame: <https://www.rfc-editor.org/rfc/rfc9113#section-4.1>.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut out = length[1..].to_vec();
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
    out
}

/// The header fields of `POST /api/v0/add`; the body follows.
fn fields() -> Vec<u8> {
    // `:method POST` and `:scheme https` from the static table, the others with names from it.
    let mut out = vec![0x83, 0x87];
    for (name, value) in [
        (0x04, "/api/v0/add"),
        (0x01, "localhost"),
        (0x0f, "multipart/form-data; boundary=b"),
    ] {
        if name == 0x0f {
            // `content-type` is entry 31: 15 in the prefix and 16 behind it.
            out.extend_from_slice(&[0x0f, 0x10]);
        } else {
            out.push(name);
        }
        out.push(u8::try_from(value.len()).unwrap());
        out.extend_from_slice(value.as_bytes());
    }
    out
}

/// A daemon with its RPC over TLS, and a connector that trusts it.
struct Server {
    daemon: Daemon,
    connector: TlsConnector,
    _repository: Repository,
}

impl Server {
    fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
        fs::write(repository.path().join("node.pem"), made.cert.pem()).unwrap();
        let key = made.signing_key.serialize_pem();
        fs::write(repository.path().join("node.key"), key).unwrap();
        repository
            .configure(|config| {
                config["Addresses"]["API"] = "/ip4/127.0.0.1/tcp/0/tls/http".into();
                config["TLS"] = json!({ "Certificate": "node.pem", "Key": "node.key" });
            })
            .unwrap();
        let daemon = repository.start(&["--offline"]).unwrap();
        Self {
            daemon,
            connector: connector(made.cert.der().clone()),
            _repository: repository,
        }
    }

    /// Opens an HTTP/2 connection and sends the preface.
    async fn connect(&self) -> TlsStream<TcpStream> {
        let address = self.daemon.rpc_address().unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = self.connector.connect(name, stream).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        stream.write_all(PREFACE).await.unwrap();
        let settings = frame(SETTINGS, 0, 0, &[]);
        stream.write_all(&settings).await.unwrap();
        stream
    }

    /// Floods a connection and checks the memory and time that it took.
    async fn flood(&self, name: &str, prelude: &[u8], frames: &[u8], reads: bool) -> Outcome {
        // The peak begins anew: <https://docs.kernel.org/filesystems/proc.html>, `clear_refs`.
        fs::write(format!("/proc/{}/clear_refs", self.daemon.pid()), "5").unwrap();
        let memory = self.daemon.memory("VmRSS").unwrap();
        let time = self.daemon.cpu_time().unwrap();
        let stream = self.connect().await;
        let outcome = if reads {
            tokio::time::timeout(TIMEOUT, read_flood(stream, prelude, frames)).await
        } else {
            tokio::time::timeout(TIMEOUT, unread_flood(stream, prelude, frames)).await
        };
        let outcome = outcome.unwrap_or_else(|_| panic!("{name}: neither answered nor closed"));
        let memory = self.daemon.memory("VmHWM").unwrap().saturating_sub(memory);
        let time = self.daemon.cpu_time().unwrap().saturating_sub(time);
        eprintln!(
            "{name}, {}: {outcome:?}, {} KiB, {time:?}",
            if reads { "read" } else { "unread" },
            memory >> 10
        );
        assert!(memory <= MEMORY, "{name} took {} MiB", memory >> 20);
        assert!(time <= TIME, "{name} took {time:?}");
        self.serves_others().await;
        outcome
    }

    /// Checks that a ping on another connection is answered.
    async fn serves_others(&self) {
        let mut other = self.connect().await;
        let ping = frame(PING, 0, 0, b"and now?");
        other.write_all(&ping).await.unwrap();
        let answered = async {
            let mut seen = Seen::default();
            while seen.pongs == 0 {
                assert!(seen.read(&mut other).await, "the connection ended");
            }
        };
        tokio::time::timeout(TIMEOUT, answered).await.unwrap();
    }
}

fn connector(trusted: CertificateDer<'static>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(trusted).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsConnector::from(Arc::new(config))
}

/// How a flood ended.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// All frames were accepted, and a ping after them was answered.
    Answered,
    /// The connection was closed, with the code of the `GOAWAY` frame if there was one.
    Closed(Option<u32>),
    /// The server no longer reads from a client that does not read.
    Stalled,
}

/// What was read from a server.
#[derive(Default)]
struct Seen {
    bytes: Vec<u8>,
    pongs: usize,
    goaway: Option<u32>,
}

impl Seen {
    /// Reads more; whether there was any.
    async fn read(&mut self, stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> bool {
        let mut buffer = vec![0; 16 << 10];
        let count = stream.read(&mut buffer).await.unwrap_or(0);
        self.bytes.extend_from_slice(&buffer[..count]);
        while let Some((head, rest)) = self.bytes.split_at_checked(9) {
            let length =
                usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
            let Some(payload) = rest.get(..length) else {
                break;
            };
            match head[3] {
                PING if head[4] & ACK != 0 => self.pongs += 1,
                GOAWAY => {
                    self.goaway = Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
                }
                _ => {}
            }
            self.bytes.drain(..9 + length);
        }
        count > 0
    }
}

/// Sends a flood and reads all answers meanwhile.
async fn read_flood(stream: TlsStream<TcpStream>, prelude: &[u8], frames: &[u8]) -> Outcome {
    let (mut from, mut to) = tokio::io::split(stream);
    let pings = match frames.get(3) {
        Some(&PING) => frames.len() / 17,
        _ => 0,
    };
    let send = async {
        let last = frame(PING, 0, 0, b"the last");
        to.write_all(prelude).await?;
        to.write_all(frames).await?;
        to.write_all(&last).await?;
        to.flush().await
    };
    let read = async {
        let mut seen = Seen::default();
        while seen.pongs <= pings {
            if !seen.read(&mut from).await {
                return Outcome::Closed(seen.goaway);
            }
        }
        Outcome::Answered
    };
    // If the connection is closed, writing fails.
    tokio::join!(send, read).1
}

/// Sends a flood and reads no answer.
async fn unread_flood(mut stream: TlsStream<TcpStream>, prelude: &[u8], frames: &[u8]) -> Outcome {
    if stream.write_all(prelude).await.is_err() {
        return Outcome::Closed(None);
    }
    // Repeated until all buffers between client and server are full.
    for _ in 0..50 {
        for piece in frames.chunks(64 << 10) {
            match tokio::time::timeout(STALLED, stream.write_all(piece)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Outcome::Closed(None),
                Err(_) => return Outcome::Stalled,
            }
        }
    }
    Outcome::Answered
}

#[tokio::test]
async fn frames_that_are_answered_are_answered_as_fast_as_they_are_read() {
    let server = Server::start();
    for (name, one) in [
        ("PING", frame(PING, 0, 0, b"hi there")),
        ("empty SETTINGS", frame(SETTINGS, 0, 0, &[])),
        // `SETTINGS_HEADER_TABLE_SIZE`, which has the peer's tables changed.
        ("SETTINGS", frame(SETTINGS, 0, 0, &[0, 1, 0, 0, 16, 0])),
    ] {
        let frames = one.repeat(FRAMES);
        let outcome = server.flood(name, &[], &frames, true).await;
        assert!(
            matches!(outcome, Outcome::Answered | Outcome::Closed(Some(_))),
            "{name}: {outcome:?}"
        );
        // Answers that wait to be sent are bounded: at the limit, the server stops reading.
        let outcome = server.flood(name, &[], &frames, false).await;
        assert!(
            matches!(outcome, Outcome::Stalled | Outcome::Closed(_)),
            "{name}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn frames_without_answers_and_without_content_cost_little() {
    let server = Server::start();
    let open = frame(HEADERS, END_HEADERS, 1, &fields());
    let begun = frame(HEADERS, 0, 1, &fields());
    for (name, prelude, one) in [
        ("empty DATA", &open, frame(DATA, 0, 1, &[])),
        ("DATA of one byte", &open, frame(DATA, 0, 1, b"-")),
        // All of it padding.
        ("padded DATA", &open, frame(DATA, 8, 1, &[3, 0, 0, 0])),
        ("empty CONTINUATION", &begun, frame(CONTINUATION, 0, 1, &[])),
        // A literal field without a name and value, over and over.
        (
            "CONTINUATION",
            &begun,
            frame(CONTINUATION, 0, 1, &[0, 1, b'a', 0]),
        ),
        (
            "WINDOW_UPDATE",
            &open,
            frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]),
        ),
        ("PRIORITY", &open, frame(PRIORITY, 0, 1, &[0, 0, 0, 3, 1])),
        ("RST_STREAM", &open, frame(RST_STREAM, 0, 1, &[0, 0, 0, 8])),
        (
            "trailers",
            &open,
            frame(HEADERS, END_HEADERS | END_STREAM, 1, &[]),
        ),
        // Of a kind that nobody knows.
        ("unknown", &open, frame(0xfa, 0, 1, &[])),
    ] {
        let frames = one.repeat(FRAMES);
        let outcome = server.flood(name, prelude, &frames, true).await;
        assert!(
            matches!(outcome, Outcome::Answered | Outcome::Closed(_)),
            "{name}: {outcome:?}"
        );
        if name.contains("CONTINUATION") || name == "empty DATA" {
            assert!(matches!(outcome, Outcome::Closed(_)), "{name}: {outcome:?}");
        }
    }
}
