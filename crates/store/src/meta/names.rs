//! IPNS records by name.

use bytes::Bytes;
use cairn_primitives::PeerId;
use futures_util::future::BoxFuture;

use super::RowError;

/// The record that is kept of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRecord {
    /// The name: the id of its key.
    pub name: PeerId,
    /// The number of the record. Of two records the one with the higher number is newer.
    pub sequence: u64,
    /// The record as it is sent.
    pub record: Bytes,
}

/// The rows of IPNS records: those of own names, and those that were given to this node to keep. They are never forgotten: a name
/// whose number was lost could not be published again.
pub trait NameRows: Send + Sync + 'static {
    /// The record of a name.
    fn name_record(&self, name: &PeerId) -> Result<Option<NameRecord>, RowError>;

    /// Calls `each` with every record, in the order of the bytes of their names, until it answers `false`.
    fn name_records(&self, each: &mut dyn FnMut(NameRecord) -> bool) -> Result<(), RowError>;

    /// Keeps a record in place of the one of its name, unless that one has a higher number.
    fn set_name_record(&self, record: NameRecord) -> BoxFuture<'_, Result<(), RowError>>;
}
