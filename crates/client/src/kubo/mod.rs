//! A client of the Kubo RPC.
//!
//! Reference: <https://docs.ipfs.tech/reference/kubo/rpc/>

mod answer;
mod due;
mod received;
mod records;
mod retry;
mod splitter;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use cairn_wire::Values;
use cairn_wire::kubo::{Command, STREAM_END, STREAM_END_TRAILER, Spec};
use cairn_wire::shape::{Files, NoBody, OneOrMany, Record};
use http::{HeaderMap, HeaderValue, Method, Request, header};

pub use self::answer::Answer;
pub use self::received::Received;
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
        headers.insert(STREAM_END, HeaderValue::from_static(STREAM_END_TRAILER));
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

    /// Calls a command. What it gives follows from the declaration: a record, [`Records`], an [`Answer`] of bytes, or nothing.
    /// Where the command answers with one record or many, this asks for the one.
    ///
    /// ```compile_fail
    /// # async fn wrong(kubo: cairn_client::Kubo) {
    /// // `add` takes files: it is called with `upload`.
    /// kubo.call(&cairn_wire::kubo::add::Add::new()).await;
    /// # }
    /// ```
    ///
    /// ```compile_fail
    /// # async fn wrong(kubo: cairn_client::Kubo) {
    /// // `version` answers with one record: there is no stream to read.
    /// kubo.call(&cairn_wire::kubo::version::Version::new()).await.unwrap().next().await;
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`Error`]; [`Error::Empty`] when there must be a record and is none.
    pub async fn call<C>(&self, command: &C) -> Result<<C::Reply as Received>::Value, Error>
    where
        C: Command<Body = NoBody, Reply: Received>,
    {
        let values = choose(&C::SPEC, command.to_values(), false);
        C::Reply::receive(self.send(&C::SPEC, values, None).await?).await
    }

    /// Calls a command that answers with one record or many, and asks for many.
    ///
    /// ```compile_fail
    /// # async fn wrong(kubo: cairn_client::Kubo) {
    /// // `pin/rm` has no stream.
    /// kubo.stream(&cairn_wire::kubo::pin::rm::PinRm::new(Vec::new())).await;
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub async fn stream<C, A, B>(&self, command: &C) -> Result<Records<B>, Error>
    where
        C: Command<Body = NoBody, Reply = OneOrMany<A, B>>,
        A: Record,
        B: Record,
    {
        let values = choose(&C::SPEC, command.to_values(), true);
        Ok(Records::new(self.send(&C::SPEC, values, None).await?))
    }

    /// Calls a command that takes files.
    ///
    /// ```compile_fail
    /// # async fn wrong(kubo: cairn_client::Kubo) {
    /// // `cat` takes no files.
    /// let cat = cairn_wire::kubo::cat::Cat::new(Vec::new());
    /// kubo.upload(&cat, cairn_client::Upload::one(cairn_client::Part::bytes("a", "b"))).await;
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Self::call`]; [`Error::Upload`] when a file cannot be read.
    pub async fn upload<C>(
        &self,
        command: &C,
        upload: Upload,
    ) -> Result<<C::Reply as Received>::Value, Error>
    where
        C: Command<Body = Files, Reply: Received>,
    {
        let answer = self
            .send(&C::SPEC, command.to_values(), Some(upload))
            .await?;
        C::Reply::receive(answer).await
    }

    /// Calls a command by its facts, for a caller that knows its type no more: what all the others come down to.
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
            let Some(pause) = self.retry.pause(attempt, &error, spec.safe) else {
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

/// Sets the option that asks for many records in place of one.
fn choose(spec: &Spec, values: Values, many: bool) -> Values {
    match spec.stream {
        Some(option) if many => values.with(option, "true"),
        Some(option) => values.without(option),
        None => values,
    }
}
