//! A client of the Kubo RPC.
//!
//! Reference: <https://docs.ipfs.tech/reference/kubo/rpc/>

mod answer;
mod due;
mod records;
mod retry;
mod safe;
mod splitter;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use cairn_wire::{Endpoint, Spec, Values};
use http::{HeaderMap, HeaderValue, Method, Request, header};

pub use self::answer::Answer;
pub use self::records::Records;
pub use self::retry::Retry;
use crate::address::Address;
use crate::error::{Error, TransportError};
use crate::transport::{self, Body, Http, Transport};
use crate::upload::{Failure, Upload};

/// Names the program in requests. Kubo refuses what looks like a browser without an origin.
const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("cairn-client/", env!("CARGO_PKG_VERSION")));

/// Speaks the Kubo RPC to one server. Cheap to clone.
#[derive(Clone)]
pub struct Kubo {
    transport: Arc<dyn Transport>,
    headers: HeaderMap,
    options: Vec<(String, String)>,
    retry: Retry,
}

impl std::fmt::Debug for Kubo {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The headers may hold a secret.
        out.debug_struct("Kubo")
            .field("options", &self.options)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

impl Kubo {
    /// A client over this transport.
    pub fn new(transport: impl Transport) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, USER_AGENT);
        // Asks for the trailer that says why a stream has ended early.
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
        Self {
            transport: Arc::new(transport),
            headers,
            options: Vec::new(),
            retry: Retry::default(),
        }
    }

    /// A client of the server at this address, by the defaults of [`Http`]. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`TransportError::Setup`] when the HTTP client cannot be made.
    pub fn connect(address: &Address) -> Result<Self, TransportError> {
        Ok(Self::new(Http::new(address)?))
    }

    /// Sends this `Authorization` with every request: `Bearer TOKEN` or `Basic BASE64`.
    #[must_use]
    pub fn with_authorization(mut self, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        self.headers.insert(header::AUTHORIZATION, value);
        self
    }

    /// Sends this option with every request, as in `cid-base=base32` or `offline=true`.
    #[must_use]
    pub fn with_option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.push((name.into(), value.into()));
        self
    }

    /// Tries again by these rules.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Calls an endpoint and gives its records as they come.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub async fn call<E: Endpoint>(&self, request: &E) -> Result<Records<E::Reply>, Error> {
        Ok(Records::new(
            self.send(&E::SPEC, request.to_values(), None).await?,
        ))
    }

    /// Calls an endpoint that answers with one record.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; [`Error::Empty`] when there is no record.
    pub async fn one<E: Endpoint>(&self, request: &E) -> Result<E::Reply, Error> {
        let mut records = self.call(request).await?;
        let record = records.next().await?.ok_or(Error::Empty)?;
        // What is behind the record may be the news that it is void.
        while records.next_line().await?.is_some() {}
        Ok(record)
    }

    /// Calls an endpoint that answers with bytes.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub async fn bytes<E: Endpoint>(&self, request: &E) -> Result<Answer, Error> {
        self.send(&E::SPEC, request.to_values(), None).await
    }

    /// Calls an endpoint that takes files.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; [`Error::Upload`] when a file cannot be read.
    pub async fn upload<E: Endpoint>(
        &self,
        request: &E,
        upload: Upload,
    ) -> Result<Records<E::Reply>, Error> {
        Ok(Records::new(
            self.send(&E::SPEC, request.to_values(), Some(upload))
                .await?,
        ))
    }

    /// Calls an endpoint by its facts, for a caller that knows its type no more: what all the others come down to.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub async fn send(
        &self,
        spec: &Spec,
        mut values: Values,
        upload: Option<Upload>,
    ) -> Result<Answer, Error> {
        for (name, value) in &self.options {
            values.option(name.clone(), value.clone());
        }
        let due = due::is_due(spec, &values);
        let query = values.to_query();
        let target = if query.is_empty() {
            format!("/api/v0/{}", spec.path)
        } else {
            format!("/api/v0/{}?{query}", spec.path)
        };
        if let Some(upload) = upload {
            let (content_type, body, failure) = upload.encode();
            let answer = self
                .exchange(&target, Some((content_type, body, failure)), None)
                .await?;
            return Ok(answer.with_record_due(due));
        }
        let asked = asked(&values);
        let mut attempt = 0;
        loop {
            let error = match self.exchange(&target, None, asked.clone()).await {
                Ok(answer) => return Ok(answer.with_record_due(due)),
                Err(error) => error,
            };
            let Some(pause) = self.retry.pause(attempt, &error, safe::is_safe(spec.path)) else {
                return Err(error);
            };
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    async fn exchange(
        &self,
        target: &str,
        upload: Option<(String, Body, Failure)>,
        asked: Option<String>,
    ) -> Result<Answer, Error> {
        let (content_type, body, failure) = match upload {
            Some((content_type, body, failure)) => (Some(content_type), body, Some(failure)),
            None => (None, transport::empty(), None),
        };
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(target)
            .body(body)?;
        request.headers_mut().extend(self.headers.clone());
        if let Some(content_type) = content_type {
            let value = HeaderValue::from_str(&content_type).map_err(http::Error::from)?;
            request.headers_mut().insert(header::CONTENT_TYPE, value);
        }
        match self.transport.send(request).await {
            Ok(response) => Answer::read_head(response, failure, asked).await,
            // A request cut short because a file could not be read: that is the news.
            Err(error) => Err(failure
                .and_then(|failure| failure.take())
                .map_or_else(|| error.into(), Error::Upload)),
        }
    }
}

/// The arguments as an error names them; a long list by its first.
fn asked(values: &Values) -> Option<String> {
    const MOST: usize = 512;
    let (first, others) = values.arguments().split_first()?;
    let first: String = first.to_text().chars().take(MOST).collect();
    Some(match others.len() {
        0 => first,
        count => format!("{first} and {count} more"),
    })
}
