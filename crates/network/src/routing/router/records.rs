//! IPNS records in the DHTs.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use cairn_primitives::keys::PeerId;
use cairn_store::names::NameOptions;
use cairn_store::network::{NetworkError, Records, RecordsError};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use libp2p::kad::RecordKey;

use super::events::QUORUM;
use super::{Router, error_of};
use crate::routing::dht::{Failure, Found, Request};
use crate::routing::record::{Space, Valid, ValueError};

/// Timeout of a lookup where none is given, and of publishing, as in Kubo.
const TIMEOUT: Duration = Duration::from_secs(60);

impl Router {
    async fn publish(&self, name: &PeerId, record: &Bytes) -> Result<(), RecordsError> {
        let key = Space::Ipns.key(name);
        Valid::new(&key, record, SystemTime::now()).map_err(|error| failed(&error))?;
        let request = Request::Put(RecordKey::from(key), record.to_vec());
        let (mut found, mut failures) = self.start(&request);
        let mut stored = false;
        while let Some(found) = found.next().await {
            match found {
                Found::Stored(_) => stored = true,
                Found::Failed(failure) => failures.add(failure),
                _ => {}
            }
        }
        match failures.first().filter(|_| !stored) {
            // As in Kubo: the node has the record, and publishes it again later.
            Some(Failure::NoPeers) => {
                tracing::debug!(%name, "a record is not published: no peer is connected");
                Ok(())
            }
            Some(failure) => Err(of_network(&error_of("storing the record", failure))),
            None => Ok(()),
        }
    }

    async fn resolve(
        &self,
        name: &PeerId,
        options: &NameOptions,
    ) -> Result<Option<Bytes>, RecordsError> {
        let count = options.record_count.map_or(QUORUM, |count| count as usize);
        match self.best_value(Space::Ipns, name, count).await {
            Ok((value, _)) => Ok(Some(Bytes::from(value))),
            Err(NetworkError::NotFound | NetworkError::NoPeers) => Ok(None),
            Err(error) => Err(of_network(&error)),
        }
    }
}

impl Records for Router {
    fn put<'a>(
        &'a self,
        name: &'a PeerId,
        record: &'a Bytes,
    ) -> BoxFuture<'a, Result<(), RecordsError>> {
        Box::pin(async move {
            let published = tokio::time::timeout(TIMEOUT, self.publish(name, record)).await;
            published.unwrap_or(Err(RecordsError::TimedOut))
        })
    }

    fn get<'a>(
        &'a self,
        name: &'a PeerId,
        options: &'a NameOptions,
    ) -> BoxFuture<'a, Result<Option<Bytes>, RecordsError>> {
        Box::pin(async move {
            let lookup = self.resolve(name, options);
            match options.timeout {
                // Without an end, as in Kubo.
                Some(Duration::ZERO) => lookup.await,
                timeout => tokio::time::timeout(timeout.unwrap_or(TIMEOUT), lookup)
                    .await
                    .unwrap_or(Err(RecordsError::TimedOut)),
            }
        })
    }
}

fn of_network(error: &NetworkError) -> RecordsError {
    let source = std::error::Error::source(error).map(ToString::to_string);
    RecordsError::Failed {
        reason: source.unwrap_or_else(|| error.to_string()),
    }
}

fn failed(error: &ValueError) -> RecordsError {
    RecordsError::Failed {
        reason: error.to_string(),
    }
}
