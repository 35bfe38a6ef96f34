//! `files/rm`.

use cairn_dag::mfs::{Mfs, MfsPath, RemoveOptions};
use cairn_primitives::ByteString;
use cairn_wire::kubo::files::rm::FilesRm;

use super::super::super::{Answer, Call, Failure, Handler, Records};

impl Handler for FilesRm {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        if !self.flush {
            return Err(Failure::normal(
                "files rm always flushes for safety. The --flush flag cannot be set to false for this command",
            ));
        }
        let mfs = super::mfs(&call)?.clone();
        let options = RemoveOptions {
            recursive: self.recursive,
            force: self.force,
        };
        Ok(Records::work(move |out| async move {
            let mut failed = false;
            for path in &self.paths {
                if let Err(message) = remove(&mfs, path, options).await {
                    failed = true;
                    out.send(message).await?;
                }
            }
            if failed {
                Err(Failure::trailer("can't remove some files".to_owned()))
            } else {
                Ok(())
            }
        }))
    }
}

/// Removes one path, or says why not.
async fn remove(mfs: &Mfs, given: &ByteString, options: RemoveOptions) -> Result<(), String> {
    let path = MfsPath::new(given)
        .map_err(|error| format!("{given} is not a valid path: {}", Failure::from(error)))?;
    mfs.rm(&path, options)
        .await
        .map_err(|error| format!("{path}: {}", Failure::from(error)))
}
