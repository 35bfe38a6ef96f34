//! A raw HTTP/1.1 client for tests: one request a connection, nothing hidden.
//!
//! Client libraries drop trailers, hide how a body was framed, and turn a cut body into an error without what came
//! before the cut. Tests of a streaming server need all three.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// A request to send. Header names are sent as they are written.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// Path and query, as sent.
    pub target: &'a str,
    /// Headers besides `Host`, `User-Agent`, `Connection` and `Content-Length`; one of those names replaces ours.
    pub headers: &'a [(String, String)],
    /// The whole body; `None` sends `Content-Length: 0` where the method usually has a body.
    pub body: Option<&'a [u8]>,
    /// How long to wait for a connection, and for each read and write.
    pub timeout: Duration,
    /// Stop reading a chunked body once this many bytes have come.
    pub read_limit: Option<usize>,
}

impl<'a> Request<'a> {
    /// A request without headers or body, with a minute to wait.
    #[must_use]
    pub fn new(method: &'a str, target: &'a str) -> Self {
        Self {
            method,
            target,
            headers: &[],
            body: None,
            timeout: Duration::from_secs(60),
            read_limit: None,
        }
    }
}

/// What came back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status code; 0 where no answer came at all.
    pub status: u16,
    /// Headers by lower-case name; values of a repeated name are joined with `, `.
    pub headers: BTreeMap<String, String>,
    /// Trailers by lower-case name.
    pub trailers: BTreeMap<String, String>,
    /// The body without its framing.
    pub body: Vec<u8>,
    /// How many chunks carried the body; `None` where it was not chunked.
    pub chunks: Option<usize>,
    /// A chunked body ended without its last chunk, or no more of it came in time.
    pub aborted: bool,
}

