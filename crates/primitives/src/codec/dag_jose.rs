//! DAG-JOSE: signed (JWS) and encrypted (JWE) objects of JOSE in DAG-CBOR.
//!
//! Spec: <https://ipld.io/specs/codecs/dag-jose/spec/>
//!
//! Base64url fields of JOSE are bytes in the block, and text in the value. The payload of a signed object is a CID,
//! which the value also has as `link`. Encoding accepts the general and the flattened JSON serialization of JOSE, and
//! writes the general one. Blocks and values are the same as Kubo's.

use std::sync::LazyLock;

use bytes::Bytes;

use super::CodecError;
use super::dag_cbor::{self, Dialect};
use super::fields::wrong_kind;
use crate::bytestring::ByteString;
use crate::cid::Cid;
use crate::cid_list::CidList;
use crate::ipld::Ipld;

mod write;

pub use write::encode;

const CODEC: &str = "dag-jose";

const DAG_JOSE: Dialect = Dialect {
    codec: CODEC,
    links: true,
    sorted: true,
};

/// As Go reads base64url: with any bits after the last whole byte, and line ends anywhere.
static BASE64URL: LazyLock<data_encoding::Encoding> = LazyLock::new(|| {
    let mut specification = data_encoding::BASE64URL_NOPAD.specification();
    specification.check_trailing_bits = false;
    specification.ignore.push_str("\r\n");
    specification
        .encoding()
        .unwrap_or(data_encoding::BASE64URL_NOPAD)
});

/// Reads a block.
///
/// # Errors
/// Those of [`dag_cbor::decode`]; [`CodecError::Kind`], [`CodecError::Missing`], [`CodecError::UnknownField`],
/// [`CodecError::Payload`]; [`CodecError::Unsupported`] for nulls, booleans and links in headers, and for text that is not
/// base64url.
pub fn decode(bytes: &Bytes) -> Result<Ipld, CodecError> {
    let entries = match dag_cbor::decode_as(DAG_JOSE, bytes)? {
        Ipld::Map(entries) => entries,
        other => return Err(wrong_kind(CODEC, "the object", &other, "map")),
    };
    if entries.iter().any(|(key, _)| key == "ciphertext") {
        encrypted(entries)
    } else {
        signed(entries)
    }
}

/// The link of a block, where it is a signed object.
///
/// # Errors
/// As for [`decode`].
pub fn links(bytes: &[u8]) -> Result<CidList, CodecError> {
    Ok(decode(&Bytes::copy_from_slice(bytes))?.links())
}

/// How a field is read.
#[derive(Clone, Copy)]
enum FieldForm {
    /// Bytes, or what base64url makes bytes.
    Base64,
    /// Anything but null, booleans and links.
    Any,
    Link,
    /// A list of maps.
    List(&'static Schema),
}

/// The fields of a map, in the order in which the value has them.
struct Schema {
    name: &'static str,
    fields: &'static [(&'static str, FieldForm)],
    required: Option<&'static str>,
}

const SIGNED: Schema = Schema {
    name: "dagjose.DecodedJWS.Repr",
    fields: &[
        ("link", FieldForm::Link),
        ("payload", FieldForm::Base64),
        ("signatures", FieldForm::List(&SIGNATURE)),
    ],
    required: Some("payload"),
};

const SIGNATURE: Schema = Schema {
    name: "dagjose.DecodedSignature.Repr",
    fields: &[
        ("header", FieldForm::Any),
        ("protected", FieldForm::Base64),
        ("signature", FieldForm::Base64),
    ],
    required: Some("signature"),
};

const ENCRYPTED: Schema = Schema {
    name: "dagjose.DecodedJWE.Repr",
    fields: &[
        ("aad", FieldForm::Base64),
        ("ciphertext", FieldForm::Base64),
        ("iv", FieldForm::Base64),
        ("protected", FieldForm::Base64),
        ("recipients", FieldForm::List(&RECIPIENT)),
        ("tag", FieldForm::Base64),
        ("unprotected", FieldForm::Any),
    ],
    required: Some("ciphertext"),
};

const RECIPIENT: Schema = Schema {
    name: "dagjose.DecodedRecipient.Repr",
    fields: &[
        ("header", FieldForm::Any),
        ("encrypted_key", FieldForm::Base64),
    ],
    required: None,
};

