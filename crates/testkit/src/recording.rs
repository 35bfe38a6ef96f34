//! Exchanges recorded from the real programs: what was asked, and what they answered.
//!
//! A set is a Zstandard file of JSON lines under `recordings/`, one [`Recording`] a line in the order in which they were
//! made; the order matters, since each case leaves its effects behind for those after it. `cargo xtask recordings
//! import` makes the files from the recorder's own output.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod body;

pub use body::{
    AnswerPart, BOUNDARY_CLUSTER, BOUNDARY_KUBO, Body, Bytes, EarlierAnswer, Lookup, Part,
};

/// One recorded exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// What the case is called, unique in its set: dotted, most general word first.
    pub name: String,
    /// What was asked.
    pub request: Request,
    /// What was answered, with everything that differs between two runs replaced by a `<LABEL>`.
    pub response: Response,
    /// How two answers are compared.
    pub compare: Comparison,
    /// What the value of a field of the answer is called in later recordings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learn: Option<Learned>,
    /// Requests to make before this one, for their effect alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Step>,
    /// Why the case is as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The method, in capitals.
    pub method: String,
    /// Path and query, with `<LABEL>`s.
    pub target: String,
    /// Headers besides the usual ones, with `<LABEL>`s.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// How the body is made; `None` where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// The body's length in bytes when it was recorded.
    #[serde(default)]
    pub body_len: u64,
    /// The SHA-256 of the body when it was recorded, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_sha256: Option<String>,
    /// Seconds to wait for the answer; a minute where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<f64>,
    /// Stop reading a chunked body after this many bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_limit: Option<usize>,
}

impl Request {
    /// A request without headers of its own.
    #[must_use]
    pub fn of(method: &str, target: &str, body: Option<Body>) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: BTreeMap::new(),
            body,
            body_len: 0,
            body_sha256: None,
            timeout: None,
            read_limit: None,
        }
    }

    /// The headers to send, with `<LABEL>`s; a multipart body's content type among them.
    #[must_use]
    pub fn headers(&self, boundary: &str) -> Vec<(String, String)> {
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if matches!(self.body, Some(Body::Parts(_))) {
            headers.push((
                "Content-Type".to_owned(),
                format!("multipart/form-data; boundary={boundary}"),
            ));
        }
        headers
    }
}

/// A request made for its effect alone, or a pause where its method is empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What is asked.
    #[serde(flatten)]
    pub request: Request,
    /// What the value of a field of the answer is called in later recordings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learn: Option<Learned>,
    /// Ask again until this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<StopCondition>,
    /// Seconds to let pass instead of asking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<f64>,
}

/// What ends a repeated [`Step`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StopCondition {
    /// Every `status` of the answer's `peer_map` is one of these, or `remote`; at least one is one of these.
    pub status: Vec<String>,
    /// Seconds after which the replay continues anyway.
    pub seconds: f64,
}

/// A value that differs between two runs, and what it is called instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    /// The field of the answer's last JSON value.
    pub field: String,
    /// The label, angle brackets included.
    pub label: String,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The status code; 0 where no answer came.
    pub status: u16,
    /// Headers by lower-case name.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Trailers by lower-case name.
    #[serde(default)]
    pub trailers: BTreeMap<String, String>,
    /// The body, decoded: `kind` says as what, the rest is that kind's own.
    pub body: Value,
    /// How many chunks carried the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunks: Option<usize>,
    /// The body ended before its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub aborted: bool,
}

/// How two answers are compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// What of the body counts.
    #[serde(default, skip_serializing_if = "is_exact")]
    pub mode: Mode,
    /// The CORS headers count too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cors: bool,
    /// What a successful answer's body is decoded as, where its content type does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decode: Option<Decode>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_exact(mode: &Mode) -> bool {
    *mode == Mode::Exact
}

/// What of an answer counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// All of it.
    #[default]
    Exact,
    /// The first JSON value's keys and the kinds of their values.
    Shape,
    /// What kind of value the first JSON value is.
    ShapeLoose,
    /// As [`Mode::Shape`], and how many values there are does not count.
    FirstShape,
    /// The status code alone.
    Status,
    /// The status code and the headers.
    StatusCt,
    /// The values in any order.
    Unordered,
    /// The elements of each value in any order.
    UnorderedInner,
    /// The last value, and whether there were others.
    Progress,
    /// The `Entries` of each value in any order.
    SortedEntries,
    /// The first value's shape, how many there are, and each one's `Success`.
    OnlinePing,
}

/// What a body is decoded as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decode {
    /// A tar archive: each member's name, kind, size, mode, target and digest.
    Tar,
    /// A compressed tar archive.
    GzTar,
    /// A compressed file: its digest once unpacked.
    Gz,
    /// A CAR: its header, and each section's digest and length.
    Car,
    /// JSON, whatever the content type says.
    Json,
}

/// A set of recordings, in the order in which they were made.
#[derive(Debug, Clone)]
pub struct Set {
    /// The boundary of its multipart bodies.
    pub boundary: &'static str,
    /// The cases.
    pub recordings: Vec<Recording>,
}

impl Set {
    /// Kubo 0.42.0 on a fresh repository (`init --profile=test`, `Experimental.FilestoreEnabled`,
    /// `AutoConf.Enabled` false), `daemon --offline`.
    ///
    /// # Errors
    /// The set is missing or damaged.
    pub fn kubo() -> Result<Self> {
        Self::open(BOUNDARY_KUBO, "kubo-0.42.0.jsonl.zst")
    }

    /// Kubo 0.42.0 online without bootstrap peers, and one other node beside it.
    ///
    /// # Errors
    /// The set is missing or damaged.
    pub fn kubo_online() -> Result<Self> {
        Self::open(BOUNDARY_KUBO, "kubo-0.42.0-online.jsonl.zst")
    }

    /// IPFS Cluster 1.1.6: one peer, Basic authentication, started empty.
    ///
    /// # Errors
    /// The set is missing or damaged.
    pub fn cluster() -> Result<Self> {
        Self::open(BOUNDARY_CLUSTER, "cluster-1.1.6.jsonl.zst")
    }

    fn open(boundary: &'static str, name: &str) -> Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("recordings")
            .join(name);
        let compressed =
            std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        Self::read(boundary, &compressed).with_context(|| format!("reading {}", path.display()))
    }

    /// Writes the recordings as [`Set::read`] reads them.
    ///
    /// # Errors
    /// They cannot be compressed.
    pub fn write(&self) -> Result<Vec<u8>> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 19)?;
        // Long lists of CIDs come again and again, megabytes apart.
        encoder.long_distance_matching(true)?;
        encoder.window_log(23)?;
        for recording in &self.recordings {
            serde_json::to_writer(&mut encoder, recording)?;
            encoder.write_all(b"\n")?;
        }
        Ok(encoder.finish()?)
    }

    /// Reads Zstandard-compressed JSON lines.
    ///
    /// # Errors
    /// They are not that.
    pub fn read(boundary: &'static str, compressed: &[u8]) -> Result<Self> {
        let mut recordings = Vec::new();
        for (number, line) in BufReader::new(zstd::Decoder::new(compressed)?)
            .lines()
            .enumerate()
        {
            let line = line.context("reading the recordings")?;
            recordings.push(
                serde_json::from_str(&line).with_context(|| format!("recording {}", number + 1))?,
            );
        }
        Ok(Self {
            boundary,
            recordings,
        })
    }

    /// The recording called `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Recording> {
        self.recordings
            .iter()
            .find(|recording| recording.name == name)
    }
}

#[cfg(test)]
mod tests;
