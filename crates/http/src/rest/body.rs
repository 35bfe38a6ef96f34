//! Request bodies, as handlers read them.

use std::future::Future;

use axum::body::BodyDataStream;
use axum::extract::Request;
use bytes::Bytes;
use cairn_wire::multipart::{Event, MultipartError, PartHead};
use cairn_wire::rest::Fault;
use cairn_wire::shape::{self, Record};
use futures_util::StreamExt as _;
use http::{HeaderMap, header};
use http_body_util::{BodyExt as _, Limited};

use super::object;
use crate::parts::Parts;

/// Maximum size of a JSON body, in bytes.
const MAX_JSON: usize = 1 << 20;

/// A body that can be read.
pub trait RequestBody: shape::Body {
    /// What the handler receives.
    type Value: Send;

    /// Reads it.
    fn read(request: Request) -> impl Future<Output = Result<Self::Value, Fault>> + Send;
}

impl RequestBody for shape::NoBody {
    type Value = ();

    async fn read(_: Request) -> Result<(), Fault> {
        Ok(())
    }
}

impl<T: Record> RequestBody for shape::Json<T> {
    type Value = T;

    async fn read(request: Request) -> Result<T, Fault> {
        let body = Limited::new(request.into_body(), MAX_JSON);
        let bytes = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                return Err(Fault::TooLarge(MAX_JSON));
            }
            Err(error) => return Err(Fault::Body(error.to_string())),
        };
        object::read(&bytes).map_err(|error| Fault::Body(error.to_string()))
    }
}

impl RequestBody for shape::RawBody {
    type Value = Raw;

    async fn read(request: Request) -> Result<Raw, Fault> {
        Ok(Raw::new(request))
    }
}

impl RequestBody for shape::Files {
    type Value = Files;

    async fn read(request: Request) -> Result<Files, Fault> {
        Files::new(request)
    }
}

impl RequestBody for shape::RawOrFiles {
    type Value = RawOrFiles;

    async fn read(request: Request) -> Result<RawOrFiles, Fault> {
        if is_multipart(request.headers()) {
            Files::new(request).map(RawOrFiles::Files)
        } else {
            Ok(RawOrFiles::Raw(Raw::new(request)))
        }
    }
}

/// A body of bytes or of files.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "one for each request: a box would cost more than the move"
)]
pub enum RawOrFiles {
    /// Bytes.
    Raw(Raw),
    /// Files: the request is `multipart/form-data`.
    Files(Files),
}

/// A body of bytes, read as they arrive.
pub struct Raw {
    media_type: Option<String>,
    length: Option<u64>,
    body: BodyDataStream,
}

impl std::fmt::Debug for Raw {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Raw")
            .field("media_type", &self.media_type)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl Raw {
    fn new(request: Request) -> Self {
        Self {
            media_type: text(request.headers(), &header::CONTENT_TYPE).map(str::to_owned),
            length: text(request.headers(), &header::CONTENT_LENGTH)
                .and_then(|length| length.parse().ok()),
            body: request.into_body().into_data_stream(),
        }
    }

    /// The `Content-Type` of the request.
    #[must_use]
    pub fn media_type(&self) -> Option<&str> {
        self.media_type.as_deref()
    }

    /// The length that the client announced, in bytes.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// More bytes; `None` at the end. Cancel safe.
    ///
    /// # Errors
    ///
    /// [`Fault::Body`] when the request is cut off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Fault> {
        match self.body.next().await {
            None => Ok(None),
            Some(Ok(bytes)) => Ok(Some(bytes)),
            Some(Err(error)) => Err(Fault::Body(
                std::error::Error::source(&error)
                    .map_or_else(|| error.to_string(), ToString::to_string),
            )),
        }
    }
}

/// The parts of a `multipart/form-data` body, read as they arrive.
#[derive(Debug)]
pub struct Files {
    parts: Parts,
    open: bool,
}

fn unreadable(error: &MultipartError) -> Fault {
    Fault::Body(error.to_string())
}

impl Files {
    fn new(request: Request) -> Result<Self, Fault> {
        if !is_multipart(request.headers()) {
            return Err(Fault::Body("it is not multipart/form-data".to_owned()));
        }
        let media_type = text(request.headers(), &header::CONTENT_TYPE)
            .unwrap_or_default()
            .to_owned();
        let parts = Parts::new(&media_type, request.into_body()).map_err(|e| unreadable(&e))?;
        Ok(Self { parts, open: false })
    }

    /// The head of the next part; what was not read of the one before is skipped.
    ///
    /// # Errors
    ///
    /// [`Fault::Body`] when the body is not a whole form.
    pub async fn next(&mut self) -> Result<Option<PartHead>, Fault> {
        while self.chunk().await?.is_some() {}
        loop {
            match self.parts.next().await.map_err(|e| unreadable(&e))? {
                Some(Event::Part(head)) => {
                    self.open = true;
                    return Ok(Some(head));
                }
                Some(Event::End | Event::Data(_) | Event::PartEnd) => {}
                None => return Ok(None),
            }
        }
    }

    /// More bytes of the part; `None` at its end. Cancel safe.
    ///
    /// # Errors
    ///
    /// [`Fault::Body`] when the body is not a whole form.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Fault> {
        if !self.open {
            return Ok(None);
        }
        match self.parts.next().await.map_err(|e| unreadable(&e))? {
            Some(Event::Data(data)) => Ok(Some(data)),
            _ => {
                self.open = false;
                Ok(None)
            }
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether a request body is a form.
pub(crate) fn is_multipart(headers: &HeaderMap) -> bool {
    let media_type = text(headers, &header::CONTENT_TYPE).unwrap_or_default();
    media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case("multipart/form-data")
}
