//! What a node announces to others: new content at once, and all of it at each interval.

mod content;
mod strategy;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cairn_primitives::Cid;
use cairn_store::block::Root;
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

/// Announces the content of a node, by a strategy.
#[derive(Clone)]
pub struct Announcer {
    content: Arc<Content>,
    sink: Sink,
}

impl std::fmt::Debug for Announcer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Announcer").finish_non_exhaustive()
    }
}

impl Node {
    /// Prepares announcements, and gives new content to `sink` from now on: pins by itself, blocks through
    /// [`Announcer::written`]. New content of the mutable file system is announced with all other content.
    pub fn announce(&self, strategy: Strategy, sink: Sink) -> Announcer {
        let content = Arc::new(Content {
            store: Arc::clone(self.store()),
            rows: Arc::clone(self.rows()),
            mfs: self.mfs().cloned(),
            strategy,
        });
        if let Strategy::Parts(parts) = content.strategy
            && (parts.pinned || parts.roots)
        {
            let below = parts
                .pinned
                .then(|| self.announce_below_pins(&content, parts, &sink));
            let sink = Arc::clone(&sink);
            self.pins().set_listener(Some(Arc::new(move |pins| {
                announce_pins(pins, &sink, below.as_ref());
            })));
        }
        Announcer { content, sink }
    }

    /// Starts the task that announces what is below new pins.
    fn announce_below_pins(
        &self,
        content: &Arc<Content>,
        parts: Parts,
        sink: &Sink,
    ) -> mpsc::Sender<Cid> {
        let (pinned, waiting) = mpsc::channel(PINS);
        let below = Below {
            content: Arc::clone(content),
            parts,
            sink: Arc::clone(sink),
            stop: self.tasks().stop_flag(),
        };
        self.tasks()
            .spawn("announcement of pins", |stopping| async move {
                tokio::select! {
                    () = stopping.cancelled() => {}
                    () = below.announce(waiting) => {}
                }
            });
        pinned
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
}

/// Announces new pins, and passes those on below which there is more.
fn announce_pins(pins: &[Root], sink: &Sink, below: Option<&mpsc::Sender<Cid>>) {
    let roots: Vec<Cid> = pins.iter().map(|pin| pin.cid.clone()).collect();
    sink(&roots);
    let Some(below) = below else { return };
    for pin in pins.iter().filter(|pin| pin.recursive) {
        if below.try_send(pin.cid.clone()).is_err() {
            tracing::debug!(root = %pin.cid, "the blocks of a pin are announced with all other content");
        }
    }
}

/// Announces what is below pins.
#[derive(Clone)]
struct Below {
    content: Arc<Content>,
    parts: Parts,
    sink: Sink,
    /// Set when the node stops.
    stop: Arc<AtomicBool>,
}

impl Below {
    async fn announce(self, mut pinned: mpsc::Receiver<Cid>) {
        while let Some(root) = pinned.recv().await {
            let below = self.clone();
            // It only ends early when the runtime does.
            let _ = tokio::task::spawn_blocking(move || below.list(&root)).await;
        }
    }

    fn list(&self, root: &Cid) {
        let is_stopping = || self.stop.load(Ordering::Relaxed);
        let mut batch = Vec::with_capacity(TOGETHER);
        let listed = self.content.list_below(self.parts, root, &mut |cid| {
            batch.push(cid);
            if batch.len() == TOGETHER {
                (self.sink)(&batch);
                batch.clear();
            }
            !is_stopping()
        });
        match listed {
            Err(error) if !is_stopping() => {
                tracing::warn!(%root, %error, "the blocks of a pin cannot be listed to be announced");
            }
            _ => {}
        }
        (self.sink)(&batch);
    }
}
