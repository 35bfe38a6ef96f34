//! Any changes, held against a model that is a map.

use std::collections::BTreeMap;

use cairn_dag::Blocks;
use cairn_dag::directory::Entries;
use cairn_dag::export::FileReader;
use cairn_dag::mfs::{CopyOptions, Mfs, RemoveOptions, Settings, WriteOptions};
use cairn_primitives::Cid;
use cairn_primitives::unixfs::directory::Sharding;
use futures_util::future::BoxFuture;
use proptest::prelude::*;

use super::{Fs, path};

/// What has a path: bytes, or nothing for a directory.
pub(super) type Model = BTreeMap<String, Option<Vec<u8>>>;

#[derive(Clone, Debug)]
enum Edit {
    Write(String, u16, Vec<u8>, bool, bool),
    Mkdir(String, bool),
    Copy(String, String, bool),
    Move(String, String),
    Remove(String, bool),
    Flush,
}

fn paths() -> impl Strategy<Value = String> {
    proptest::collection::vec(0u8..4, 1..4)
        .prop_map(|names| names.iter().map(|name| format!("/{name}")).collect())
}

fn edit() -> impl Strategy<Value = Edit> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..300);
    prop_oneof![
        4 => (paths(), 0u16..600, bytes, any::<bool>(), any::<bool>())
            .prop_map(|(at, offset, bytes, truncate, flush)| Edit::Write(at, offset, bytes, truncate, flush)),
        3 => (paths(), any::<bool>()).prop_map(|(at, parents)| Edit::Mkdir(at, parents)),
        2 => (paths(), paths(), any::<bool>()).prop_map(|(from, to, force)| Edit::Copy(from, to, force)),
        2 => (paths(), paths()).prop_map(|(from, to)| Edit::Move(from, to)),
        1 => (paths(), any::<bool>()).prop_map(|(at, recursive)| Edit::Remove(at, recursive)),
        1 => Just(Edit::Flush),
    ]
}

fn above(at: &str) -> &str {
    at.rsplit_once('/').map_or("", |(above, _)| above)
}

fn is_directory(model: &Model, at: &str) -> bool {
    at.is_empty() || model.get(at) == Some(&None)
}

fn below(model: &Model, at: &str) -> Vec<(String, Option<Vec<u8>>)> {
    model
        .iter()
        .filter(|(path, _)| *path == at || path.starts_with(&format!("{at}/")))
        .map(|(path, what)| (path.clone(), what.clone()))
        .collect()
}

fn put(model: &mut Model, from: &str, to: &str) {
    for (path, what) in below(model, from) {
        model.insert(format!("{to}{}", &path[from.len()..]), what);
    }
}

/// What the model says of a change: whether it is made.
fn change(model: &mut Model, edit: &Edit) -> bool {
    match edit {
        Edit::Flush => true,
        Edit::Write(at, offset, bytes, truncate, _) => {
            if is_directory(model, at) || !is_directory(model, above(at)) {
                return false;
            }
            let file = model.entry(at.clone()).or_insert(Some(Vec::new()));
            let file = file.get_or_insert_default();
            if *truncate {
                file.clear();
            }
            let offset = usize::from(*offset);
            file.resize(file.len().max(offset), 0);
            let end = file.len().min(offset + bytes.len());
            file.splice(offset..end, bytes.iter().copied());
            true
        }
        Edit::Mkdir(at, parents) => {
            if !parents {
                return is_directory(model, above(at))
                    && !model.contains_key(at)
                    && model.insert(at.clone(), None).is_none();
            }
            let mut made = String::new();
            let mut new = Vec::new();
            for name in at.split('/').skip(1) {
                made = format!("{made}/{name}");
                match model.get(&made) {
                    Some(None) => {}
                    Some(Some(_)) => return false,
                    None => new.push(made.clone()),
                }
            }
            model.extend(new.into_iter().map(|at| (at, None)));
            true
        }
        Edit::Copy(from, to, force) => {
            let fits = model.contains_key(from)
                && is_directory(model, above(to))
                && match model.get(to) {
                    None => true,
                    Some(None) => false,
                    Some(Some(_)) => *force,
                };
            if fits {
                let copied = below(model, from);
                model.remove(to);
                for (path, what) in copied {
                    model.insert(format!("{to}{}", &path[from.len()..]), what);
                }
            }
            fits
        }
        Edit::Move(from, to) => {
            if !model.contains_key(from) || !is_directory(model, above(to)) {
                return false;
            }
            let mut to = to.clone();
            if is_directory(model, &to) {
                to = format!("{to}/{}", from.rsplit('/').next().unwrap_or_default());
                if model.contains_key(&to) && to != *from {
                    return false;
                }
            }
            if to == *from {
                return true;
            }
            if to.starts_with(&format!("{from}/")) {
                return false;
            }
            model.remove(&to);
            put(model, from, &to);
            for (path, _) in below(model, from) {
                model.remove(&path);
            }
            true
        }
        Edit::Remove(at, recursive) => {
            let fits = match model.get(at) {
                None => false,
                Some(None) => *recursive,
                Some(Some(_)) => true,
            };
            if fits {
                for (path, _) in below(model, at) {
                    model.remove(&path);
                }
            }
            fits
        }
    }
}

