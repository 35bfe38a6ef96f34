//! Multipart bodies: the same parts come however the bytes are cut, and a body ends whole or with an error.
#![no_main]

use bytes::Bytes;
use cairn_primitives::ByteString;
use cairn_primitives::nft::file_name;
use cairn_wire::multipart::{Decoder, Event, MultipartError, PartHead};
use libfuzzer_sys::fuzz_target;

type Parts = Vec<(PartHead, Vec<u8>, bool)>;

fuzz_target!(|data: &[u8]| {
    let encoded;
    let (boundary, body) = match data.split_first() {
        Some((0, rest)) => ("x", rest),
        Some((1, rest)) => ("\"a b\"", rest),
        Some((2, rest)) => {
            let head = b"--x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n";
            encoded = [head, rest, b"\r\n--x--"].concat();
            ("x", encoded.as_slice())
        }
        _ => ("-----b", data),
    };
    let content_type = format!("multipart/form-data; boundary={boundary}");
    let whole = read(&content_type, body, body.len().max(1));
    let step = usize::from(data.last().copied().unwrap_or(0)) % 40 + 1;
    assert_eq!(whole, read(&content_type, body, step));
    if let (parts, Ok(())) = whole {
        assert!(
            parts.iter().all(|(_, _, ended)| *ended),
            "a part has no end"
        );
        for (head, ..) in &parts {
            read_fields(head);
        }
    }
});

/// What the upload API reads of a part.
fn read_fields(head: &PartHead) {
    let text = |parameter| head.disposition(parameter).map(ByteString::from);
    let _ = (text("name"), head.media_type());
    let name = file_name(&text("filename").unwrap_or_default());
    assert!(!name.is_empty() && !name.contains('/') && name != "." && name != "..");
}

fn read(content_type: &str, body: &[u8], step: usize) -> (Parts, Result<(), MultipartError>) {
    let mut parts = Parts::new();
    let mut decoder = match Decoder::new(content_type) {
        Ok(decoder) => decoder,
        Err(error) => return (parts, Err(error)),
    };
    let frames = body.chunks(step).map(Some).chain([None]);
    for frame in frames {
        match frame {
            Some(frame) => decoder.push(Bytes::copy_from_slice(frame)),
            None => decoder.finish(),
        }
        loop {
            match decoder.next() {
                Ok(None) => break,
                Ok(Some(Event::Part(head))) => parts.push((head, Vec::new(), false)),
                Ok(Some(Event::Data(data))) => {
                    let (_, bytes, ended) = parts.last_mut().expect("data belongs to a part");
                    assert!(!*ended && !data.is_empty());
                    bytes.extend_from_slice(&data);
                }
                Ok(Some(Event::PartEnd)) => parts.last_mut().expect("a part ends").2 = true,
                Ok(Some(Event::End)) => {}
                // How much was seen before a refusal depends on the cuts; that it is refused does not.
                Err(error) => return (Parts::new(), Err(error)),
            }
        }
    }
    (parts, Ok(()))
}
