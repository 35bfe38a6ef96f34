//! A DNS server on the loopback interface that knows a few TXT records, and says of everything else that it does not exist.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};

/// For how long its records may be cached, in seconds.
pub const TTL: u32 = 60;
/// How soon it sees that it is to stop.
const LOOK: Duration = Duration::from_millis(50);
/// Bytes of a message before its question.
const HEAD: usize = 12;

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct DnsServer {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl DnsServer {
    /// Starts a server with these domains, without a dot at their end, and their texts.
    ///
    /// # Errors
    /// There is no port.
    pub fn start(records: &[(&str, &[&str])]) -> Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").context("binding a port")?;
        socket.set_read_timeout(Some(LOOK))?;
        let address = socket.local_addr()?;
        let records: HashMap<String, Vec<String>> = records
            .iter()
            .map(|(domain, texts)| {
                let texts = texts.iter().map(|&text| text.to_owned()).collect();
                (domain.to_ascii_lowercase(), texts)
            })
            .collect();
        let (stop, asked) = (
            Arc::new(AtomicBool::new(false)),
            Arc::<AtomicUsize>::default(),
        );
        let thread = std::thread::spawn({
            let (stop, asked) = (Arc::clone(&stop), Arc::clone(&asked));
            move || serve(&socket, &records, &stop, &asked)
        });
        Ok(Self {
            address,
            stop,
            asked,
            thread: Some(thread),
        })
    }

    /// Where it listens, as `DNS.Resolvers` has it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("udp://{}", self.address)
    }

    /// How many questions it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    socket: &UdpSocket,
    records: &HashMap<String, Vec<String>>,
    stop: &AtomicBool,
    asked: &AtomicUsize,
) {
    let mut message = [0; 4096];
    while !stop.load(Ordering::Relaxed) {
        let Ok((length, from)) = socket.recv_from(&mut message) else {
            continue;
        };
        asked.fetch_add(1, Ordering::Relaxed);
        if let Some(answer) = message
            .get(..length)
            .and_then(|asked| answer(asked, records))
        {
            let _ = socket.send_to(&answer, from);
        }
    }
}

/// Answers a message of one question.
fn answer(message: &[u8], records: &HashMap<String, Vec<String>>) -> Option<Vec<u8>> {
    let mut at = HEAD;
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        let label = message.get(at..at + length)?;
        labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
        at += length;
    }
    let question = message.get(HEAD..at + 4)?;
    let is_txt = message.get(at..at + 2)? == [0, 16];
    let found = records.get(&labels.join(".")).filter(|_| is_txt);
    let texts = found.map(Vec::as_slice).unwrap_or_default();
    let mut out = message.get(..2)?.to_vec();
    // An answer, wanted and given recursively; with the code for what does not exist where nothing is known.
    out.extend([0x81, if found.is_some() { 0x80 } else { 0x83 }]);
    out.extend([0, 1, 0, u8::try_from(texts.len()).ok()?, 0, 0, 0, 0]);
    out.extend(question);
    for text in texts {
        // The name as in the question, TXT, of the Internet.
        out.extend([0xc0, 0x0c, 0, 16, 0, 1]);
        out.extend(TTL.to_be_bytes());
        let pieces: Vec<_> = text.as_bytes().chunks(255).collect();
        let length = text.len() + pieces.len();
        out.extend(u16::try_from(length).ok()?.to_be_bytes());
        for piece in pieces {
            out.push(u8::try_from(piece.len()).ok()?);
            out.extend(piece);
        }
    }
    Some(out)
}