async fn apply(fs: &Fs, edit: &Edit) -> bool {
    match edit {
        Edit::Flush => fs.mfs.flush(&path("/")).await.is_ok(),
        Edit::Write(at, offset, bytes, truncate, flush) => {
            let options = WriteOptions {
                create: true,
                offset: u64::from(*offset),
                truncate: *truncate,
                flush: *flush,
                ..WriteOptions::default()
            };
            fs.write(at, options, bytes).await.is_ok()
        }
        Edit::Mkdir(at, true) => fs.mkdir_all(at).await.is_ok(),
        Edit::Mkdir(at, false) => fs.mkdir(at).await.is_ok(),
        Edit::Copy(from, to, force) => {
            let options = CopyOptions {
                force: *force,
                ..CopyOptions::default()
            };
            fs.mfs.cp(from, &path(to), &options).await.is_ok()
        }
        Edit::Move(from, to) => fs.mv(from, to).await.is_ok(),
        Edit::Remove(at, recursive) => {
            let options = RemoveOptions {
                recursive: *recursive,
                force: false,
            };
            fs.mfs.rm(&path(at), options).await.is_ok()
        }
    }
}

/// Reads a tree from its blocks, without the file system.
pub(super) fn walk<'a>(
    blocks: &'a Blocks,
    cid: &'a Cid,
    at: String,
    into: &'a mut Model,
) -> BoxFuture<'a, ()> {
    Box::pin(async move {
        if let Ok(mut entries) = Entries::open(blocks, cid).await {
            if !at.is_empty() {
                into.insert(at.clone(), None);
            }
            while let Some(entry) = entries.next().await.unwrap() {
                walk(blocks, &entry.cid, format!("{at}/{}", entry.name), into).await;
            }
            return;
        }
        let mut reader = FileReader::open(blocks, cid).await.unwrap();
        let mut bytes = Vec::new();
        while let Some(next) = reader.next().await.unwrap() {
            bytes.extend_from_slice(&next);
        }
        into.insert(at, Some(bytes));
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_changes_do_what_they_do_to_a_map(
        edits in proptest::collection::vec(edit(), 1..60),
        sharded in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        runtime.block_on(async {
            let mut settings = Settings::new().unwrap();
            settings.format.chunker = "size-64".parse().unwrap();
            if sharded {
                settings.format.sharding = Sharding { threshold: 80, fanout: 8, ..Sharding::default() };
            }
            let fs = Fs::with(settings.clone()).await;
            let mut model = Model::new();
            for edit in &edits {
                prop_assert_eq!(apply(&fs, edit).await, change(&mut model, edit), "{:?}", edit);
            }
            let mut found = Model::new();
            let tree = fs.mfs.tree();
            walk(&fs.dag.blocks(), &tree, String::new(), &mut found).await;
            prop_assert_eq!(&found, &model);
            // What is flushed is there when it is opened again.
            fs.mfs.flush(&path("/")).await.unwrap();
            let again = Mfs::open(fs.dag.blocks(), fs.rows.clone(), settings).await.unwrap();
            prop_assert_eq!(again.tree(), tree);
            Ok(())
        })?;
    }
}
