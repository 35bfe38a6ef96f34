//! Uploads of files and directories.

use std::sync::Arc;

use cairn_dag::import::{Added, ImportOptions};
use cairn_store::shared::Upload;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::content::{Meter, Names, entries, one_file, options};
use super::{Complete, FileParts, UploadError, UploadInfo, Uploader, Uploads};
use crate::backend::import::{Content, Entries, Imported};

/// Events of an import that wait; at the bound the import waits.
const EVENTS: usize = 64;

/// The type of uploads of several files.
const DIRECTORY: &str = "directory";

impl Uploads {
    /// Stores one file.
    ///
    /// # Errors
    /// [`UploadError::Empty`], [`UploadError::TooLarge`]; when the content cannot be received, or a quota does not allow
    /// it.
    pub async fn file(
        &self,
        who: &Uploader,
        info: UploadInfo,
        content: Content<'_>,
    ) -> Result<Upload, UploadError> {
        self.check_quota(who.account).await?;
        let meter = Meter::new(self.limits.request.min(self.limits.upload));
        let entries = one_file("file", meter.content(content));
        let mut size = 0;
        let imported = self
            .import(options(), entries, |added| size = added.size)
            .await?;
        if meter.count() == 0 {
            return Err(UploadError::Empty);
        }
        let root = imported.roots.first().ok_or(UploadError::Empty)?;
        let complete = Complete {
            root: &root.cid,
            keep: &[&imported.keep],
            kind: &info.kind,
            files: Names::default().finish(),
            size,
        };
        self.record_complete(who, info.name, complete).await
    }

    /// Stores files in a directory. Of several with the same name the last is in the directory.
    ///
    /// # Errors
    /// As [`Uploads::file`].
    pub async fn directory(
        &self,
        who: &Uploader,
        name: Option<String>,
        files: FileParts<'_>,
    ) -> Result<Upload, UploadError> {
        self.check_quota(who.account).await?;
        let meter = Meter::new(self.limits.request.min(self.limits.upload));
        let names = Arc::new(Mutex::new(Names::default()));
        let seen = Arc::clone(&names);
        let entries = entries(meter.files(files), move |_, name, kind| {
            seen.lock().add(&name, &kind);
            name
        });
        let options = ImportOptions {
            wrap: true,
            last_wins: true,
            silent: true,
            ..options()
        };
        // The root comes last.
        let mut size = 0;
        let imported = self
            .import(options, entries, |added| size = added.size)
            .await?;
        let names = std::mem::take(&mut *names.lock());
        let root = imported.roots.first().filter(|_| names.count() > 0);
        let root = root.ok_or(UploadError::Empty)?;
        let complete = Complete {
            root: &root.cid,
            keep: &[&imported.keep],
            kind: DIRECTORY,
            files: names.finish(),
            size,
        };
        self.record_complete(who, name, complete).await
    }

    /// Imports entries, and calls `each` with what was added.
    pub(super) async fn import(
        &self,
        options: ImportOptions,
        entries: Entries<'_>,
        mut each: impl FnMut(Added),
    ) -> Result<Imported, UploadError> {
        let (events, mut added) = mpsc::channel(EVENTS);
        let import = self.importer()?.import(options, entries, events);
        let told = async {
            while let Some(event) = added.recv().await {
                each(event);
            }
        };
        let (imported, ()) = futures_util::join!(import, told);
        Ok(imported?)
    }
}
