//! Writing DAG-JOSE.

use super::{CODEC, DAG_JOSE, from_base64, payload_cid, unknown_header, unsupported};
use crate::bytestring::ByteString;
use crate::codec::fields::{Fields, as_list, as_text, wrong_kind};
use crate::codec::{CodecError, MAX_DEPTH, dag_cbor};
use crate::ipld::Ipld;

/// Writes the block of an object in the general or the flattened form. Other fields than JOSE's are left out, and so is `link`.
///
/// # Errors
/// [`CodecError::Kind`], [`CodecError::Missing`], [`CodecError::UnknownField`], [`CodecError::Payload`],
/// [`CodecError::TooDeep`]; [`CodecError::Unsupported`] for what is not an object of JOSE, text that is not
/// base64url, and nulls, booleans, bytes and links in headers.
pub fn encode(value: &Ipld) -> Result<Vec<u8>, CodecError> {
    let fields = Fields::of(CODEC, "the object", value)?;
    let entries = if fields.get("ciphertext").is_some() {
        encrypted(&fields)
    } else if fields.get("payload").is_some() {
        signed(&fields)
    } else {
        Err(unsupported("invalid JOSE object"))
    };
    dag_cbor::encode_as(DAG_JOSE, &Ipld::Map(entries?))
}

type Entries = Vec<(ByteString, Ipld)>;

fn signed(fields: &Fields<'_>) -> Result<Entries, CodecError> {
    let payload = from_base64(fields.text("payload")?)?;
    payload_cid(&payload)?;
    let signatures = match fields.get("signatures") {
        None => {
            let mut signature = Entries::new();
            add_header(fields, &mut signature)?;
            add_text(fields, "protected", &mut signature)?;
            add_text(fields, "signature", &mut signature)?;
            vec![require_signature(signature)?]
        }
        Some(signatures) => {
            if ["header", "protected", "signature"]
                .iter()
                .any(|name| fields.get(name).is_some())
            {
                return Err(unsupported("invalid JWS serialization"));
            }
            let signatures = as_list(CODEC, "signatures", signatures)?.iter();
            let read = |item| {
                let fields = Fields::of(CODEC, "an item of signatures", item)?.only(
                    "dagjose.EncodedSignature.Repr",
                    &["header", "protected", "signature"],
                )?;
                require_signature(general(&fields, &["protected", "signature"])?)
            };
            signatures.map(read).collect::<Result<_, _>>()?
        }
    };
    Ok(vec![
        ("payload".into(), Ipld::Bytes(payload.into())),
        ("signatures".into(), Ipld::List(signatures)),
    ])
}

fn require_signature(entries: Entries) -> Result<Ipld, CodecError> {
    if entries.iter().all(|(key, _)| key != "signature") {
        return Err(CodecError::Missing("signature"));
    }
    Ok(Ipld::Map(entries))
}

fn encrypted(fields: &Fields<'_>) -> Result<Entries, CodecError> {
    let mut entries = Entries::new();
    for name in ["aad", "ciphertext", "iv", "protected", "tag"] {
        add_text(fields, name, &mut entries)?;
    }
    let recipients = match fields.get("recipients") {
        None => {
            let mut recipient = Entries::new();
            add_text(fields, "encrypted_key", &mut recipient)?;
            add_header(fields, &mut recipient)?;
            vec![Ipld::Map(recipient)]
        }
        Some(recipients) => {
            if fields.get("header").is_some() || fields.get("encrypted_key").is_some() {
                return Err(unsupported("invalid JWE serialization"));
            }
            recipients_of(as_list(CODEC, "recipients", recipients)?)?
        }
    };
    // As Kubo: where the first says nothing, none is written.
    if !matches!(recipients.first(), Some(Ipld::Map(first)) if first.is_empty()) {
        entries.push(("recipients".into(), Ipld::List(recipients)));
    }
    if let Some(unprotected) = fields.get("unprotected") {
        entries.push((
            "unprotected".into(),
            header_map("unprotected", unprotected)?,
        ));
    }
    Ok(entries)
}

