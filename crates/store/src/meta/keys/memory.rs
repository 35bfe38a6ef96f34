//! Keys in memory.

use std::collections::BTreeMap;

use futures_util::future::{BoxFuture, ready};
use parking_lot::Mutex;

use super::{KeyBytes, KeyRows, RenameOutcome, check_key, check_name};
use crate::meta::RowError;

/// Keys that live as long as the process.
#[derive(Debug, Default)]
pub struct MemoryKeys {
    keys: Mutex<BTreeMap<String, KeyBytes>>,
}

impl MemoryKeys {
    fn add(&self, name: &str, key: KeyBytes) -> Result<bool, RowError> {
        check_name(name)?;
        check_key(&key)?;
        let mut keys = self.keys.lock();
        if keys.contains_key(name) {
            return Ok(false);
        }
        keys.insert(name.to_owned(), key);
        Ok(true)
    }

    fn rename(&self, from: &str, to: &str, replace: bool) -> Result<RenameOutcome, RowError> {
        check_name(to)?;
        let mut keys = self.keys.lock();
        if !keys.contains_key(from) {
            return Ok(RenameOutcome::Missing);
        }
        if keys.contains_key(to) && !replace {
            return Ok(RenameOutcome::Taken);
        }
        if let Some(key) = keys.remove(from) {
            keys.insert(to.to_owned(), key);
        }
        Ok(RenameOutcome::Done)
    }
}

impl KeyRows for MemoryKeys {
    fn keys(&self) -> Result<Vec<String>, RowError> {
        Ok(self.keys.lock().keys().cloned().collect())
    }

    fn key(&self, name: &str) -> Result<Option<KeyBytes>, RowError> {
        Ok(self.keys.lock().get(name).cloned())
    }

    fn add_key(&self, name: &str, key: KeyBytes) -> BoxFuture<'_, Result<bool, RowError>> {
        Box::pin(ready(self.add(name, key)))
    }

    fn rename_key(
        &self,
        from: &str,
        to: &str,
        replace: bool,
    ) -> BoxFuture<'_, Result<RenameOutcome, RowError>> {
        Box::pin(ready(self.rename(from, to, replace)))
    }

    fn remove_key(&self, name: &str) -> BoxFuture<'_, Result<bool, RowError>> {
        Box::pin(ready(Ok(self.keys.lock().remove(name).is_some())))
    }
}
