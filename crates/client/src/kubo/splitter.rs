//! Splits a stream into JSON values.

use bytes::{Bytes, BytesMut};

use crate::error::Error;

/// Maximum length of a record in bytes: a listing of some million entries in one value.
const LIMIT: usize = 512 * 1024 * 1024;

/// Splits a stream of bytes into JSON values, reading each byte once. White space between them does not matter: a
/// value may span lines, and two may share one.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    buffer: BytesMut,
    /// How much of the buffer was read.
    seen: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Splitter {
    /// Adds bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole value.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if self.seen == 0 {
            let space = self
                .buffer
                .iter()
                .take_while(|byte| byte.is_ascii_whitespace())
                .count();
            let _ = self.buffer.split_to(space);
        }
        while let Some(&byte) = self.buffer.get(self.seen) {
            self.seen += 1;
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => {
                        self.in_string = false;
                        if self.depth == 0 {
                            return Ok(Some(self.take(self.seen)));
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                // A number or a word ends where anything else begins.
                b'"' | b'{' | b'[' if self.depth == 0 && self.seen > 1 => {
                    return Ok(Some(self.take(self.seen - 1)));
                }
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Ok(Some(self.take(self.seen)));
                    }
                }
                b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 => {
                    return Ok(Some(self.take(self.seen - 1)));
                }
                _ => {}
            }
        }
        if self.buffer.len() > LIMIT {
            Err(Error::TooLong { limit: LIMIT })
        } else {
            Ok(None)
        }
    }

    /// What is left at the end of the stream: a number or a word, or a value that was cut.
    pub(crate) fn last(&mut self) -> Option<Bytes> {
        let rest = self.take(self.buffer.len());
        (!rest.trim_ascii().is_empty()).then_some(rest)
    }

    fn take(&mut self, length: usize) -> Bytes {
        self.seen = 0;
        self.depth = 0;
        self.in_string = false;
        self.escaped = false;
        self.buffer.split_to(length).freeze()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(pieces: &[&[u8]]) -> Vec<String> {
        let mut splitter = Splitter::default();
        let mut found = Vec::new();
        for piece in pieces {
            splitter.push(piece);
            while let Some(value) = splitter.next().unwrap() {
                found.push(String::from_utf8(value.to_vec()).unwrap());
            }
        }
        found.extend(
            splitter
                .last()
                .map(|value| String::from_utf8(value.to_vec()).unwrap()),
        );
        found
    }

    #[test]
    fn cuts_between_values() {
        assert_eq!(
            split(&[b"{\"a\":1}\n{\"b\":\"}\\\"{\"}\n"]),
            ["{\"a\":1}", "{\"b\":\"}\\\"{\"}"]
        );
        assert_eq!(
            split(&[b" {\n \"a\": [1,\n 2]\n}\r\n\t"]),
            ["{\n \"a\": [1,\n 2]\n}"]
        );
        assert_eq!(
            split(&[b"1 2\nnull\"x\"[3]true"]),
            ["1", "2", "null", "\"x\"", "[3]", "true"]
        );
        assert_eq!(split(&[b"{}{}", b"", b"\n"]), ["{}", "{}"]);
        assert_eq!(split(&[]), [""; 0]);
    }

    proptest! {
        #[test]
        fn any_cut_of_the_stream_gives_the_same_values(texts in prop::collection::vec(".{0,20}", 0..6), cut in 1_usize..9) {
            let values: Vec<serde_json::Value> = texts.iter().map(|text| serde_json::json!({ text.as_str(): [text, 1, { "x": text }] })).collect();
            let all: String = values.iter().map(|value| format!("{value}\n")).collect();
            let pieces: Vec<&[u8]> = all.as_bytes().chunks(cut).collect();
            let found: Vec<serde_json::Value> = split(&pieces).iter().map(|text| serde_json::from_str(text).unwrap()).collect();
            prop_assert_eq!(found, values);
        }
    }
}