fn recipients_of(items: &[Ipld]) -> Result<Vec<Ipld>, CodecError> {
    match items.first() {
        None => return Err(unsupported("there are no recipients")),
        // Only this one may be null, and then none is written.
        Some(Ipld::Null) => return Ok(vec![Ipld::Map(Entries::new())]),
        Some(_) => {}
    }
    let read = |item| {
        let fields = Fields::of(CODEC, "an item of recipients", item)?.only(
            "dagjose.EncodedRecipient.Repr",
            &["header", "encrypted_key"],
        )?;
        general(&fields, &["encrypted_key"]).map(Ipld::Map)
    };
    items.iter().map(read).collect()
}

/// An item of a list of the general form, in which a header may be of more kinds than a map.
fn general(fields: &Fields<'_>, texts: &[&'static str]) -> Result<Entries, CodecError> {
    let mut entries = Entries::new();
    if let Some(header) = fields.get("header") {
        entries.push(("header".into(), plain(header, 0)?));
    }
    for name in texts {
        add_text(fields, name, &mut entries)?;
    }
    Ok(entries)
}

/// Adds the bytes of a field in base64url, where it is there.
fn add_text(
    fields: &Fields<'_>,
    name: &'static str,
    entries: &mut Entries,
) -> Result<(), CodecError> {
    if let Some(value) = fields.get(name) {
        let bytes = from_base64(as_text(CODEC, name, value)?)?;
        entries.push((name.into(), Ipld::Bytes(bytes.into())));
    }
    Ok(())
}

/// Adds the header of the flattened form, where it is there.
fn add_header(fields: &Fields<'_>, entries: &mut Entries) -> Result<(), CodecError> {
    if let Some(header) = fields.get("header") {
        entries.push(("header".into(), header_map("header", header)?));
    }
    Ok(())
}

fn header_map(field: &'static str, header: &Ipld) -> Result<Ipld, CodecError> {
    match header {
        Ipld::Map(_) => plain(header, 0),
        other => Err(wrong_kind(CODEC, field, other, "map")),
    }
}

/// A header as Kubo writes it, who takes it through plain JSON.
fn plain(header: &Ipld, depth: usize) -> Result<Ipld, CodecError> {
    if depth > MAX_DEPTH {
        return Err(CodecError::TooDeep(CODEC));
    }
    Ok(match header {
        Ipld::Null | Ipld::Bool(_) | Ipld::Link(_) => return Err(unknown_header()),
        Ipld::Bytes(_) => return Err(unsupported("cannot marshal IPLD bytes to this codec")),
        #[expect(
            clippy::cast_precision_loss,
            reason = "to the nearest number that JSON's readers hold"
        )]
        Ipld::Integer(number) => plain_number(*number as f64),
        Ipld::Float(number) => plain_number(*number),
        Ipld::String(text) => Ipld::String(text.clone()),
        Ipld::List(items) => {
            let items = items.iter().map(|item| plain(item, depth + 1));
            Ipld::List(items.collect::<Result<_, _>>()?)
        }
        Ipld::Map(entries) => {
            if entries.len() == 1 && entries.iter().any(|(key, _)| key == "/") {
                return Err(unsupported("a header has the one key /"));
            }
            let entries = entries
                .iter()
                .map(|(key, value)| Ok((key.clone(), plain(value, depth + 1)?)));
            Ipld::Map(entries.collect::<Result<_, CodecError>>()?)
        }
    })
}

/// A number without a fraction is an integer below a million: from there on, it is written with an exponent.
fn plain_number(number: f64) -> Ipld {
    #[expect(clippy::cast_possible_truncation, reason = "whole and small")]
    if number.fract() == 0.0 && number.abs() < 1e6 {
        Ipld::Integer(number as i128)
    } else {
        Ipld::Float(number)
    }
}
