//! Pins DAGs that an operation has just written.

use std::sync::Arc;

use cairn_primitives::Cid;
use cairn_store::Hold;
use cairn_store::meta::{Pin, PinChange, PinMode};

use super::add::{Absent, Walk};
use super::{PinError, Pinner, check_name};
use crate::fetch::Blocks;

/// What is known about the DAG below roots that were just written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Below {
    /// All of it was written or touched under the same hold.
    Held,
    /// Nothing. The blocks that are local are protected with the root; others may be absent. So does Kubo, which pins a
    /// single block or node that it stores without checking its links.
    Unknown,
}

impl Pinner {
    /// Recursively pins DAGs that were just written under `hold`, which protects them until the pins have committed. With
    /// [`Below::Held`] all pins are made in one transaction, otherwise one by one.
    ///
    /// # Errors
    /// [`PinError::NameTooLong`], and when the store or the rows fail.
    pub async fn add_written(
        &self,
        hold: &Hold,
        roots: &[Cid],
        name: &str,
        below: Below,
    ) -> Result<(), PinError> {
        check_name(name)?;
        match below {
            Below::Held => self.add_held(roots, name).await?,
            Below::Unknown => {
                let blocks = Blocks::offline(Arc::clone(&self.inner.store));
                for root in roots {
                    self.add_as_found(&blocks, root, name).await?;
                }
            }
        }
        // The hold has to have lived until here.
        let _ = hold;
        Ok(())
    }

    async fn add_held(&self, roots: &[Cid], name: &str) -> Result<(), PinError> {
        let changes: Vec<PinChange> = roots
            .iter()
            .map(|root| self.recursive_pin(root, name))
            .collect();
        self.inner.store.sync().await?;
        let _no_removal = self.inner.removal.read().await;
        let _locks = self.inner.lock_all(&changes).await;
        self.inner.commit(changes).await?;
        Ok(())
    }

    async fn add_as_found(&self, blocks: &Blocks, root: &Cid, name: &str) -> Result<(), PinError> {
        let walk = Walk {
            blocks,
            root,
            mode: PinMode::Recursive,
            known: None,
            absent: Absent::Pass,
            progress: None,
        };
        let changes = vec![self.recursive_pin(root, name)];
        self.walk_and_commit(&walk, PinError::Incomplete, changes, || Ok(()))
            .await
    }

    fn recursive_pin(&self, root: &Cid, name: &str) -> PinChange {
        PinChange::Set(Pin {
            cid: root.clone(),
            mode: PinMode::Recursive,
            name: name.to_owned(),
            owner: self.owner,
        })
    }
}
