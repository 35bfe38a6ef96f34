//! The result of an import.

use cairn_primitives::{ByteString, Cid};
use cairn_store::Hold;

use crate::pin::{Below, PinError, Pinner};

/// An entry at the top, which is to be pinned if anything is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRoot {
    /// The CID.
    pub cid: Cid,
    /// Its name; empty when there is none.
    pub name: ByteString,
}

/// The result of [`super::Tree::finish`].
#[derive(Debug)]
pub struct ImportedTree {
    /// The entries at the top, in the order in which they came.
    pub roots: Vec<ImportRoot>,
    /// Keeps the blocks until the pins have committed; `None` when nothing was stored.
    pub hold: Option<Hold>,
    /// The pins' name, if the options ask for pins.
    pub(super) pin_name: Option<String>,
}

impl ImportedTree {
    /// Pins all roots recursively in one transaction, if the options of the import ask for it.
    ///
    /// # Errors
    /// When the store or the rows fail.
    pub async fn pin(&self, pins: &Pinner) -> Result<(), PinError> {
        let (Some(hold), Some(name)) = (&self.hold, &self.pin_name) else {
            return Ok(());
        };
        let roots: Vec<Cid> = self.roots.iter().map(|root| root.cid.clone()).collect();
        pins.add_written(hold, &roots, name, Below::Held).await
    }
}
