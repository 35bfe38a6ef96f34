//! `add`.

use cairn_dag::import::{self, FileMeta, ImportError, ImportOptions, ImportRoot, Importer, Tree};
use cairn_dag::mfs::{CopyOptions, EntryKind, Mfs, MfsError, MfsPath};
use cairn_primitives::quote::Quoted;
use cairn_primitives::unixfs::Mtime;
use cairn_wire::kubo::add::{Add, Added};
use tokio::sync::mpsc;

use super::super::answer::Sender;
use super::super::call::CidForm;
use super::super::files::{FileHead, FileKind, Files};
use super::super::{Answer, Call, Failure, Handler, Records};
use super::fast_provide::{FastProvide, Kept};

/// Bytes of a file between two progress records.
const PROGRESS_STEP: u64 = 256 << 10;
/// Maximum length of the target of a symlink, in bytes.
const MAX_TARGET: usize = 64 << 10;
/// Events that may wait; at the bound the import waits.
const EVENTS: usize = 64;

impl Handler for Add {
    async fn handle(self, (call, files): (Call, Files)) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let options = options(&self).or(call.node().import_options());
        let mut importer = Importer::new(call.node().store().clone(), options)?;
        if let Some(files) = call.node().filestore() {
            importer = importer.with_filestore(files.clone());
        } else if self.nocopy {
            return Err(ImportError::ReferencesOff.into());
        }
        let node = call.node().clone();
        let progress = self.progress.unwrap_or(false);
        let nocopy = self.nocopy;
        let (to_files, silent) = (self.to_files, self.silent);
        let kept = Kept {
            is_pinned: self.pin,
            is_in_mfs: to_files.is_some(),
        };
        let fast = FastProvide::new(
            self.fast_provide_root,
            self.fast_provide_dag,
            self.fast_provide_wait,
        );
        Ok(Records::work(move |out| async move {
            let (events, mut told) = mpsc::channel(EVENTS);
            let tree = Tree::new(importer, events);
            let forward = async {
                while let Some(event) = told.recv().await {
                    out.send(record(&event, form)).await?;
                }
                Ok::<(), Failure>(())
            };
            let receive = async {
                let finished = receive(files, tree, nocopy, progress.then_some(&out)).await?;
                finished.pin(node.pins()).await?;
                if let Some(to) = &to_files {
                    place(node.mfs()?, &finished.roots, to).await.map_err(
                        |failure| match failure {
                            // Without earlier records, the error is the response.
                            Failure::Trailer(reason) if silent => Failure::normal(reason.message),
                            failure => failure,
                        },
                    )?;
                }
                // Kubo has one: the last.
                let root = finished.roots.last().map(|root| root.cid.clone());
                fast.announce(&call, root.as_slice(), kept).await
            };
            let (received, forwarded) = futures_util::join!(receive, forward);
            received.and(forwarded)
        }))
    }
}

/// Copies what was added into MFS: into an existing directory, or to one path.
async fn place(mfs: &Mfs, roots: &[ImportRoot], to: &str) -> Result<(), Failure> {
    let refuse = |why: String| Failure::trailer(format!("to-files: {why}"));
    let to = if to.is_empty() { "/" } else { to };
    let to =
        MfsPath::new(to.as_bytes()).map_err(|error| refuse(Failure::from(error).to_string()))?;
    let shown = to.to_string();
    let is_into = to.is_root() || to.has_slash();
    for (at, root) in roots.iter().enumerate() {
        let name = root.name.rsplit(|&byte| byte == b'/').next();
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return Err(refuse("cannot add unnamed files to MFS".to_owned()));
        };
        let path = if is_into {
            let found = mfs.stat(&to.clone().without_slash(), false).await;
            let found = found.map_err(|error| {
                refuse(format!(
                    "MFS destination directory {} does not exist: {}",
                    Quoted(&shown),
                    Failure::from(error)
                ))
            })?;
            if found.kind != EntryKind::Directory {
                return Err(refuse(format!(
                    "MFS destination {} is not a directory",
                    Quoted(&shown)
                )));
            }
            to.clone().without_slash().join(name)
        } else {
            to.clone()
        };
        if at > 0 && !is_into {
            return Err(refuse(format!(
                "MFS destination is a file: only one entry can be copied to {}",
                Quoted(&shown)
            )));
        }
        let shown = path.to_string();
        if let Some((above, _)) = path.split() {
            mfs.stat(&above, false).await.map_err(|error| {
                refuse(format!(
                    "MFS destination parent {} {} does not exist: {}",
                    Quoted(&shown),
                    Quoted(&above.to_string()),
                    Failure::from(error)
                ))
            })?;
        }
        let source = format!("/ipfs/{}", root.cid);
        match mfs.cp(source, &path, &CopyOptions::default()).await {
            Ok(()) => {}
            Err(MfsError::CopyPut { source, .. }) => {
                return Err(refuse(format!(
                    "cannot put node in path {}: {}",
                    Quoted(&shown),
                    Failure::from(*source)
                )));
            }
            // The symbolic link was copied; only `files cp` of Kubo reports it as an error.
            Err(MfsError::CopyFlush { source, .. })
                if matches!(*source, MfsError::Symlink { .. }) =>
            {
                mfs.flush(&MfsPath::root()).await?;
            }
            Err(error) => return Err(refuse(Failure::from(error).to_string())),
        }
    }
    Ok(())
}

