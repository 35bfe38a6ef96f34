//! Responses that fail after they have started.

use std::any::Any;
use std::fmt;

use cairn_wire::CommandError;

/// The command failed after the response had started. Contains the part that had arrived, if the call returns the response as a
/// whole.
///
/// ```no_run
/// # async fn example(kubo: cairn_client::Kubo) {
/// use cairn_client::Error;
/// match kubo.cat("/ipfs/bafkqabtimvwgy3yk").to_vec(1 << 20).await {
///     Err(Error::Partial(partial)) => {
///         let bytes = partial.arrived::<Vec<u8>>().map_or(0, Vec::len);
///         println!("{bytes} bytes, then: {partial}");
///     }
///     other => println!("{other:?}"),
/// }
/// # }
/// ```
#[derive(thiserror::Error)]
#[error("{message}")]
pub struct PartialResponse {
    message: String,
    detail: Option<String>,
    arrived: Option<Box<dyn Any + Send + Sync>>,
}

impl PartialResponse {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            detail: None,
            arrived: None,
        }
    }

    pub(crate) fn of(error: CommandError) -> Self {
        Self {
            message: error.message,
            detail: error.detail,
            arrived: None,
        }
    }

    pub(crate) fn with<T: Any + Send + Sync>(self, arrived: T) -> Self {
        Self {
            arrived: Some(Box::new(arrived)),
            ..self
        }
    }

    /// The message of the server.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same in the words of Cairn, where the message is Kubo's. Other servers do not send it.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The part that had arrived: a `Vec` of the items of a call that returns a list, or a `Vec<u8>` for a call that returns bytes.
    /// `None` for streams, which have returned it already.
    #[must_use]
    pub fn arrived<T: Any>(&self) -> Option<&T> {
        self.arrived.as_ref()?.downcast_ref()
    }

    /// The same, without a copy.
    #[must_use]
    pub fn into_arrived<T: Any>(self) -> Option<T> {
        self.arrived?.downcast().ok().map(|arrived| *arrived)
    }
}

impl fmt::Debug for PartialResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartialResponse")
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}
