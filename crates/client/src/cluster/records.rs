//! Streams of records.

use cairn_wire::cluster::Failure;
use cairn_wire::shape::Record;
use futures_util::stream::{self, Stream};

use super::error::ClusterError;
use crate::rest;

/// The records of a response, read as they arrive.
#[derive(Debug)]
pub struct Records<T> {
    records: rest::Records<T, Failure>,
}

impl<T: Record> Records<T> {
    pub(super) fn new(records: rest::Records<T, Failure>) -> Self {
        Self { records }
    }

    /// The next record; `None` at the end of a complete response.
    ///
    /// # Errors
    ///
    /// [`ClusterError::Interrupted`] if the peer says why the response ends early, [`ClusterError::Call`] if it was cut off,
    /// [`ClusterError::Timeout`].
    pub async fn next(&mut self) -> Result<Option<T>, ClusterError> {
        Ok(self.records.next().await?)
    }

    /// All records. The caller knows that they fit in memory.
    ///
    /// # Errors
    ///
    /// Those of [`Self::next`].
    pub async fn all(mut self) -> Result<Vec<T>, ClusterError> {
        let mut all = Vec::new();
        while let Some(record) = self.next().await? {
            all.push(record);
        }
        Ok(all)
    }

    /// The records as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Result<T, ClusterError>> + Send {
        stream::try_unfold(self, async |mut records| {
            Ok(records.next().await?.map(|record| (record, records)))
        })
    }
}
