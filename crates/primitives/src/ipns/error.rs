//! Why a record is not good.

use super::{MAX_RECORD, VALIDITY_EOL};
use crate::codec::CodecError;
use crate::keys::KeyError;

/// Why a record cannot be read, made or believed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// It is too long.
    #[error("an IPNS record has {MAX_RECORD} bytes at most")]
    TooLarge,
    /// It is not a protobuf.
    #[error("not an IPNS record: {reason} at byte {at}")]
    Protobuf {
        /// What is wrong.
        reason: &'static str,
        /// Where, in bytes from the front.
        at: usize,
    },
    /// There is no data in it: it was made for readers of V1 alone.
    #[error("the IPNS record has no data field")]
    NoData,
    /// Its data is not DAG-CBOR.
    #[error("the data of the IPNS record cannot be read")]
    Data(#[from] CodecError),
    /// A field of its data is absent or of another kind.
    #[error("{0} of the IPNS record is absent or has the wrong kind")]
    Field(&'static str),
    /// Its value is neither a path nor a CID.
    #[error("the value of the IPNS record is not a content path")]
    Value,
    /// Its end is of a kind that is not known.
    #[error("the IPNS record has the unknown validity type {0}, and not {VALIDITY_EOL}")]
    ValidityType(u64),
    /// Its end is not a time.
    #[error("the validity of the IPNS record is not a time")]
    Validity,
    /// It has ended.
    #[error("the IPNS record has expired")]
    Expired,
    /// There is no signature, or it was made by another key or for other data.
    #[error("the signature of the IPNS record is not valid")]
    Signature,
    /// A field for readers of V1 is not what the signed data says.
    #[error("{0} of the IPNS record differs between its protobuf and its data")]
    Mismatch(&'static str),
    /// The public key in it cannot be read.
    #[error("the public key of the IPNS record cannot be read")]
    PublicKey(#[source] KeyError),
    /// The public key in it is not that of the name.
    #[error("the public key of the IPNS record is not that of the name")]
    OtherKey,
    /// The public key stands neither in it nor in the name.
    #[error("the IPNS record has no public key, and the name does not hold one")]
    NoPublicKey,
    /// It cannot be signed.
    #[error("the IPNS record cannot be signed")]
    Sign(#[source] KeyError),
}
