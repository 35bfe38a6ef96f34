//! Calls.

use std::collections::VecDeque;
use std::future::{Future, IntoFuture};
use std::path::Path;
use std::time::Duration;

use cairn_wire::kubo::Command;
use cairn_wire::shape::BodyKind;
use futures_util::future::BoxFuture;

use super::request::choose;
use super::{Answer, Items, Kubo, Received, Settings};
use crate::error::{EncoderError, Error};
use crate::upload::Upload;

/// A call: a command with its options. Await it, or use [`Self::stream`] if the command returns many items. Nothing is sent before.
///
/// Each command has methods for its options, see the `impl Call<Command>` blocks below. These methods apply to every call:
///
/// ```no_run
/// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
/// use std::time::Duration;
/// let stat = kubo
///     .files()
///     .stat("/photos")
///     .with_local(true) // an option of `files/stat`
///     .timeout(Duration::from_secs(5))
///     .offline(true)
///     .option("cid-base", "base32")
///     .await?;
/// # let _ = stat; Ok(())
/// # }
/// ```
#[must_use = "a call is sent when it is awaited or streamed"]
pub struct Call<C> {
    pub(super) kubo: Kubo,
    pub(crate) command: C,
    pub(super) settings: Settings,
    upload: Option<Upload>,
}

impl<C: std::fmt::Debug> std::fmt::Debug for Call<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("command", &self.command)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Parses the items in one line of a response.
pub type ReadItems<T> = fn(&[u8], &mut VecDeque<T>) -> Result<(), Error>;

/// A command whose call can be awaited.
pub trait Callable: Command {
    /// The result.
    type Output: Send + 'static;

    /// Sends the request and reads the response.
    fn run(call: Call<Self>) -> impl Future<Output = Result<Self::Output, Error>> + Send;
}

/// A command whose call can be streamed.
pub trait Streamable: Command {
    /// The items of the stream.
    type Item: Send + 'static;

    /// Parses the items in a line of the response.
    const READ: ReadItems<Self::Item>;
}

impl<C: Command> Call<C> {
    pub(crate) fn new(kubo: &Kubo, command: C) -> Self {
        Self {
            kubo: kubo.clone(),
            command,
            settings: Settings::default(),
            upload: None,
        }
    }

    /// Sets the content to send.
    pub(crate) fn sending(self, upload: Upload) -> Self {
        Self {
            upload: Some(upload),
            ..self
        }
    }

    pub(crate) fn by(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// Sets the timeout of this call, overriding that of the client. It limits the time without progress: until the response
    /// starts after the request was sent, and between parts of the response.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = Some(Some(timeout));
        self
    }

    /// Disables the timeout.
    pub fn no_timeout(mut self) -> Self {
        self.settings.timeout = Some(None);
        self
    }

    /// Whether the server runs this command without contacting peers.
    pub fn offline(self, offline: bool) -> Self {
        self.option("offline", if offline { "true" } else { "false" })
    }

    /// Sets an option by its name, also one that this client does not know. It overrides all other values of this option.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.options.push((name.into(), value.into()));
        self
    }

    /// The declared command.
    #[must_use]
    pub fn command(&self) -> &C {
        &self.command
    }

    /// Changes the declared command.
    pub fn with(mut self, change: impl FnOnce(&mut C)) -> Self {
        change(&mut self.command);
        self
    }

    /// Sends the request. If the command returns one record or many, `many` selects which.
    pub(crate) async fn answer(self, many: bool) -> Result<Answer, Error> {
        // Commands that take files always get a form, even an empty one.
        let upload = match (self.upload, C::SPEC.body) {
            (None, BodyKind::Files) => Some(Upload::from_parts(Vec::new())),
            (upload, _) => upload,
        };
        let values = choose(&C::SPEC, self.command.to_values(), many);
        self.kubo
            .send_by(&C::SPEC, values, upload, &self.settings)
            .await
    }
}

impl<C: Command<Reply: Received>> Call<C> {
    /// The record that the command is declared to return.
    pub(crate) async fn record<T>(self) -> Result<T, Error>
    where
        C::Reply: Received<Value = T>,
    {
        C::Reply::receive(self.answer(false).await?).await
    }

    /// Waits for the end of an empty response.
    pub(crate) async fn finish(self) -> Result<(), Error> {
        let mut answer = self.answer(false).await?;
        while answer.chunk().await?.is_some() {}
        Ok(())
    }
}

impl<C: Callable> IntoFuture for Call<C> {
    type Output = Result<C::Output, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(C::run(self))
    }
}

impl<C: Streamable> Call<C> {
    /// Streams the items as they arrive. Dropping the stream cancels the call.
    pub fn stream(self) -> Items<C::Item> {
        Items::new(Box::pin(self.answer(true)), C::READ)
    }
}

impl<C: Callable<Output = Answer>> Call<C> {
    /// Reads all bytes, up to a limit.
    ///
    /// # Errors
    ///
    /// As [`Answer::to_vec`].
    pub async fn to_vec(self, limit: usize) -> Result<Vec<u8>, Error> {
        self.await?.to_vec(limit).await
    }

    /// Reads all bytes as text, up to a limit.
    ///
    /// # Errors
    ///
    /// As [`Answer::to_vec`]; [`EncoderError::Decoding`] if they are not UTF-8.
    pub async fn to_string(self, limit: usize) -> Result<String, Error> {
        let bytes = self.to_vec(limit).await?;
        String::from_utf8(bytes).map_err(|error| EncoderError::decoding("UTF-8", error).into())
    }

    /// Writes all bytes to a file atomically and returns their number.
    ///
    /// # Errors
    ///
    /// As [`Answer::to_file`].
    pub async fn to_file(self, path: impl AsRef<Path>) -> Result<u64, Error> {
        self.await?.to_file(path).await
    }
}
