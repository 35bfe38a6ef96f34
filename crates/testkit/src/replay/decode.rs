//! Bodies as JSON values: what of them two runs have in common.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

use super::digest;
use crate::fixture;
use crate::http::Answer;
use crate::recording::Decode;

/// Text of this many characters or more is told by its digest.
const LONG_TEXT: usize = 65_536;
/// Bytes of this length or more are told by their digest alone.
const LONG_BYTES: usize = 4_096;
/// No summary unpacks more than this.
const UNPACKED_LIMIT: u64 = 64 << 20;

/// Decodes a body; the answer's own status and content type decide what `wanted` leaves open.
#[must_use]
pub fn decode(answer: &Answer, wanted: Option<Decode>) -> Value {
    let body = answer.body.as_slice();
    if answer.status == 200 {
        match wanted {
            Some(Decode::Tar) => return tar_summary(body),
            Some(Decode::GzTar) => {
                return match unpack(body) {
                    Ok(unpacked) => with_kind(tar_summary(&unpacked), "gzip-tar"),
                    Err(error) => {
                        json!({"kind": "not-tar", "error": error.to_string(), "sha256": digest(body), "len": body.len()})
                    }
                };
            }
            Some(Decode::Gz) => {
                return match unpack(body) {
                    Ok(unpacked) => {
                        json!({"kind": "gzip", "sha256": digest(&unpacked), "len": unpacked.len()})
                    }
                    Err(error) => json!({"kind": "bad-gzip", "error": error.to_string()}),
                };
            }
            Some(Decode::Car) => {
                return car_summary(body)
                    .unwrap_or_else(|| json!({"kind": "bad-car", "len": body.len()}));
            }
            Some(Decode::Json) | None => {}
        }
    }
    if body.is_empty() {
        return json!({"kind": "empty"});
    }
    let text = std::str::from_utf8(body).ok();
    let said_json = answer
        .header("content-type")
        .is_some_and(|kind| kind.contains("json"));
    if (said_json || wanted == Some(Decode::Json))
        && let Some(values) = text.and_then(|text| json_values(text).ok())
    {
        return json!({"kind": "json", "values": values});
    }
    if let Some(text) = text.filter(|text| text.chars().count() < LONG_TEXT) {
        return json!({"kind": "text", "text": text});
    }
    let mut summary = json!({"kind": "bytes", "len": body.len(), "sha256": digest(body)});
    if body.len() < LONG_BYTES {
        summary["b64"] = Value::String(data_encoding::BASE64.encode(body));
    }
    summary
}

/// The JSON values that follow one another in `text`.
///
/// # Errors
/// Something in between is not JSON.
pub fn json_values(text: &str) -> serde_json::Result<Vec<Value>> {
    serde_json::Deserializer::from_str(text)
        .into_iter()
        .collect()
}

fn unpack(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(body)
        .take(UNPACKED_LIMIT)
        .read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

fn with_kind(mut summary: Value, kind: &str) -> Value {
    if summary["kind"] == "tar" {
        summary["kind"] = Value::String(kind.to_owned());
    }
    summary
}

fn tar_summary(body: &[u8]) -> Value {
    match tar_members(body) {
        Ok(members) => json!({"kind": "tar", "members": members}),
        Err(error) => {
            json!({"kind": "not-tar", "error": error.to_string(), "sha256": digest(body), "len": body.len()})
        }
    }
}

fn tar_members(body: &[u8]) -> std::io::Result<Vec<Value>> {
    let mut members = Vec::new();
    for entry in tar::Archive::new(body).entries()? {
        let mut entry = entry?;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        let header = entry.header();
        let kind = header.entry_type();
        let name = String::from_utf8_lossy(&entry.path_bytes())
            .trim_end_matches('/')
            .to_owned();
        let link = entry
            .link_name_bytes()
            .map(|link| String::from_utf8_lossy(&link).into_owned())
            .unwrap_or_default();
        members.push(json!({
            "name": name,
            "type": char::from(kind.as_byte()).to_string(),
            "size": header.size()?,
            "mode": format!("0o{:o}", header.mode()?),
            "link": link,
            "sha256": if kind.is_file() { digest(&bytes) } else { Value::Null },
        }));
    }
    Ok(members)
}

/// Each section of a CAR told by its digest and length, CID and data together; `None` where it is not a CAR.
fn car_summary(body: &[u8]) -> Option<Value> {
    let (header, mut rest) = section(body)?;
    let mut blocks = Vec::new();
    while !rest.is_empty() {
        let (block, after) = section(rest)?;
        let digest = fixture::sha256_hex(block);
        blocks.push(format!("{}:{}", digest.get(..32)?, block.len()));
        rest = after;
    }
    Some(
        json!({"kind": "car", "header_hex": data_encoding::HEXLOWER.encode(header), "blocks": blocks}),
    )
}

/// Parts what a length stands before from what follows it.
fn section(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length = 0_u64;
    for (place, byte) in bytes.iter().enumerate().take(9) {
        length |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return bytes
                .get(place + 1..)?
                .split_at_checked(usize::try_from(length).ok()?);
        }
    }
    None
}
