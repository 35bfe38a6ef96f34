//! Messages by topic: gossipsub.
//!
//! [`new`] makes a [`Behaviour`] for the swarm and a [`PubSub`], the handle that commands use. Parameters, signatures,
//! message IDs and validation are those of Kubo, so that both take part in one mesh:
//!
//! * Every message is signed by its author and numbered, with 8 bytes in big endian; others are refused.
//! * The ID of a message is its author and its number.
//! * A message whose number is not above the greatest one seen of its author is ignored ([`Settings::max_authors`]).
//! * Own messages are sent to every peer of the topic, and delivered to own subscriptions.
//!
//! One difference: topics of Kubo are bytes, whereas the library's are text. A topic that is not UTF-8 is refused with
//! [`PubSubError::TopicNotText`].
//!
//! Specification: <https://github.com/libp2p/specs/tree/master/pubsub/gossipsub>.

mod admission;
mod behaviour;
mod discovery;
mod error;
mod filter;
mod handle;
mod protocols;
mod sequences;
mod settings;
mod shared;
mod subscription;
#[cfg(test)]
mod tests;
mod validator;

pub use behaviour::{Behaviour, new};
pub use discovery::{Discovery, topic_cid};
pub use error::PubSubError;
pub use handle::{Join, PubSub, Validation};
pub use settings::Settings;
pub use validator::{Acceptance, Validator};
