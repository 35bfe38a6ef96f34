//! Pins.

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;

use super::RowError;

/// The mode of a pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PinMode {
    /// Recursive: the root and everything reachable from it.
    Recursive,
    /// Direct: only the root.
    Direct,
}

/// A pin. A CID has at most one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The root as given: several CIDs of one multihash can be pinned.
    pub cid: Cid,
    /// Its mode.
    pub mode: PinMode,
    /// Its name; may be empty.
    pub name: String,
}

/// A change of the pins; batches are applied atomically.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinChange {
    /// Sets or replaces the pin of a CID.
    Set(Pin),
    /// Removes the pin of a CID, if any.
    Remove(Cid),
}

/// A filter of pins; `None` matches everything.
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

    /// Calls `each` with every matching pin, ordered by the CID's bytes, from one consistent view, until it returns
    /// `false`.
    fn pins(&self, filter: &PinFilter, each: &mut dyn FnMut(Pin) -> bool) -> Result<(), RowError>;

    /// The number of pins.
    fn pin_count(&self) -> Result<u64, RowError>;

    /// Applies a batch of changes atomically.
    fn change_pins(&self, changes: Vec<PinChange>) -> BoxFuture<'_, Result<(), RowError>>;
}
