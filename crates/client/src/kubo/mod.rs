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
mod request;
mod retry;
mod setters;
mod setting;
mod splitter;
#[cfg(test)]
mod tests;
mod values;

use std::sync::Arc;
use std::time::Duration;

use cairn_wire::kubo::{STREAM_END, STREAM_END_TRAILER};
use http::{HeaderMap, HeaderValue, header};

pub use self::add::{AddCall, AddEvent, AddResult, Added, All, Root, RootCid};
pub use self::answer::Answer;
pub(crate) use self::answers::{binary, list, many, nothing, one};
pub use self::arguments::{IntoPath, IntoPaths};
pub(crate) use self::arguments::{text, texts};
pub use self::call::{Call, Callable, ReadItems, Streamable};
pub(crate) use self::idle::Idle;
pub use self::items::Items;
pub use self::json::GetJson;
pub use self::received::Received;
pub use self::records::Records;
pub(crate) use self::records::decode;
pub(crate) use self::request::Settings;
pub use self::retry::Retry;
pub(crate) use self::setters::{add_setters, setters};
pub use self::setting::{IntoSetting, Span};
pub(crate) use self::splitter::Splitter;
pub(crate) use self::values::{cid, cids, mode, some};
use crate::address::Address;
use crate::error::TransportError;
use crate::transport::{Http, Transport};
use crate::upload::CHUNK;
use crate::version::Supported;

/// The `User-Agent` of requests. Kubo refuses browsers without an origin.
pub(crate) const USER_AGENT: HeaderValue =
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
}
