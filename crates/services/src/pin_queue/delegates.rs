//! The addresses to which users connect their peers.

use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::with_causes;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::context::Context;

/// How long addresses are remembered.
const FRESH: Duration = Duration::from_secs(10);

/// Maximum number of addresses, by the API.
const MAX: usize = 20;

/// The addresses from which content is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinDelegates {
    /// At least one and at most 20 multiaddrs.
    pub addresses: Vec<String>,
    /// What is wrong with them.
    pub warning: Option<&'static str>,
}

/// Remembers the addresses for a while: they are part of every answer.
#[derive(Debug, Default)]
pub(super) struct Cache {
    last: Mutex<Option<(Instant, Arc<PinDelegates>)>>,
}

impl Cache {
    pub(super) async fn get(&self, context: &Context) -> Arc<PinDelegates> {
        let mut last = self.last.lock().await;
        match &*last {
            Some((read, found)) if read.elapsed() < FRESH => Arc::clone(found),
            _ => {
                let found = Arc::new(read(context).await);
                *last = Some((Instant::now(), Arc::clone(&found)));
                found
            }
        }
    }
}

async fn read(context: &Context) -> PinDelegates {
    let known = context.backend().delegates().await.unwrap_or_else(|error| {
        tracing::warn!(
            error = with_causes(&error),
            "cannot read the addresses of the backend"
        );
        Default::default()
    });
    let texts = |addresses: &[cairn_primitives::Multiaddr]| {
        let mut texts: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        let mut seen = std::collections::HashSet::new();
        texts.retain(|text| seen.insert(text.clone()));
        texts.truncate(MAX);
        texts
    };
    let announced = texts(&known.announced);
    if !announced.is_empty() {
        return PinDelegates {
            addresses: announced,
            warning: None,
        };
    }
    let listening = texts(&known.listening);
    if listening.is_empty() {
        return PinDelegates {
            addresses: vec![format!("/p2p/{}", context.peer())],
            warning: Some("the service has no address that others can connect to"),
        };
    }
    PinDelegates {
        addresses: listening,
        warning: Some(
            "the service announces no address; those in delegates may not be reachable for others",
        ),
    }
}
