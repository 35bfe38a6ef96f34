//! How request bodies are made: recipes instead of bytes, so that megabytes of fixtures take a line.

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::fixture;

/// The boundary of the Kubo recordings' multipart bodies.
pub const BOUNDARY_KUBO: &str = "------------------------golden0123456789";
/// The boundary of the Cluster recordings' multipart bodies.
pub const BOUNDARY_CLUSTER: &str = "goldenboundary1234567890";

/// A request body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    /// `multipart/form-data` of these parts.
    Parts(Vec<Part>),
    /// These bytes.
    Whole(Bytes),
}

/// One part of a multipart body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The form field.
    pub field: String,
    /// The file name, escaped as it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// The content type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Further headers, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// What it holds.
    pub data: Bytes,
}

/// A recipe for bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bytes {
    /// This text.
    Text(String),
    /// These bytes, in base64.
    Base64(String),
    /// The start of [`fixture::stream`].
    Stream {
        /// The stream's name.
        seed: String,
        /// How many bytes.
        len: usize,
    },
    /// The start of [`fixture::stream_unseparated`].
    Unseparated {
        /// The stream's name.
        seed: String,
        /// How many bytes.
        len: usize,
    },
    /// So many zero bytes.
    Zeros(usize),
    /// What an earlier case of the run was answered.
    Answer(EarlierAnswer),
}

/// What a body takes of an earlier answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EarlierAnswer {
    /// The earlier case.
    pub of: String,
    /// What of its answer.
    pub take: AnswerPart,
    /// Taken instead where the earlier answer does not have it.
    #[serde(default)]
    pub otherwise: String,
    /// The bytes when they were recorded, in base64, where they are known and the same in every run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<String>,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerPart {
    /// Its body as it came, of a success alone.
    Body,
    /// What the base64 value of this field of its last JSON value stands for.
    Field(String),
    /// Its first JSON value, written again.
    Json,
}

/// Looks up what an earlier case was answered.
pub type Lookup<'a> = &'a dyn Fn(&EarlierAnswer) -> Result<Vec<u8>>;

impl Bytes {
    /// Makes the bytes.
    ///
    /// # Errors
    /// The recipe is damaged, or `earlier` fails.
    pub fn make(&self, earlier: Lookup<'_>) -> Result<Vec<u8>> {
        Ok(match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Base64(text) => decode_base64(text)?,
            Self::Stream { seed, len } => fixture::stream(seed, *len),
            Self::Unseparated { seed, len } => fixture::stream_unseparated(seed, *len),
            Self::Zeros(len) => vec![0; *len],
            Self::Answer(answer) => earlier(answer)?,
        })
    }
}

impl Body {
    /// Makes the body.
    ///
    /// # Errors
    /// A recipe is damaged, or `earlier` fails.
    pub fn make(&self, boundary: &str, earlier: Lookup<'_>) -> Result<Vec<u8>> {
        match self {
            Self::Whole(bytes) => bytes.make(earlier),
            Self::Parts(parts) => multipart(parts, boundary, earlier),
        }
    }
}

pub(crate) fn decode_base64(text: &str) -> Result<Vec<u8>> {
    data_encoding::BASE64
        .decode(text.as_bytes())
        .context("not base64")
}

fn multipart(parts: &[Part], boundary: &str, earlier: Lookup<'_>) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    for part in parts {
        ensure!(
            !part.field.contains('"'),
            "a field's name cannot hold a quote: {}",
            part.field
        );
        let mut head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"",
            part.field
        );
        if let Some(name) = &part.file_name {
            head.push_str(&format!("; filename=\"{name}\""));
        }
        head.push_str("\r\n");
        if let Some(content_type) = &part.content_type {
            head.push_str(&format!("Content-Type: {content_type}\r\n"));
        }
        for (name, value) in &part.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&part.data.make(earlier)?);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(body)
}
