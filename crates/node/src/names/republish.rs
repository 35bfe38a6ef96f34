//! Records of own names are published again before peers forget them.

use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::ipns::{DEFAULT_LIFETIME, Record, SignatureType};
use cairn_primitives::keys::Keypair;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{NameSystem, PublishError, PublishOptions};
use crate::config::GoDuration;
use crate::config::sections::Ipns;
use crate::node::Node;

/// Time until the first round: by then there are peers, as in Kubo.
const FIRST: Duration = Duration::from_secs(60);
/// Time between two rounds, as in Kubo.
const PERIOD: Duration = Duration::from_secs(4 * 3600);
/// Shortest time between two rounds that the configuration can set, as in Kubo.
const SHORTEST: Duration = Duration::from_secs(60);
/// Longest one, as in Kubo.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// What a round has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Republished {
    /// Records that peers have.
    pub published: usize,
    /// Records that could not be renewed or sent.
    pub failed: usize,
}

/// Why a setting is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RepublishError {
    /// It is not a duration.
    #[error("{key}: {value:?} is not a duration such as \"4h\"")]
    NotADuration {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// It is too short or too long.
    #[error("{key} must be from 1m to 24h")]
    OutOfRange {
        /// The setting.
        key: &'static str,
    },
}

/// How own names are published again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Republishing {
    /// Time between two rounds.
    pub period: Duration,
    /// Lifetime of the records.
    pub lifetime: Duration,
}

impl Republishing {
    /// By the configuration.
    ///
    /// # Errors
    /// If a setting is invalid.
    pub fn from_config(ipns: &Ipns) -> Result<Self, RepublishError> {
        let period = duration("Ipns.RepublishPeriod", &ipns.republish_period)?;
        let lifetime = duration("Ipns.RecordLifetime", &ipns.record_lifetime)?;
        let period = period.unwrap_or(PERIOD);
        if !(SHORTEST..=LONGEST).contains(&period) {
            return Err(RepublishError::OutOfRange {
                key: "Ipns.RepublishPeriod",
            });
        }
        Ok(Self {
            period,
            lifetime: lifetime.unwrap_or(DEFAULT_LIFETIME),
        })
    }
}

impl Node {
    /// Starts to publish the records of own names again, until the node stops. Nothing happens while it has no peers.
    pub fn republish_names(&self, republishing: Republishing) {
        let names = Arc::clone(self.name_system());
        self.tasks()
            .spawn("republishing of names", move |stopping| {
                republish_every(names, republishing, stopping)
            });
    }
}

fn duration(key: &'static str, value: &str) -> Result<Option<Duration>, RepublishError> {
    if value.is_empty() {
        return Ok(None);
    }
    let parsed = value.parse::<GoDuration>();
    let parsed = parsed.map_err(|_| RepublishError::NotADuration {
        key,
        value: value.to_owned(),
    })?;
    Ok(Some(parsed.to_std()))
}

async fn republish_every(
    names: Arc<NameSystem>,
    republishing: Republishing,
    stopping: CancellationToken,
) {
    let Republishing { period, lifetime } = republishing;
    let first = tokio::time::Instant::now() + FIRST.min(period);
    let mut rounds = tokio::time::interval_at(first, period);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            _ = rounds.tick() => {}
        }
        let round = names.republish(lifetime);
        tokio::select! {
            () = stopping.cancelled() => return,
            done = round => tracing::debug!(?done, "own names were published again"),
        }
    }
}

impl NameSystem {
    /// Publishes the records of all own names again, each with the value and the number that it has, valid for the given time from
    /// now on.
    pub async fn republish(&self, lifetime: Duration) -> Republished {
        let mut done = Republished::default();
        if !self.is_online() {
            return done;
        }
        let keys = match self.keys.list() {
            Ok(keys) => keys,
            Err(error) => {
                tracing::error!(%error, "own names are not published again: the keys cannot be listed");
                return done;
            }
        };
        for key in keys {
            let pair = self.keys.of_id(&key.id);
            let record = self.kept(&key.id).ok().flatten();
            let (Ok(Some(pair)), Some(record)) = (pair, record) else {
                continue;
            };
            match self.renew(&pair, &record, lifetime).await {
                Ok(()) => done.published += 1,
                Err(error) => {
                    done.failed += 1;
                    tracing::warn!(name = %key.id, %error, "an own name was not published again");
                }
            }
        }
        done
    }

    async fn renew(
        &self,
        key: &Keypair,
        record: &Record,
        lifetime: Duration,
    ) -> Result<(), PublishError> {
        let options = PublishOptions {
            lifetime,
            ttl: record.ttl()?,
            v1_compatible: record.signature_type() == SignatureType::V1AndV2,
            // The same value keeps its number.
            sequence: None,
            offline: false,
        };
        self.publish(key, &record.value()?, &options).await?;
        Ok(())
    }
}
