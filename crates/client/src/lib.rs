//! The SDK: a client of the declared endpoints for any server.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use cairn_client::{Kubo, Part, Upload};
//! use cairn_wire::kubo::{add::Add, cat::Cat};
//!
//! let kubo = Kubo::connect(&"/ip4/127.0.0.1/tcp/5001".parse()?)?;
//! let mut added = kubo.upload(&Add::new(), Upload::one(Part::bytes("note.txt", "hello"))).await?;
//! while let Some(entry) = added.next().await? {
//!     println!("{} {}", entry.hash, entry.name);
//! }
//! let mut content = kubo.call(&Cat::new(vec!["/ipfs/bafkqabtimvwgy3yk".into()])).await?;
//! while let Some(bytes) = content.chunk().await? {
//!     println!("{} bytes", bytes.len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! * [`Kubo`] speaks the Kubo RPC over any [`transport::Transport`]: HTTP, or a router in this process.
//! * Answers are streams read as they arrive; nothing is collected unless asked for.
//! * A cut answer is an [`Error`], never the end of one.

pub mod address;
mod error;
mod kubo;
pub mod rest;
pub mod transport;
pub mod upload;

pub use address::Address;
pub use error::{Error, TransportError};
pub use kubo::{Answer, Kubo, Received, Records, Retry};
pub use transport::{Body, BoxError, Http, HttpOptions, InProcess, Roots, Transport};
pub use upload::{Content, Metadata, Part, RawUpload, Upload, UploadError};
