//! A client of the Kubo RPC, and of Cairn's other APIs, for any server that speaks them.
//!
//! ```no_run
//! # async fn example() -> Result<(), cairn_client::Error> {
//! use cairn_client::Kubo;
//!
//! let kubo = Kubo::connect("/ip4/127.0.0.1/tcp/5001").await?;
//! let added = kubo.add("notes.txt").await?;
//! println!("{} {}", added.cid, added.name);
//! let text = kubo.cat(&added.cid).to_string(1 << 20).await?;
//! for entry in kubo.files().ls("/").long(true).await? {
//!     println!("{} {}", entry.name, entry.size);
//! }
//! # let _ = text; Ok(())
//! # }
//! ```
//!
//! * [`Kubo`] and its groups ([`Kubo::pins`], [`Kubo::files`], …) have a method for each command. A method gives a [`Call`], whose
//!   methods set the command's options; it is then awaited, or read as a stream.
//! * What a call gives has types: CIDs are [`Cid`], times [`SystemTime`](std::time::SystemTime). Bytes are an [`Answer`], which is a
//!   `Stream` and an `AsyncRead`.
//! * Errors are [`Error`]; [`Error::kind`] sorts them. A cut answer is an error, never the end of one.
//! * A call gives up when the server keeps it waiting for 120 seconds; see [`Call::timeout`].
//! * [`transport::Transport`] is the way to a server: HTTP, or a router in this process ([`InProcess`]).
//!
//! # Features
//!
//! None is on by default.
//!
//! * `tls`: addresses of HTTPS, by rustls.
//! * `http2`: HTTP/2 where a server offers it.
//! * `blocking`: `blocking::Wait` and its kin, for programs without an async runtime.
//! * `regex`: regular expressions that choose what is added of a directory.

pub mod address;
#[cfg(feature = "blocking")]
pub mod blocking;
pub mod builder;
mod error;
#[cfg(unix)]
pub mod get;
pub mod groups;
mod kubo;
pub mod rest;
mod time;
pub mod transport;
pub mod upload;
pub mod version;
mod workarounds;

pub use bytes::Bytes;
pub use cairn_primitives::{ByteString, Cid, ContentPath, PeerId};
pub use cairn_wire as wire;

pub use address::Address;
pub use builder::{Builder, DEFAULT_ADDR};
pub use error::{EncoderError, Error, ErrorKind, PartialResponse, TransportError};
pub use kubo::{
    AddCall, AddEvent, AddResult, Added, All, Answer, Call, Callable, DEFAULT_BASE,
    DEFAULT_TIMEOUT, GetJson, IntoPath, IntoPaths, IntoSetting, Items, Kubo, ReadItems,
    Received, Records, Retry, Root, RootCid, Span, Streamable,
};
#[cfg(feature = "tls")]
pub use transport::Roots;
pub use transport::{Body, BoxError, Http, HttpOptions, InProcess, Transport};
pub use upload::{
    Content, IntoSource, IntoSources, Matcher, Metadata, Part, Pattern, RawUpload, Source,
    Symlinks, Upload, UploadError,
};
