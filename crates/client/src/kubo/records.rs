//! The records of an answer.

use std::future::poll_fn;
use std::marker::PhantomData;
use std::task::{Context, Poll};

use bytes::Bytes;
use cairn_wire::CommandError;
use futures_util::stream::{self, Stream};
use http::StatusCode;
use serde::de::DeserializeOwned;

use super::answer::Answer;
use super::splitter::Splitter;
use crate::error::{EncoderError, Error, PartialResponse};

/// The records of an answer, read as they arrive.
#[derive(Debug)]
pub struct Records<T> {
    answer: Answer,
    splitter: Splitter,
    /// Whether a record must come yet.
    due: bool,
    /// Whether one has come.
    begun: bool,
    record: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Records<T> {
    /// Reads an answer's bytes as records.
    #[must_use]
    pub fn new(answer: Answer) -> Self {
        Self {
            due: answer.is_record_due(),
            answer,
            splitter: Splitter::default(),
            begun: false,
            record: PhantomData,
        }
    }

    /// The next record; `None` at the end of a whole answer.
    ///
    /// # Errors
    ///
    /// Those of [`Self::next_line`], and [`EncoderError::Decoding`].
    pub async fn next(&mut self) -> Result<Option<T>, Error> {
        match self.next_line().await? {
            Some(line) => decode(&line).map(Some),
            None => Ok(None),
        }
    }

    /// The next record as the JSON that was sent, without space around it.
    ///
    /// # Errors
    ///
    /// Those of [`Answer::chunk`], [`Error::ContentType`] when they are no records, [`Error::TooLong`], and [`Error::Empty`] at the
    /// end of an answer that holds no record and must.
    pub async fn next_line(&mut self) -> Result<Option<Bytes>, Error> {
        poll_fn(|context| self.poll_line(context)).await
    }

    pub(crate) fn poll_line(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, Error>> {
        loop {
            if let Some(line) = self.splitter.next()? {
                return Poll::Ready(self.told(line).map(Some));
            }
            match std::task::ready!(self.answer.poll_chunk(context))? {
                Some(bytes) => {
                    if !self.begun {
                        self.answer.check_json()?;
                    }
                    self.splitter.push(&bytes);
                }
                None => {
                    let due = std::mem::take(&mut self.due);
                    return Poll::Ready(match self.splitter.last() {
                        Some(line) => self.told(line).map(Some),
                        None if due => Err(Error::Empty),
                        None => Ok(None),
                    });
                }
            }
        }
    }

    /// All records that are left.
    ///
    /// # Errors
    ///
    /// Those of [`Self::next`].
    pub async fn collect(mut self) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        while let Some(record) = self.next().await? {
            all.push(record);
        }
        Ok(all)
    }

    /// The records as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Result<T, Error>> + Send {
        stream::try_unfold(self, |mut records| async move {
            Ok(records.next().await?.map(|record| (record, records)))
        })
    }

    /// Older servers send the error of a command that failed on the way as its last record.
    fn told(&mut self, line: Bytes) -> Result<Bytes, Error> {
        const MOST: usize = 64 * 1024;
        let begun = std::mem::replace(&mut self.begun, true);
        self.due = false;
        let told = (line.len() < MOST && line.starts_with(b"{\"Message\":"))
            .then(|| serde_json::from_slice::<CommandError>(&line));
        match told {
            Some(Ok(error)) if error.r#type == "error" => {
                match self.answer.command_error(StatusCode::OK, error) {
                    Error::Response { error, .. } if begun => {
                        Err(PartialResponse::of(error).into())
                    }
                    error => Err(error),
                }
            }
            _ => Ok(line),
        }
    }
}

/// Reads one record.
pub(crate) fn decode<T: DeserializeOwned>(line: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(line).map_err(|error| EncoderError::decoding("json", error).into())
}
