//! Why a key could not be had or changed.

use cairn_primitives::PeerId;
use cairn_primitives::keys::KeyError;
use cairn_store::meta::RowError;

use super::SELF;

/// Why a key could not be had or changed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeystoreError {
    /// The name is that of the node's own key.
    #[error("the name {SELF:?} is that of the node's own key, which this command cannot {action}")]
    Reserved {
        /// What was to be done: `create`, `import`, `rename`, `overwrite`, `remove`.
        action: &'static str,
    },
    /// The name is empty.
    #[error("the name of a key has one character at least")]
    Unnamed,
    /// There is a key of that name already.
    #[error("there is a key named {name:?} already")]
    Exists {
        /// The name.
        name: String,
    },
    /// There is no key of that name.
    #[error("there is no key named {name:?}")]
    Missing {
        /// The name.
        name: String,
    },
    /// There is no key of that id.
    #[error("there is no key with the ID {id}")]
    Unowned {
        /// The id.
        id: PeerId,
    },
    /// What was given is neither the name of a key nor an id with a key in it.
    #[error("{text:?} is neither the name of a key nor the ID of one")]
    NotAKey {
        /// What was given.
        text: String,
    },
    /// The id is the hash of a key that is not known here.
    #[error("the public key of {id} is not known: its ID is only a hash")]
    HashOnly {
        /// The id.
        id: PeerId,
    },
    /// A kept key cannot be used.
    #[error("the key {name:?} cannot be read")]
    Damaged {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: KeyError,
    },
    /// No key could be made.
    #[error(transparent)]
    Make(#[from] KeyError),
    /// The files of the keys failed.
    #[error(transparent)]
    Rows(#[from] RowError),
    /// The work was cut short because the node stops.
    #[error("making the key was interrupted")]
    Interrupted,
}
