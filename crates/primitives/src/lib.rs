//! The data formats of IPFS: CIDs, multihashes, codecs, UnixFS, CAR, keys, IPNS records, messages between peers.
//!
//! No I/O and no async runtime. Every decoder accepts untrusted bytes: it is bounded in size, depth and allocation,
//! and returns an error instead of panicking.

pub mod bitswap;
pub mod block;
pub mod bytestring;
pub mod car;
pub mod causes;
pub mod cid;
pub mod cid_list;
pub mod codec;
pub mod credentials;
pub mod denylist;
pub mod dns;
pub mod duration;
pub mod ip;
pub mod ipld;
pub mod ipns;
pub mod keys;
pub mod multiaddr;
pub mod multibase;
pub mod multihash;
pub mod multistream;
pub mod nft;
pub mod path;
pub mod quote;
pub mod redirects;
pub mod rfc3339;
pub mod routing;
pub mod unixfs;
pub mod varint;

pub use block::Block;
pub use bytestring::ByteString;
pub use causes::with_causes;
pub use cid::{Cid, Codec, Version};
pub use cid_list::CidList;
pub use ipld::Ipld;
pub use keys::PeerId;
pub use multiaddr::Multiaddr;
pub use multihash::Multihash;
pub use path::ContentPath;
