//! `files/touch`.

use cairn_primitives::unixfs::Mtime;
use cairn_wire::kubo::files::touch::FilesTouch;

use super::super::super::{Answer, Call, Failure, Handler};

const NANOS: u32 = 1_000_000_000;

impl Handler for FilesTouch {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let path = super::path(&self.path)?;
        let nanos = self.mtime_nsecs.unwrap_or(0);
        // As in Kubo, second 0 means that there is no time.
        let mtime = self
            .mtime
            .filter(|seconds| *seconds != 0)
            .map(|seconds| Mtime {
                seconds: seconds.saturating_add(i64::from(nanos / NANOS)),
                nanos: Some(nanos % NANOS),
            });
        Ok(super::mfs(&call)?.touch(&path, mtime).await?)
    }
}
