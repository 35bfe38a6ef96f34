//! `files/stat`.

use cairn_dag::mfs::{EntryKind, MfsError, Stat};
use cairn_wire::CommandError;
use cairn_wire::kubo::files::stat::{FileStat, FilesStat};

use super::super::super::call::CidForm;
use super::super::super::{Answer, Call, Failure, Handler};

impl Handler for FilesStat {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        if self.has_several_formats() {
            return Err(CommandError::client(
                "invalid parameters: format was set by multiple options. Only one format option is allowed",
            )
            .into());
        }
        let form = call.cids()?;
        let mfs = super::mfs(&call)?;
        let found = match super::outside(&self.path) {
            Some(path) => mfs.stat_outside(path, self.with_local).await,
            None => mfs.stat(&super::path(&self.path)?, self.with_local).await,
        };
        match found {
            Ok(stat) => Ok(record(&stat, form)),
            Err(MfsError::NotUnixFs { reason: None, .. }) => {
                Err(Failure::normal("not unixfs node (proto or raw)"))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Go's `ModeSymlink`, and the permissions that a link has.
const SYMLINK: u32 = 1 << 27 | 0o777;

fn record(stat: &Stat, form: CidForm) -> FileStat {
    let kept = stat.mode.unwrap_or(0);
    // The set-user, set-group and sticky bits lie elsewhere in Go's `fs.FileMode`.
    let mode = match kept & 0o777 | (kept & 0o6000) << 12 | (kept & 0o1000) << 11 {
        0 if stat.is_symlink => SYMLINK,
        mode => mode,
    };
    FileStat {
        hash: form.show(&stat.cid),
        size: stat.size,
        cumulative_size: stat.cumulative_size,
        blocks: stat.blocks,
        r#type: match stat.kind {
            EntryKind::Directory => "directory",
            EntryKind::File => "file",
        }
        .to_owned(),
        with_locality: stat.local.is_some(),
        local: stat.local.is_some_and(|local| local.whole),
        size_local: stat.local.map_or(0, |local| local.bytes),
        mtime: stat
            .mtime
            .map(|time| time.seconds)
            .filter(|seconds| *seconds != 0),
        mtime_nsecs: stat
            .mtime
            .and_then(|time| time.nanos)
            .filter(|nanos| *nanos > 0),
        mode: (mode != 0).then(|| format!("{mode:04o}")),
    }
}
