//! A client of the Kubo RPC.
//!
//! Reference: <https://docs.ipfs.tech/reference/kubo/rpc/>

mod add;
mod answer;
mod answers;
mod arguments;
mod call;
mod due;
mod file;
#[cfg(unix)]
mod get;
mod idle;
mod items;
mod json;
mod received;
mod records;
mod retry;
mod setters;
mod setting;
mod splitter;
#[cfg(test)]
mod tests;
mod values;

use std::sync::Arc;
use std::time::Duration;

use cairn_wire::Values;
use cairn_wire::kubo::{Command, STREAM_END, STREAM_END_TRAILER, Spec};
use cairn_wire::shape::{Files, NoBody, OneOrMany, Record, ReplyKind};
use http::{HeaderMap, HeaderValue, Method, Request, header};

pub use self::add::{AddCall, AddEvent, AddResult, Added, All, Root, RootCid};
pub use self::answer::Answer;
use self::answer::Asked;
pub(crate) use self::answers::{binary, list, many, nothing, one};
pub use self::arguments::{IntoPath, IntoPaths};
pub(crate) use self::arguments::{text, texts};
pub use self::call::{Call, Callable, ReadItems, Streamable};
use self::idle::Idle;
pub use self::items::Items;
pub use self::json::GetJson;
pub use self::received::Received;
pub use self::records::Records;
pub(crate) use self::records::decode;
pub use self::retry::Retry;
pub(crate) use self::setters::{add_setters, setters};
pub use self::setting::{IntoSetting, Span};
pub(crate) use self::splitter::Splitter;
pub(crate) use self::values::{cid, cids, mode, some};
use crate::address::Address;
use crate::error::{Error, TransportError};
use crate::transport::{self, Http, Transport};
use crate::upload::{CHUNK, Failure, Upload};
use crate::version::Supported;

/// The `User-Agent` of requests. Kubo refuses browsers without an origin.
const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("cairn-client/", env!("CARGO_PKG_VERSION")));

/// The default path of the API below the address of the server.
pub const DEFAULT_BASE: &str = "api/v0";

/// The default timeout of calls; see [`Call::timeout`].
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(120);

/// A client of the Kubo RPC of one server. Cheap to clone; clones share their connections.
///
/// Create it with [`Kubo::connect`] or [`Kubo::builder`]. Its methods, and those of its groups, return calls: values whose methods
/// set the options of the command, and which are then awaited or streamed.
///
/// ```no_run
/// # async fn example() -> Result<(), cairn_client::Error> {
/// use cairn_client::Kubo;
/// let kubo = Kubo::connect("/ip4/127.0.0.1/tcp/5001").await?;
/// let added = kubo.add("notes.txt").cid_version(1).await?;
/// let text = kubo.cat(&added.cid).to_string(1 << 20).await?;
/// let mut pins = kubo.pins().ls().r#type("recursive").stream();
/// while let Some(pin) = pins.try_next().await? {
///     println!("{} {:?}", pin.cid, pin.kind);
/// }
/// # let _ = text; Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Kubo {
    shared: Arc<Shared>,
}

#[derive(Clone)]
struct Shared {
    transport: Arc<dyn Transport>,
    headers: HeaderMap,
    /// With a leading and a trailing slash.
    base: String,
    options: Vec<(String, String)>,
    retry: Retry,
    timeout: Option<Duration>,
    chunk: usize,
    supported: Supported,
    workarounds: Arc<crate::workarounds::Workarounds>,
}

/// The settings of a call that are independent of its command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// Overrides the timeout of the client; `Some(None)` for no timeout.
    pub(crate) timeout: Option<Option<Duration>>,
    /// Options that override all others.
    pub(crate) options: Vec<(String, String)>,
}

impl std::fmt::Debug for Kubo {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The headers may contain a secret.
        out.debug_struct("Kubo")
            .field("options", &self.shared.options)
            .field("retry", &self.shared.retry)
            .field("timeout", &self.shared.timeout)
            .finish_non_exhaustive()
    }
}