fn encrypted(entries: Vec<(ByteString, Ipld)>) -> Result<Ipld, CodecError> {
    ENCRYPTED.read(entries).map(Ipld::Map)
}

fn signed(entries: Vec<(ByteString, Ipld)>) -> Result<Ipld, CodecError> {
    let mut entries = SIGNED.read(entries)?;
    if entries.iter().all(|(key, _)| *key != "link")
        && let Some((_, Ipld::String(payload))) = entries.iter().find(|(key, _)| *key == "payload")
    {
        let link = Ipld::Link(payload_cid(&from_base64(payload)?)?);
        entries.insert(0, ("link".into(), link));
    }
    Ok(Ipld::Map(entries))
}

fn payload_cid(payload: &[u8]) -> Result<Cid, CodecError> {
    Cid::from_bytes(payload).map_err(CodecError::Payload)
}

impl Schema {
    fn read(
        &self,
        mut entries: Vec<(ByteString, Ipld)>,
    ) -> Result<Vec<(ByteString, Ipld)>, CodecError> {
        for (key, value) in &mut entries {
            let Some((name, form)) = self.fields.iter().find(|(name, _)| *key == *name) else {
                return Err(CodecError::UnknownField {
                    map: self.name,
                    key: std::mem::take(key),
                });
            };
            *value = form.read(name, std::mem::take(value))?;
        }
        if let Some(name) = self.required
            && entries.iter().all(|(key, _)| *key != name)
        {
            return Err(CodecError::Missing(name));
        }
        entries.sort_by_key(|(key, _)| self.fields.iter().position(|(name, _)| *key == *name));
        Ok(entries)
    }
}

impl FieldForm {
    fn read(self, field: &'static str, value: Ipld) -> Result<Ipld, CodecError> {
        match (self, value) {
            (Self::Base64, Ipld::Bytes(bytes)) => Ok(to_base64(&bytes)),
            (Self::Base64, Ipld::String(text)) => from_base64(&text).map(|bytes| to_base64(&bytes)),
            (Self::Base64, other) => Err(wrong_kind(CODEC, field, &other, "bytes")),
            (Self::Any, value) => refuse_unknown_header(&value).map(|()| value),
            (Self::Link, link @ Ipld::Link(_)) => Ok(link),
            (Self::Link, other) => Err(wrong_kind(CODEC, field, &other, "link")),
            (Self::List(schema), Ipld::List(items)) => {
                let items = items.into_iter().map(|item| match item {
                    Ipld::Map(entries) => schema.read(entries).map(Ipld::Map),
                    other => Err(wrong_kind(CODEC, field, &other, "map")),
                });
                items.collect::<Result<_, _>>().map(Ipld::List)
            }
            (Self::List(_), other) => Err(wrong_kind(CODEC, field, &other, "list")),
        }
    }
}

/// Refuses a header that holds what JOSE's schema in IPLD has not.
fn refuse_unknown_header(header: &Ipld) -> Result<(), CodecError> {
    let mut waiting = vec![header];
    while let Some(value) = waiting.pop() {
        match value {
            Ipld::Null | Ipld::Bool(_) | Ipld::Link(_) => return Err(unknown_header()),
            Ipld::List(items) => waiting.extend(items),
            Ipld::Map(entries) => waiting.extend(entries.iter().map(|(_, value)| value)),
            Ipld::Integer(_) | Ipld::Float(_) | Ipld::String(_) | Ipld::Bytes(_) => {}
        }
    }
    Ok(())
}

fn unknown_header() -> CodecError {
    unsupported("a header holds a null, a boolean or a link")
}

fn unsupported(reason: &'static str) -> CodecError {
    CodecError::Unsupported {
        codec: CODEC,
        reason,
    }
}

fn to_base64(bytes: &[u8]) -> Ipld {
    Ipld::String(data_encoding::BASE64URL_NOPAD.encode(bytes).into())
}

fn from_base64(text: &[u8]) -> Result<Vec<u8>, CodecError> {
    BASE64URL
        .decode(text)
        .map_err(|_| unsupported("invalid base64"))
}

#[cfg(test)]
mod tests;
