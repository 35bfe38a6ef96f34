//! A client of the Kubo RPC and of Cairn's other APIs, for any server that implements them.
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
//! * [`Kubo`] and its groups ([`Kubo::pins`], [`Kubo::files`], …) have a method for each command. It returns a [`Call`], whose
//!   methods set the options of the command, and which is then awaited or streamed.
//! * Results are typed: CIDs are [`Cid`], times are [`SystemTime`](std::time::SystemTime). Content is an [`Answer`], which implements
//!   `Stream` and `AsyncRead`.
//! * [`Cluster`] is a client of the REST API of IPFS Cluster.
//! * All errors are [`Error`]; [`Error::kind`] classifies them. A response that is cut off is always an error.
//! * Calls have a timeout of 120 seconds by default; see [`Call::timeout`].
//! * A [`Transport`] connects to the server: [`Http`], or a router in this process ([`InProcess`]).
//!
//! Other APIs have clients of their own: [`pinning`] for pinning services, [`nft_storage`] for the upload API of nft.storage, and
//! [`rest`] for any declared endpoint.
//!
//! # Features
//!
//! None is on by default.
//!
//! * `tls`: HTTPS, with rustls.
//! * `http2`: HTTP/2, if the server supports it.
//! * `blocking`: the module `blocking`, for programs without an async runtime.
//! * `regex`: regular expressions as patterns for adding directories.

pub mod address;
#[cfg(feature = "blocking")]
pub mod blocking;
pub mod builder;
pub mod cluster;
mod error;
#[cfg(unix)]
pub mod get;
pub mod groups;
mod kubo;
pub mod nft_storage;
mod paging;
pub mod pinning;
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
pub use cluster::Cluster;
pub use error::{EncoderError, Error, ErrorKind, PartialResponse, TransportError};
pub use kubo::{
    AddCall, AddEvent, AddResult, Added, All, Answer, Call, Callable, DEFAULT_BASE,
    DEFAULT_TIMEOUT, GetJson, IntoPath, IntoPaths, IntoSetting, Items, Kubo, ReadItems, Received,
    Records, Retry, Root, RootCid, Span, Streamable,
};
#[cfg(feature = "tls")]
pub use transport::Roots;
pub use transport::{Body, BoxError, Http, HttpOptions, InProcess, Transport};
pub use upload::{
    Content, IntoSource, IntoSources, Matcher, Metadata, Part, Pattern, RawUpload, Source,
    Symlinks, Upload, UploadError,
};