/// Reads the parts into the tree.
async fn receive(
    mut files: Files,
    mut tree: Tree,
    nocopy: bool,
    progress: Option<&Sender<Added>>,
) -> Result<import::ImportedTree, Failure> {
    let mut any = false;
    while let Some(head) = files.next().await? {
        any = true;
        let meta = meta(&head);
        match head.kind {
            FileKind::Directory => tree.directory(&head.path, meta).await?,
            FileKind::Symlink => {
                let refuse = || {
                    Failure::normal(format!(
                        "the target of the symlink {:?} is longer than {MAX_TARGET} bytes",
                        head.path
                    ))
                };
                let target = files.whole(MAX_TARGET, refuse).await?;
                tree.symlink(&head.path, target, meta).await?;
            }
            FileKind::File => {
                let mut file = match &head.abspath {
                    Some(source) => {
                        // Paths of references are stored as text.
                        let source = match source.as_str() {
                            Some(source) => source,
                            None if nocopy => {
                                return Err(Failure::normal(format!(
                                    "cannot refer to the file {source:?}: its path is not UTF-8"
                                )));
                            }
                            None => "",
                        };
                        tree.file_from(&head.path, meta, source).await?
                    }
                    None => tree.file(&head.path, meta).await?,
                };
                let name = file.name().into_text();
                let (mut read, mut shown) = (0u64, 0u64);
                while let Some(data) = files.chunk().await? {
                    read += data.len() as u64;
                    file.write(data).await?;
                    if let Some(out) = progress {
                        while read - shown >= PROGRESS_STEP {
                            shown += PROGRESS_STEP;
                            out.send(Added {
                                name: name.clone(),
                                bytes: Some(shown),
                                ..Added::default()
                            })
                            .await?;
                        }
                    }
                }
                if let Some(out) = progress.filter(|_| read > shown) {
                    out.send(Added {
                        name,
                        bytes: Some(read),
                        ..Added::default()
                    })
                    .await?;
                }
                file.finish().await?;
            }
        }
    }
    if !any {
        return Err(Failure::normal("expected a file argument"));
    }
    Ok(tree.finish().await?)
}

fn meta(head: &FileHead) -> FileMeta {
    let mtime = head.mtime.map(|(seconds, nanoseconds)| Mtime {
        seconds,
        nanos: nanoseconds,
    });
    FileMeta {
        mode: head.mode.unwrap_or(0),
        mtime,
    }
}

fn record(event: &import::Added, form: CidForm) -> Added {
    // An entry without a name is shown under its CID, in the requested form.
    let name = if event.name == event.cid.to_string() {
        form.show(&event.cid)
    } else {
        event.name.to_string()
    };
    let mtime = event.mtime.filter(|mtime| mtime.seconds > 0);
    Added {
        name,
        hash: form.show(&event.cid),
        bytes: None,
        size: Some(event.size.to_string()),
        mode: (event.mode != 0).then(|| format!("0{:o}", event.mode)),
        mtime: mtime.map(|mtime| mtime.seconds),
        mtime_nsecs: mtime
            .and_then(|mtime| mtime.nanos)
            .filter(|nanos| *nanos > 0),
    }
}

/// What the request says; the configuration says the rest.
fn options(add: &Add) -> ImportOptions {
    ImportOptions {
        chunker: add.chunker.clone(),
        trickle: add.trickle.then_some(true),
        raw_leaves: add.raw_leaves,
        cid_version: add.cid_version.map(i64::from),
        hash: add.hash.clone(),
        max_file_links: add.max_file_links.map(i64::from),
        max_directory_links: add.max_directory_links.map(i64::from),
        max_hamt_fanout: add.max_hamt_fanout.map(i64::from),
        inline: add.inline,
        inline_limit: Some(i64::from(add.inline_limit)),
        only_hash: add.only_hash,
        wrap: add.wrap_with_directory,
        pin: Some(add.pin),
        pin_name: add.pin_name.clone(),
        to_files: add.to_files.is_some(),
        nocopy: add.nocopy,
        fscache: add.fscache,
        silent: add.silent,
        preserve_mode: add.preserve_mode,
        preserve_mtime: add.preserve_mtime,
        mode: add.mode.unwrap_or(0),
        mtime: add.mtime.unwrap_or(0),
        mtime_nsecs: u64::from(add.mtime_nsecs.unwrap_or(0)),
        empty_dirs: Some(add.empty_dirs),
        ..ImportOptions::default()
    }
}
