//! What a node announces to others: new content at once, and all of it at each interval.

mod content;
mod strategy;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use cairn_primitives::Cid;
use cairn_store::network::AnnouncedContent;
use tokio::sync::mpsc;

use self::content::Content;
pub use self::content::ContentError;
pub use self::strategy::{Parts, Strategy, StrategyError};
use crate::node::Node;

/// New pins whose blocks wait to be listed; those of further ones are announced with all other content.
const PINS: usize = 1024;
/// CIDs that are announced together.
const TOGETHER: usize = 256;

/// Takes new content to be announced. Must return at once.
pub type Sink = Arc<dyn Fn(&[Cid]) + Send + Sync>;

/// Announces the content of a node, by its `Provide.Strategy`.
#[derive(Clone)]
pub struct Announcer {
    content: Arc<Content>,
    sink: Sink,
    pinned: mpsc::Sender<Cid>,
}

impl std::fmt::Debug for Announcer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Announcer").finish_non_exhaustive()
    }
}

impl Node {
    /// Prepares announcements, and gives new content to `sink` from now on: pins by itself, blocks through
    /// [`Announcer::written`]. New content of the mutable file system is announced with all other content.
    ///
    /// # Errors
    /// If the strategy of the configuration is invalid.
    pub fn announce(&self, sink: Sink) -> Result<Announcer, StrategyError> {
        let config = self.config();
        let strategy = config.provide.strategy.as_deref();
        let strategy = strategy.or(config.reprovider.strategy.as_deref());
        let content = Arc::new(Content {
            store: Arc::clone(self.store()),
            rows: Arc::clone(self.rows()),
            mfs: self.mfs().cloned(),
            strategy: strategy.unwrap_or_default().parse()?,
        });
        let (pinned, waiting) = mpsc::channel(PINS);
        let announcer = Announcer {
            content: Arc::clone(&content),
            sink: Arc::clone(&sink),
            pinned,
        };
        if let Strategy::Parts(parts) = content.strategy
            && (parts.pinned || parts.roots)
        {
            let listener = announcer.clone();
            self.pins()
                .set_listener(Some(Arc::new(move |roots| listener.pinned(roots))));
            self.tasks()
                .spawn("announcement of pins", |stopping| async move {
                    tokio::select! {
                        () = stopping.cancelled() => {}
                        () = announce_below(content, parts, sink, waiting) => {}
                    }
                });
        }
        Ok(announcer)
    }
}

impl Announcer {
    /// All content that is announced.
    #[must_use]
    pub fn content(&self) -> Arc<dyn AnnouncedContent> {
        Arc::clone(&self.content) as Arc<dyn AnnouncedContent>
    }

    /// Blocks were written.
    pub fn written(&self, cids: &[Cid]) {
        if self.content.strategy == Strategy::All {
            (self.sink)(cids);
        }
    }

    fn pinned(&self, roots: &[Cid]) {
        (self.sink)(roots);
        for root in roots {
            if self.pinned.try_send(root.clone()).is_err() {
                tracing::debug!(%root, "the blocks of a pin are announced with all other content");
            }
        }
    }
}

/// Announces what is below new pins.
async fn announce_below(
    content: Arc<Content>,
    parts: Parts,
    sink: Sink,
    mut pinned: mpsc::Receiver<Cid>,
) {
    while let Some(root) = pinned.recv().await {
        if !parts.pinned {
            continue;
        }
        let (content, sink) = (Arc::clone(&content), Arc::clone(&sink));
        let list = move || {
            let mut batch = Vec::with_capacity(TOGETHER);
            let listed = content.list_below(parts, &root, &mut |cid| {
                batch.push(cid);
                if batch.len() == TOGETHER {
                    sink(&batch);
                    batch.clear();
                }
                true
            });
            if let Err(error) = listed {
                tracing::warn!(%root, %error, "the blocks of a pin cannot be listed to be announced");
            }
            sink(&batch);
        };
        // It only ends early when the runtime does.
        let _ = tokio::task::spawn_blocking(list).await;
    }
}
