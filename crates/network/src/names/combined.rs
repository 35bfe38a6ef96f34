//! Records by topic in front of those of another source.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cairn_primitives::ipns::Record;
use cairn_primitives::{PeerId, with_causes};
use cairn_store::names::NameOptions;
use cairn_store::network::{Records, RecordsError};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Either, select};

use super::TopicRecords;

/// How long peers of the topic may still answer when the other source has found nothing.
const GRACE: Duration = Duration::from_secs(10);

/// Publishes records by topic and to another source, and finds them in whichever answers first.
#[derive(Clone)]
pub struct Combined {
    topics: TopicRecords,
    other: Option<Arc<dyn Records>>,
}

impl Combined {
    /// Records by topic, and those of another source, such as the DHT.
    #[must_use]
    pub fn new(topics: TopicRecords, other: Option<Arc<dyn Records>>) -> Self {
        Self { topics, other }
    }
}

fn failed(error: &super::TopicRecordsError) -> RecordsError {
    let reason = with_causes(error);
    RecordsError::Failed { reason }
}

impl Records for Combined {
    fn put<'a>(
        &'a self,
        name: &'a PeerId,
        record: &'a Bytes,
    ) -> BoxFuture<'a, Result<(), RecordsError>> {
        async move {
            let by_topic = self.topics.publish(name, record);
            let by_topic = async { by_topic.await.map_err(|error| failed(&error)) };
            let Some(other) = &self.other else {
                return by_topic.await;
            };
            let (by_topic, stored) = tokio::join!(by_topic, other.put(name, record));
            // One of both is enough.
            stored.or_else(|error| by_topic.map_err(|_| error))
        }
        .boxed()
    }

    /// A record that is known by topic is returned at once, as its topic would have had a better one. Otherwise both sources
    /// are asked; the first record is returned.
    fn get<'a>(
        &'a self,
        name: &'a PeerId,
        options: &'a NameOptions,
    ) -> BoxFuture<'a, Result<Option<Bytes>, RecordsError>> {
        async move {
            let bytes = |record: Record| record.as_bytes().clone();
            let by_topic = async {
                let found = self.topics.resolve(name).await;
                found
                    .map(|record| record.map(bytes))
                    .map_err(|error| failed(&error))
            };
            let by_topic = by_topic.boxed();
            let Some(other) = &self.other else {
                return by_topic.await;
            };
            match select(by_topic, other.get(name, options)).await {
                Either::Left((Ok(Some(record)), _)) => Ok(Some(record)),
                Either::Left((_, other)) => other.await,
                Either::Right((Ok(Some(record)), _)) => Ok(Some(record)),
                // Peers of the topic are being asked.
                Either::Right((found, by_topic)) => {
                    match tokio::time::timeout(GRACE, by_topic).await {
                        Ok(Ok(Some(record))) => Ok(Some(record)),
                        _ => found,
                    }
                }
            }
        }
        .boxed()
    }
}
