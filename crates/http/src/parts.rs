//! The parts of a `multipart/form-data` body, read as they arrive.

use cairn_wire::multipart::{Decoder, Event, MultipartError};
use futures_util::StreamExt as _;

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

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts")
            .field("decoder", &self.decoder)
            .finish_non_exhaustive()
    }
}
