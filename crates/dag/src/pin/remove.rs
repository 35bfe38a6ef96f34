//! Removes pins, and unpinned blocks.

use std::sync::atomic::Ordering;

use cairn_primitives::Cid;
use cairn_store::meta::{PinChange, PinMode, PinOwner};

use super::{PinError, PinKind, PinState, Pinner, RemoveError};

impl Pinner {
    /// Removes the owner's pin of a CID. `recursive` says whether that may be a recursive one.
    ///
    /// # Errors
    /// [`PinError::NotPinned`], [`PinError::OfServices`], [`PinError::Recursive`].
    pub async fn remove(&self, cid: &Cid, recursive: bool) -> Result<(), PinError> {
        let _lock = self.inner.lock_one(cid).await;
        let Some(pin) = self.own_pin(cid)? else {
            let of_services = self.owner == PinOwner::User && self.of_services(cid)?.is_some();
            return Err(match of_services {
                true => PinError::OfServices { cid: cid.clone() },
                false => PinError::NotPinned,
            });
        };
        if pin.mode == PinMode::Recursive && !recursive {
            return Err(PinError::Recursive { cid: cid.clone() });
        }
        Ok(self
            .inner
            .rows
            .change_pins(vec![PinChange::Remove(cid.clone(), self.owner)])
            .await?)
    }

    /// Removes an unpinned block. With `force`, a missing one is not an error.
    ///
    /// A pin that is being created meanwhile checks again, and fails or fetches the block.
    pub async fn remove_block(&self, cid: &Cid, force: bool) -> Result<(), RemoveError> {
        let _no_commit = self.inner.removal.write().await;
        let states = self
            .state(PinKind::All, vec![cid.clone()])
            .await
            .map_err(RemoveError::Check)?;
        match states.into_iter().next() {
            None | Some(PinState::NotPinned) => {}
            Some(state) => return Err(RemoveError::Pinned(state)),
        }
        self.inner.removals.fetch_add(1, Ordering::AcqRel);
        let removed = self
            .inner
            .store
            .remove(std::slice::from_ref(cid.hash()))
            .await?;
        let inline = cid.hash().identity_data().is_some();
        if removed.first() == Some(&true) || force || inline {
            Ok(())
        } else {
            Err(RemoveError::NotFound { cid: cid.clone() })
        }
    }
}
