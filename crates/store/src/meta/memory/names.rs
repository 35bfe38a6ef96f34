//! IPNS records in memory.

use cairn_primitives::PeerId;
use futures_util::future::BoxFuture;

use super::MemoryRows;
use crate::meta::{NameRecord, NameRows, RowError};

impl NameRows for MemoryRows {
    fn name_record(&self, name: &PeerId) -> Result<Option<NameRecord>, RowError> {
        Ok(self.state.read().open()?.names.get(name).cloned())
    }

    fn name_records(&self, each: &mut dyn FnMut(NameRecord) -> bool) -> Result<(), RowError> {
        let records: Vec<_> = self.state.read().open()?.names.values().cloned().collect();
        let _ = records.into_iter().all(each);
        Ok(())
    }

    fn set_name_record(&self, record: NameRecord) -> BoxFuture<'_, Result<(), RowError>> {
        Box::pin(async move {
            let mut state = self.state.write();
            state.open()?;
            let kept = state.names.get(&record.name);
            if kept.is_none_or(|kept| kept.sequence <= record.sequence) {
                state.names.insert(record.name.clone(), record);
            }
            Ok(())
        })
    }
}
