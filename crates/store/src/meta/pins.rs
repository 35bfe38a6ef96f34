//! Pins.

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;

use super::RowError;

/// How much of a DAG a pin keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PinMode {
    /// The root and all that it reaches.
    Recursive,
    /// The root alone.
    Direct,
}

/// A pin that a user asked for. One CID has at most one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The root, in the form in which it was given: CIDs of one multihash may be pinned side by side.
    pub cid: Cid,
    /// How much it keeps.
    pub mode: PinMode,
    /// The user's name for it; empty when there is none.
    pub name: String,
}

/// One change of the pins; a batch of them is applied whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinChange {
    /// Sets the pin of a CID, in place of the one it may have.
    Set(Pin),
    /// Removes the pin of a CID, if there is one.
    Remove(Cid),
}

/// Which pins to list; `None` leaves a field open.
#[derive(Clone, Debug, Default)]
pub struct PinFilter {
    /// Only this mode.
    pub mode: Option<PinMode>,
    /// Only names that contain this.
    pub name_contains: Option<String>,
}

/// The table of pins.
pub trait PinRows: Send + Sync + 'static {
    /// The pin of a CID.
    fn pin(&self, cid: &Cid) -> Result<Option<Pin>, RowError>;

    /// Calls `each` with every pin that passes, ordered by the CID's bytes, from one consistent view, until it returns `false`.
    fn pins(&self, filter: &PinFilter, each: &mut dyn FnMut(Pin) -> bool) -> Result<(), RowError>;

    /// How many pins there are.
    fn pin_count(&self) -> Result<u64, RowError>;

    /// Applies a batch of changes, whole or not at all.
    fn change_pins(&self, changes: Vec<PinChange>) -> BoxFuture<'_, Result<(), RowError>>;
}