impl Answer {
    /// A header's value, by lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The body as text, whatever is not UTF-8 replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The `host:port` of an `http://host:port` address.
///
/// # Errors
/// The address has another scheme.
pub fn authority(base: &str) -> Result<&str> {
    let rest = base
        .strip_prefix("http://")
        .with_context(|| format!("{base} is not an http:// address"))?;
    Ok(rest.split('/').next().unwrap_or(rest))
}

/// Sends `request` to the server at `base` (`http://host:port`) and reads the answer.
///
/// # Errors
/// No connection, no answer within the time, or an answer that is not HTTP. A connection lost while the answer's
/// body came is an error too unless the body was chunked: then the answer is [`Answer::aborted`].
pub fn exchange(base: &str, request: &Request<'_>) -> Result<Answer> {
    let authority = authority(base)?;
    let stream = connect(authority, request.timeout)?;
    let head = head(authority, request);
    let body = request.body.unwrap_or_default();
    // A server may answer before it has read everything: read and write at the same time, so that neither side
    // waits for the other with full buffers.
    std::thread::scope(|scope| {
        let mut writer = stream.try_clone().context("cloning the connection")?;
        let sender = scope.spawn(move || -> io::Result<()> {
            writer.write_all(head.as_bytes())?;
            writer.write_all(body)
        });
        let answer = read_answer(&stream, request);
        // Ends a write that still waits for a server that has already answered.
        let _ = stream.shutdown(Shutdown::Both);
        let sent = sender.join();
        match (answer, sent) {
            (Ok(answer), _) => Ok(answer),
            (Err(error), Ok(Err(broken))) => {
                Err(error.context(format!("sending the request: {broken}")))
            }
            (Err(error), _) => Err(error),
        }
    })
}

/// Sends a request with a token to a service, and reads the answer. The body has a media type.
///
/// # Errors
/// As [`exchange`].
pub fn with_token(
    base: &str,
    token: &str,
    method: &str,
    target: &str,
    body: Option<(&str, &[u8])>,
) -> Result<Answer> {
    let bearer = format!("Bearer {token}");
    ask(base, method, target, &[("Authorization", &bearer)], body)
}

/// Sends a request and reads the answer. The body has a media type, which goes out as one more header.
///
/// # Errors
/// As [`exchange`].
pub fn ask(
    base: &str,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: Option<(&str, &[u8])>,
) -> Result<Answer> {
    let (media_type, body) = body.unzip();
    let media_type = media_type.map(|media_type| ("Content-Type", media_type));
    let headers: Vec<(String, String)> = headers
        .iter()
        .copied()
        .chain(media_type)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let request = Request {
        headers: &headers,
        body,
        ..Request::new(method, target)
    };
    exchange(base, &request)
}

fn connect(authority: &str, timeout: Duration) -> Result<TcpStream> {
    let address = authority
        .to_socket_addrs()
        .with_context(|| format!("resolving {authority}"))?
        .next()
        .with_context(|| format!("{authority} has no address"))?;
    let stream = TcpStream::connect_timeout(&address, timeout)
        .with_context(|| format!("connecting to {authority}"))?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn head(authority: &str, request: &Request<'_>) -> String {
    let mut headers: Vec<(&str, String)> = vec![
        ("Host", authority.to_owned()),
        ("User-Agent", "cairn-testkit/1".to_owned()),
        ("Connection", "close".to_owned()),
    ];
    for (name, value) in request.headers {
        match headers
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            Some(known) => known.1.clone_from(value),
            None => headers.push((name, value.clone())),
        }
    }
    match request.body {
        Some(body) => headers.push(("Content-Length", body.len().to_string())),
        None if matches!(request.method, "GET" | "HEAD" | "OPTIONS") => {}
        None => headers.push(("Content-Length", "0".to_owned())),
    }
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    for (name, value) in headers {
        head.push_str(name);
        head.push_str(": ");
        head.push_str(&value);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    head
}

fn read_answer(stream: &TcpStream, request: &Request<'_>) -> Result<Answer> {
    let mut reader = BufReader::with_capacity(64 * 1024, stream);
    let mut answer = Answer::default();
    loop {
        let line = read_line(&mut reader).context("reading the status line")?;
        if line.is_empty() {
            bail!("the server closed the connection without an answer");
        }
        let code = line
            .split(' ')
            .nth(1)
            .with_context(|| format!("not a status line: {line:?}"))?;
        answer.status = code
            .trim()
            .parse()
            .with_context(|| format!("not a status line: {line:?}"))?;
        answer.headers = read_fields(&mut reader).context("reading the headers")?;
        if answer.status != 100 {
            break;
        }
    }
    if request.method == "HEAD" || matches!(answer.status, 204 | 304) {
        return Ok(answer);
    }
    if answer
        .header("transfer-encoding")
        .is_some_and(|value| value.contains("chunked"))
    {
        let mut chunks = 0;
        answer.aborted = !read_chunks(
            &mut reader,
            request.read_limit,
            &mut answer.body,
            &mut answer.trailers,
            &mut chunks,
        );
        answer.chunks = Some(chunks);
        return Ok(answer);
    }
    let declared = answer
        .header("content-length")
        .and_then(|value| value.parse::<u64>().ok());
    match reader
        .take(declared.unwrap_or(u64::MAX))
        .read_to_end(&mut answer.body)
    {
        Ok(_) => {}
        Err(error) if timed_out(&error) => answer.aborted = true,
        Err(error) => return Err(error).context("reading the body"),
    }
    Ok(answer)
}

/// Reads a chunked body; false where it did not end as it should.
fn read_chunks(
    reader: &mut impl BufRead,
    limit: Option<usize>,
    body: &mut Vec<u8>,
    trailers: &mut BTreeMap<String, String>,
    chunks: &mut usize,
) -> bool {
    loop {
        let Ok(line) = read_line(reader) else {
            return false;
        };
        let Ok(size) = u64::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16)
        else {
            return false;
        };
        if size == 0 {
            return match read_fields(reader) {
                Ok(fields) => {
                    *trailers = fields;
                    true
                }
                Err(_) => false,
            };
        }
        match reader.by_ref().take(size).read_to_end(body) {
            Ok(read) if read as u64 == size => {}
            _ => return false,
        }
        if read_line(reader).is_err() {
            return false;
        }
        *chunks += 1;
        if limit.is_some_and(|limit| body.len() >= limit) {
            return true;
        }
    }
}

fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    reader.by_ref().take(1 << 20).read_until(b'\n', &mut line)?;
    while line
        .last()
        .is_some_and(|byte| matches!(byte, b'\r' | b'\n'))
    {
        line.pop();
    }
    Ok(line.iter().map(|&byte| char::from(byte)).collect())
}

fn read_fields(reader: &mut impl BufRead) -> Result<BTreeMap<String, String>> {
    let mut fields = BTreeMap::new();
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            return Ok(fields);
        }
        let (name, value) = line
            .split_once(':')
            .with_context(|| format!("not a header: {line:?}"))?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        fields
            .entry(name)
            .and_modify(|known: &mut String| {
                known.push_str(", ");
                known.push_str(value);
            })
            .or_insert_with(|| value.to_owned());
    }
}

fn timed_out(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

#[cfg(test)]
#[path = "http/tests.rs"]
mod tests;
