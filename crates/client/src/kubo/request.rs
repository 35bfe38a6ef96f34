//! Requests of the commands of the RPC.

use std::time::Duration;

use cairn_wire::Values;
use cairn_wire::kubo::{Command, Spec};
use cairn_wire::shape::{Files, NoBody, OneOrMany, Record, ReplyKind};
use http::{HeaderValue, Method, Request, header};

use super::answer::Asked;
use super::idle::Idle;
use super::{Answer, Kubo, Received, Records, due};
use crate::error::Error;
use crate::transport;
use crate::upload::{Failure, Upload};

/// The settings of a call that are independent of its command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// Overrides the timeout of the client; `Some(None)` for no timeout.
    pub(crate) timeout: Option<Option<Duration>>,
    /// Options that override all others.
    pub(crate) options: Vec<(String, String)>,
}

impl Kubo {
    /// Calls a command by its declaration. The result is a record, [`Records`], an [`Answer`] of bytes, or nothing.
    /// If the command returns one record or many, one is requested.
    ///
    /// ```compile_fail
    /// # async fn wrong(kubo: cairn_client::Kubo) {
    /// // `add` takes files: use `upload`.
    /// kubo.call(&cairn_wire::kubo::add::Add::new()).await;
    /// # }
    /// ```
    ///
    /// ```compile_fail
    /// # async fn wrong(kubo: cairn_client::Kubo) {
    /// // `version` returns one record, not a stream.
    /// kubo.call(&cairn_wire::kubo::version::Version::new()).await.unwrap().next().await;
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`Error`]; [`Error::Empty`] if a record is expected and there is none.
    pub async fn call<C>(&self, command: &C) -> Result<<C::Reply as Received>::Value, Error>
    where
        C: Command<Body = NoBody, Reply: Received>,
    {
        let values = choose(&C::SPEC, command.to_values(), false);
        C::Reply::receive(self.send(&C::SPEC, values, None).await?).await
    }

    /// Calls a command that returns one record or many, and requests many.
    ///
    /// ```compile_fail
    /// # async fn wrong(kubo: cairn_client::Kubo) {
    /// // `pin/rm` has no stream.
    /// kubo.stream(&cairn_wire::kubo::pin::rm::PinRm::new(Vec::new())).await;
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub async fn stream<C, A, B>(&self, command: &C) -> Result<Records<B>, Error>
    where
        C: Command<Body = NoBody, Reply = OneOrMany<A, B>>,
        A: Record,
        B: Record,
    {
        let values = choose(&C::SPEC, command.to_values(), true);
        Ok(Records::new(self.send(&C::SPEC, values, None).await?))
    }

    /// Calls a command that takes files.
    ///
    /// ```compile_fail
    /// # async fn wrong(kubo: cairn_client::Kubo) {
    /// // `cat` takes no files.
    /// let cat = cairn_wire::kubo::cat::Cat::new(Vec::new());
    /// kubo.upload(&cat, cairn_client::Upload::one(cairn_client::Part::bytes("a", "b"))).await;
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Self::call`]; [`Error::Upload`] if a file cannot be read.
    pub async fn upload<C>(
        &self,
        command: &C,
        upload: Upload,
    ) -> Result<<C::Reply as Received>::Value, Error>
    where
        C: Command<Body = Files, Reply: Received>,
    {
        let answer = self
            .send(&C::SPEC, command.to_values(), Some(upload))
            .await?;
        C::Reply::receive(answer).await
    }

    /// Calls a command by its [`Spec`], without its type.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub async fn send(
        &self,
        spec: &Spec,
        values: Values,
        upload: Option<Upload>,
    ) -> Result<Answer, Error> {
        self.send_by(spec, values, upload, &Settings::default())
            .await
    }

    /// Sends a request; used by all calls.
    pub(crate) async fn send_by(
        &self,
        spec: &Spec,
        mut values: Values,
        upload: Option<Upload>,
        settings: &Settings,
    ) -> Result<Answer, Error> {
        let shared = &*self.shared;
        for (name, value) in shared.options.iter().chain(&settings.options) {
            values = replace(spec, values, name, value);
        }
        let timeout = settings.timeout.unwrap_or(shared.timeout);
        let query = values.to_query();
        let path = shared.workarounds.path(spec.path);
        let target = if query.is_empty() {
            format!("{}{path}", shared.base)
        } else {
            format!("{}{path}?{query}", shared.base)
        };
        let asked = asked(spec, &values);
        if let Some(upload) = upload {
            let sent = self.exchange(&target, Some(upload), asked, timeout);
            return sent.await;
        }
        let mut attempt = 0;
        loop {
            let error = match self.exchange(&target, None, asked.clone(), timeout).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let Some(pause) = shared.retry.pause(attempt, &error, spec.safe) else {
                return Err(error);
            };
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    async fn exchange(
        &self,
        target: &str,
        upload: Option<Upload>,
        asked: Asked,
        timeout: Option<Duration>,
    ) -> Result<Answer, Error> {
        let mut idle = Idle::new(timeout);
        let shared = &*self.shared;
        let mut headers = shared.headers.clone();
        let (body, failure) = match upload {
            Some(upload) => {
                let (content_type, body, failure) = upload.encode(shared.chunk);
                let value = HeaderValue::from_str(&content_type).map_err(http::Error::from)?;
                headers.insert(header::CONTENT_TYPE, value);
                if shared.workarounds.closes_after_upload() {
                    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                (idle.watch(body), Some(failure))
            }
            None => (transport::empty(), None),
        };
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(target)
            .body(body)?;
        *request.headers_mut() = headers;
        let sent = async { Ok::<_, Error>(shared.transport.send(request).await) };
        match idle.wait(sent).await? {
            Ok(response) => Answer::read_head(response, failure, asked, idle).await,
            // If the request broke off because a file could not be read, that is the error.
            Err(error) => Err(failure
                .as_ref()
                .and_then(Failure::take)
                .map_or_else(|| error.into(), Error::Upload)),
        }
    }
}

/// What is needed of the request to read the response. Errors name the arguments; of many only the first.
fn asked(spec: &Spec, values: &Values) -> Asked {
    const MOST: usize = 512;
    let subject = values.arguments().split_first().map(|(first, others)| {
        let first: String = first.to_text().chars().take(MOST).collect();
        match others.len() {
            0 => first,
            count => format!("{first} and {count} more"),
        }
    });
    Asked {
        subject,
        due: due::is_due(spec, values),
        bytes: spec.reply == ReplyKind::Bytes,
        encoding: values
            .loose(&["encoding", "enc"])
            .filter(|encoding| *encoding != "json")
            .map(str::to_owned),
    }
}

/// Sets an option, replacing all values given under any of its names.
fn replace(spec: &Spec, mut values: Values, name: &str, value: &str) -> Values {
    match spec.option(name) {
        Some(option) => {
            for name in option.names {
                values = values.without(name);
            }
        }
        None => values = values.without(name),
    }
    values.option(name, value);
    values
}

/// Sets the option that requests many records instead of one.
pub(super) fn choose(spec: &Spec, values: Values, many: bool) -> Values {
    match spec.stream {
        Some(option) if many => values.with(option, "true"),
        Some(option) => values.without(option),
        None => values,
    }
}
