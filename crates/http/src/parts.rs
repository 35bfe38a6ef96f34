//! The parts of a `multipart/form-data` body, read as they arrive.

use cairn_primitives::ByteString;
use cairn_wire::multipart::{Decoder, Event, MultipartError};
use futures_util::StreamExt as _;
use percent_encoding::percent_decode;

/// Reads a request's body part by part.
pub(crate) struct Parts {
    body: axum::body::BodyDataStream,
    decoder: Decoder,
    ended: bool,
}

impl Parts {
    /// Begins to read; nothing is read before the first call of [`Parts::next`].
    pub(crate) fn new(content_type: &str, body: axum::body::Body) -> Result<Self, MultipartError> {
        Ok(Self {
            body: body.into_data_stream(),
            decoder: Decoder::new(content_type)?,
            ended: false,
        })
    }

    /// The next event; `None` after the last. Cancel safe.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>, MultipartError> {
        loop {
            if let Some(event) = self.decoder.next()? {
                return Ok(Some(event));
            }
            if self.ended {
                return Ok(None);
            }
            match self.body.next().await {
                Some(Ok(frame)) => self.decoder.push(frame),
                Some(Err(error)) => {
                    let broken = std::error::Error::source(&error)
                        .map_or_else(|| error.to_string(), ToString::to_string);
                    return Err(MultipartError::Read(broken));
                }
                None => {
                    self.ended = true;
                    self.decoder.finish();
                }
            }
        }
    }
}

/// Decodes a name of a form: `%20` or `+` is a space. A name with a stray `%` is taken literally.
pub(crate) fn unescape(text: &[u8]) -> ByteString {
    let stray = text.iter().enumerate().any(|(at, byte)| {
        *byte == b'%'
            && !text
                .get(at + 1..at + 3)
                .is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
    });
    if stray {
        return text.into();
    }
    let spaced: Vec<u8> = text
        .iter()
        .map(|&byte| if byte == b'+' { b' ' } else { byte })
        .collect();
    percent_decode(&spaced).collect::<Vec<u8>>().into()
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts")
            .field("decoder", &self.decoder)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_stray_escapes_are_literal() {
        for (text, name) in [
            ("a+b%20c%2Fd", "a b c/d"),
            ("100%+1", "100%+1"),
            ("a%zz%20", "a%zz%20"),
            ("a%2", "a%2"),
        ] {
            assert_eq!(unescape(text.as_bytes()).as_bytes(), name.as_bytes());
        }
    }
}