impl Kubo {
    /// Creates a client that uses this transport.
    pub fn new(transport: impl Transport) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, USER_AGENT);
        // Requests the trailer with the reason if a stream ends early.
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
        headers.insert(STREAM_END, HeaderValue::from_static(STREAM_END_TRAILER));
        Self {
            shared: Arc::new(Shared {
                transport: Arc::new(transport),
                headers,
                base: format!("/{DEFAULT_BASE}/"),
                options: Vec::new(),
                retry: Retry::default(),
                timeout: Some(DEFAULT_TIMEOUT),
                chunk: CHUNK,
                supported: Supported::default(),
                workarounds: Arc::default(),
            }),
        }
    }

    /// Creates a client of the server at this address, with the default options of [`Http`], without checking its version.
    ///
    /// # Errors
    ///
    /// [`TransportError::Setup`] if the HTTP client cannot be created.
    pub fn at(address: &Address) -> Result<Self, TransportError> {
        Ok(Self::new(Http::new(address)?))
    }

    fn change(mut self, change: impl FnOnce(&mut Shared)) -> Self {
        change(Arc::make_mut(&mut self.shared));
        self
    }

    /// Sends an `Authorization` header with every request: `Bearer TOKEN` or `Basic BASE64`.
    #[must_use]
    pub fn with_authorization(self, value: HeaderValue) -> Self {
        self.with_header(header::AUTHORIZATION, value)
    }

    /// Sends a header with every request. `Authorization` and `Cookie` are not shown in logs.
    #[must_use]
    pub fn with_header(self, name: http::HeaderName, mut value: HeaderValue) -> Self {
        if name == header::AUTHORIZATION || name == header::COOKIE {
            value.set_sensitive(true);
        }
        self.change(|shared| drop(shared.headers.insert(name, value)))
    }

    /// Sends an option with every request, as in `cid-base=base32` or `offline=true`. It overrides the options of calls.
    #[must_use]
    pub fn with_option(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.change(|shared| shared.options.push((name.into(), value.into())))
    }

    /// Sets when calls are retried.
    #[must_use]
    pub fn with_retry(self, retry: Retry) -> Self {
        self.change(|shared| shared.retry = retry)
    }

    /// Sets the timeout of calls; `None` disables it. It limits the time without progress: until the response starts after the
    /// request was sent, and between parts of the response.
    #[must_use]
    pub fn with_timeout(self, timeout: impl Into<Option<Duration>>) -> Self {
        self.change(|shared| shared.timeout = timeout.into())
    }

    /// Sets the path of the API below the address [default: [`DEFAULT_BASE`]].
    #[must_use]
    pub fn with_base(self, base: &str) -> Self {
        let base = base.trim_matches('/');
        self.change(|shared| {
            shared.base = match base {
                "" => "/".to_owned(),
                base => format!("/{base}/"),
            };
        })
    }

    /// Sets the size of the chunks in which files and readers are read, in bytes, from 4 KiB to 16 MiB.
    #[must_use]
    pub fn with_chunk_size(self, bytes: usize) -> Self {
        self.change(|shared| shared.chunk = bytes.clamp(4096, 16 << 20))
    }

    /// Sets the supported versions for [`Self::check_version`].
    #[must_use]
    pub fn with_supported(self, supported: Supported) -> Self {
        self.change(|shared| shared.supported = supported)
    }

    /// The size of the chunks in which files and readers are read, in bytes.
    #[must_use]
    pub fn chunk_size(&self) -> usize {
        self.shared.chunk
    }

    /// Closes idle connections. The client can still be used: the next call opens a connection again.
    pub fn close(&self) {
        self.shared.transport.close();
    }

    pub(crate) fn supported(&self) -> &Supported {
        &self.shared.supported
    }

    pub(crate) fn workarounds(&self) -> &crate::workarounds::Workarounds {
        &self.shared.workarounds
    }

    /// Calls a command by its declaration. The result is a record, [`Records`], an [`Answer`] of bytes, or nothing.
    /// If the command returns one record or many, one is requested.
    ///
    /// ```compile_fail
    /// # async fn wrong(kubo: cairn_client::Kubo) {
    /// // `add` takes files: use `upload`.
    /// kubo.call(&cairn_wire::kubo::add::Add::new()).await;
    /// # }
    /// ```
    ///
    /// ```compile_fail
    /// # async fn wrong(kubo: cairn_client::Kubo) {
    /// // `version` returns one record, not a stream.
    /// kubo.call(&cairn_wire::kubo::version::Version::new()).await.unwrap().next().await;
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`Error`]; [`Error::Empty`] if a record is expected and there is none.
    pub async fn call<C>(&self, command: &C) -> Result<<C::Reply as Received>::Value, Error>
    where
        C: Command<Body = NoBody, Reply: Received>,
    {
        let values = choose(&C::SPEC, command.to_values(), false);
        C::Reply::receive(self.send(&C::SPEC, values, None).await?).await
    }

    /// Calls a command that returns one record or many, and requests many.
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
    /// As [`Self::call`]; [`Error::Upload`] if a file cannot be read.
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

    /// Calls a command by its [`Spec`], without its type.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub async fn send(
        &self,
        spec: &Spec,
        values: Values,
        upload: Option<Upload>,
    ) -> Result<Answer, Error> {
        self.send_by(spec, values, upload, &Settings::default())
            .await
    }

    /// Sends a request; used by all calls.
    pub(crate) async fn send_by(
        &self,
        spec: &Spec,
        mut values: Values,
        upload: Option<Upload>,
        settings: &Settings,
    ) -> Result<Answer, Error> {
        let shared = &*self.shared;
        for (name, value) in shared.options.iter().chain(&settings.options) {
            values = replace(spec, values, name, value);
        }
        let timeout = settings.timeout.unwrap_or(shared.timeout);
        let query = values.to_query();
        let path = shared.workarounds.path(spec.path);
        let target = if query.is_empty() {
            format!("{}{path}", shared.base)
        } else {
            format!("{}{path}?{query}", shared.base)
        };
        let asked = asked(spec, &values);
        if let Some(upload) = upload {
            let sent = self.exchange(&target, Some(upload), asked, timeout);
            return sent.await;
        }
        let mut attempt = 0;
        loop {
            let error = match self.exchange(&target, None, asked.clone(), timeout).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let Some(pause) = shared.retry.pause(attempt, &error, spec.safe) else {
                return Err(error);
            };
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    async fn exchange(
        &self,
        target: &str,
        upload: Option<Upload>,
        asked: Asked,
        timeout: Option<Duration>,
    ) -> Result<Answer, Error> {
        let mut idle = Idle::new(timeout);
        let shared = &*self.shared;
        let mut headers = shared.headers.clone();
        let (body, failure) = match upload {
            Some(upload) => {
                let (content_type, body, failure) = upload.encode(shared.chunk);
                let value = HeaderValue::from_str(&content_type).map_err(http::Error::from)?;
                headers.insert(header::CONTENT_TYPE, value);
                if shared.workarounds.closes_after_upload() {
                    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                (idle.watch(body), Some(failure))
            }
            None => (transport::empty(), None),
        };
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(target)
            .body(body)?;
        *request.headers_mut() = headers;
        let sent = async { Ok::<_, Error>(shared.transport.send(request).await) };
        match idle.wait(sent).await? {
            Ok(response) => Answer::read_head(response, failure, asked, idle).await,
            // If the request broke off because a file could not be read, that is the error.
            Err(error) => Err(failure
                .as_ref()
                .and_then(Failure::take)
                .map_or_else(|| error.into(), Error::Upload)),
        }
    }
}

/// What is needed of the request to read the response. Errors name the arguments; of many only the first.
fn asked(spec: &Spec, values: &Values) -> Asked {
    const MOST: usize = 512;
    let subject = values.arguments().split_first().map(|(first, others)| {
        let first: String = first.to_text().chars().take(MOST).collect();
        match others.len() {
            0 => first,
            count => format!("{first} and {count} more"),
        }
    });
    Asked {
        subject,
        due: due::is_due(spec, values),
        bytes: spec.reply == ReplyKind::Bytes,
        encoding: values
            .loose(&["encoding", "enc"])
            .filter(|encoding| *encoding != "json")
            .map(str::to_owned),
    }
}

/// Sets an option, replacing all values given under any of its names.
fn replace(spec: &Spec, mut values: Values, name: &str, value: &str) -> Values {
    match spec.option(name) {
        Some(option) => {
            for name in option.names {
                values = values.without(name);
            }
        }
        None => values = values.without(name),
    }
    values.option(name, value);
    values
}

/// Sets the option that requests many records instead of one.
fn choose(spec: &Spec, values: Values, many: bool) -> Values {
    match spec.stream {
        Some(option) if many => values.with(option, "true"),
        Some(option) => values.without(option),
        None => values,
    }
}
