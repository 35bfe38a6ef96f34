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

/// For whom a pin is kept. Pins of one CID for different owners are independent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PinOwner {
    /// The users of the node: the RPC and the CLI.
    #[default]
    User,
    /// The services for many users: pin requests, uploads, the cluster.
    Services,
}

/// A pin. A CID has at most one for each owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The root as given: several CIDs of one multihash can be pinned.
    pub cid: Cid,
    /// Its mode.
    pub mode: PinMode,
    /// Its name; may be empty.
    pub name: String,
    /// For whom it is kept.
    pub owner: PinOwner,
}

/// A change of the pins; batches are applied atomically.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinChange {
    /// Sets or replaces the pin of a CID for its owner.
    Set(Pin),
    /// Removes the pin of a CID for an owner, if any.
    Remove(Cid, PinOwner),
}

/// A filter of pins; `None` matches everything.
#[derive(Clone, Debug, Default)]
pub struct PinFilter {
    /// Only this mode.
    pub mode: Option<PinMode>,
    /// Only names that contain this.
    pub name_contains: Option<String>,
    /// Only those of this owner.
    pub owner: Option<PinOwner>,
}

/// The table of pins.
pub trait PinRows: Send + Sync + 'static {
    /// The pin of a CID for an owner.
    fn pin(&self, cid: &Cid, owner: PinOwner) -> Result<Option<Pin>, RowError>;

    /// Calls `each` with every matching pin, ordered by the CID's bytes and then its owner, from one consistent view,
    /// until it returns `false`.
    fn pins(&self, filter: &PinFilter, each: &mut dyn FnMut(Pin) -> bool) -> Result<(), RowError>;

    /// The number of pins, of all owners.
    fn pin_count(&self) -> Result<u64, RowError>;

    /// Applies a batch of changes atomically.
    fn change_pins(&self, changes: Vec<PinChange>) -> BoxFuture<'_, Result<(), RowError>>;
}
