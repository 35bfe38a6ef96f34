//! Checks of the messages of a topic.

use cairn_store::network::Message;

/// What happens to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// It is delivered and passed on.
    Accept,
    /// It is dropped.
    Ignore,
    /// It is dropped, and the peer that sent it is to blame.
    Reject,
}

/// Checks the messages of a topic before they are delivered and passed on. Runs while the swarm waits, so must not block.
pub trait Validator: Send + Sync + 'static {
    /// Checks a message that another node published.
    fn check(&self, message: &Message) -> Acceptance;
}

impl<F: Fn(&Message) -> Acceptance + Send + Sync + 'static> Validator for F {
    fn check(&self, message: &Message) -> Acceptance {
        self(message)
    }
}
