//! Errors of keys and names.

use cairn_node::keystore::KeystoreError;
use cairn_node::names::PublishError;
use cairn_primitives::ipns::RecordError;
use cairn_primitives::keys::{KeyError, MAX_RSA_BITS, MIN_RSA_BITS, Pkcs8Error};
use cairn_primitives::quote::Quoted;
use cairn_store::names::NameError;

use super::{KuboText, text};

/// What Kubo says of an id whose key it would need, and which is only the hash of it.
const HASH_ONLY: &str = "public key is not embedded in peer ID";

impl KuboText for KeyError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::Malformed { .. } => "proto: cannot parse invalid wire-format data".to_owned(),
            Self::UnknownType(_) => "invalid or unsupported key type".to_owned(),
            Self::TooShort(_) => {
                format!("rsa keys must be >= {MIN_RSA_BITS} bits to be useful")
            }
            Self::TooManyBits(_) => format!("rsa keys must be <= {MAX_RSA_BITS} bits"),
            _ => return None,
        })
    }
}

impl KuboText for Pkcs8Error {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            // Kubo shows the input here, which may be a secret.
            Self::NoPem => "PEM block not found in input data".to_owned(),
            Self::Label { found, expected } => {
                format!("expected {expected} type in PEM block but got: {found}")
            }
            Self::Malformed | Self::Algorithm => format!("parsing PKCS8 format: {self}"),
            Self::Key(error) => text(error),
            _ => return None,
        })
    }
}

impl KuboText for KeystoreError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::Reserved { action } => format!("cannot {action} key with name 'self'"),
            Self::Unnamed => "key name must be at least one character".to_owned(),
            Self::Exists { name } => format!("key with name '{name}' already exists"),
            Self::Missing { name } => format!("no key named {name} was found"),
            Self::Unowned { .. } => "no key by the given name or PeerID was found".to_owned(),
            Self::NotAKey { text } => format!(
                "'{}' is not a known key, an IPNS Name, or a valid PeerID",
                Quoted(text)
            ),
            Self::HashOnly { .. } => HASH_ONLY.to_owned(),
            Self::Make(error) => text(error),
            Self::Rows(error) => text(error),
            _ => return None,
        })
    }
}

impl KuboText for RecordError {
    fn kubo(&self) -> Option<String> {
        let malformed = |reason: &str| Some(format!("record is malformed\n{reason}"));
        Some(match self {
            Self::TooLarge => "record exceeds allowed size limit".to_owned(),
            Self::Protobuf { .. } => {
                return malformed("proto: cannot parse invalid wire-format data");
            }
            Self::NoData => return malformed("record is missing the dag-cbor data field"),
            Self::Data(error) => return malformed(&text(error)),
            Self::Field(_) => return malformed(&self.to_string()),
            Self::Value => "value is not a valid content path".to_owned(),
            Self::ValidityType(_) => "record contains an unrecognized validity type".to_owned(),
            Self::Validity => "record contains an invalid validity".to_owned(),
            Self::Expired => "record is expired".to_owned(),
            Self::Signature => "signature verification failed".to_owned(),
            Self::Mismatch(field) => {
                format!("field {field:?} did not match between protobuf and CBOR")
            }
            Self::PublicKey(error) => format!("public key invalid\n{}", text(error)),
            Self::OtherKey => "record public key does not match the expected public key".to_owned(),
            Self::NoPublicKey => HASH_ONLY.to_owned(),
            _ => return None,
        })
    }
}

impl KuboText for PublishError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::Sequence { .. } => {
                "sequence number must be greater than the current record sequence".to_owned()
            }
            Self::Older { .. } => "can't replace a newer record with an older one".to_owned(),
            Self::Record(error) => text(error),
            Self::Before(error) => text(error),
            Self::Rows(error) => text(error),
            Self::Peers(error) => text(error),
            _ => return None,
        })
    }
}

impl KuboText for NameError {
    fn kubo(&self) -> Option<String> {
        // The domain with the dot of its root, as Kubo looks it up.
        let dnslink = |domain: &str, reason: &str| {
            let domain = format!("{domain}.");
            Some(format!(
                "DNSLink lookup for {} failed: {reason}",
                Quoted(&domain)
            ))
        };
        Some(match self {
            Self::NotFound { .. } => "could not resolve name".to_owned(),
            Self::TooDeep { .. } => "could not resolve name (recursion limit exceeded)".to_owned(),
            Self::NoDnsLink { domain } => {
                return dnslink(
                    domain,
                    "could not resolve name: DNSLink lookup could not find a TXT record (https://docs.ipfs.tech/concepts/dnslink/)",
                );
            }
            Self::ManyDnsLinks { domain } => {
                return dnslink(
                    domain,
                    "could not resolve name: DNSLink lookup returned more than one IPFS content path; ask domain owner to remove duplicate TXT records",
                );
            }
            Self::Dns { domain, reason } => return dnslink(domain, reason),
            Self::NotAKey { key, .. } => format!(
                "peer ID represented as CIDv1 require libp2p-key multicodec: retry with /ipns/{key}"
            ),
            Self::NoName { name } => {
                let path = format!("/ipns/{name}");
                format!("cannot resolve: {}", Quoted(&path))
            }
            _ => return None,
        })
    }
}
