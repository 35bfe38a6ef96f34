//! Directories that grow into HAMTs and shrink again.

use std::collections::BTreeMap;

use cairn_dag::mfs::Settings;
use cairn_primitives::Version;
use cairn_primitives::unixfs::directory::{DirectoryBuilder, DirectoryParams, Entry, Sharding};
use cairn_store::BlockCollector as _;
use proptest::prelude::*;

use super::{Fs, maker, path};
use crate::support::BuiltNode;

/// A file system whose directories become HAMTs early.
async fn small(threshold: u64, fanout: usize) -> Fs {
    let mut settings = Settings::new().unwrap();
    settings.format.sharding = Sharding {
        threshold,
        fanout,
        ..Sharding::default()
    };
    Fs::with(settings).await
}

/// The CID of a directory of some entries that is built at once.
fn built(entries: &BTreeMap<String, BuiltNode>, threshold: u64, fanout: usize) -> String {
    let mut params = DirectoryParams::new(maker(Version::V0, "sha2-256"));
    params.sharding.threshold = threshold;
    params.sharding.fanout = fanout;
    let mut builder = DirectoryBuilder::new(params).unwrap();
    for (name, made) in entries {
        builder
            .add(Entry {
                name: name.clone().into(),
                cid: made.cid.clone(),
                tree_size: made.tree,
            })
            .unwrap();
    }
    let built = builder.finish(&mut |_| ()).unwrap();
    built.cid.to_string()
}

#[tokio::test]
async fn a_directory_becomes_a_shard_above_the_threshold_and_one_node_below_it() {
    // Each entry counts 3 bytes of name and 36 of CID.
    let fs = small(10 * 39, 8).await;
    fs.mkdir("/d").await.unwrap();
    let mut entries = BTreeMap::new();
    for number in 10..30 {
        let name = format!("f{number}");
        let made = fs.dag.raw(name.as_bytes());
        fs.cp(&format!("/ipfs/{}", made.cid), &format!("/d/{name}"))
            .await
            .unwrap();
        entries.insert(name, made);
        assert_eq!(fs.cid("/d").await, built(&entries, 390, 8), "{number}");
    }
    assert_eq!(fs.names("/d").await.len(), 20);
    // Opened again, so that no growth is remembered.
    fs.mfs.flush(&path("/")).await.unwrap();
    for number in 10..30 {
        let name = format!("f{number}");
        fs.rm(&format!("/d/{name}")).await.unwrap();
        entries.remove(&name);
        assert_eq!(fs.cid("/d").await, built(&entries, 390, 8), "{number}");
    }
}

#[tokio::test]
async fn attributes_and_forms_outlive_the_change_of_form() {
    let fs = small(200, 8).await;
    fs.mkdir("/d").await.unwrap();
    fs.mfs.chmod(&path("/d"), 0o700).await.unwrap();
    fs.mfs
        .chcid(&path("/d"), Some(&maker(Version::V1, "blake2b-256")), true)
        .await
        .unwrap();
    for number in 10..40 {
        let made = fs.dag.raw(&[number]);
        fs.cp(&format!("/ipfs/{}", made.cid), &format!("/d/f{number}"))
            .await
            .unwrap();
    }
    let stat = fs.stat("/d").await.unwrap();
    assert_eq!((stat.mode, stat.cid.hash().code()), (Some(0o700), 0xb220));
    for number in 10..40 {
        fs.rm(&format!("/d/f{number}")).await.unwrap();
    }
    let stat = fs.stat("/d").await.unwrap();
    assert_eq!(
        (stat.mode, stat.blocks, stat.cid.hash().code()),
        (Some(0o700), 0, 0xb220)
    );
}

#[derive(Clone, Debug)]
enum Edit {
    Set(u8, u8),
    Remove(u8),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop_oneof![
        2 => (any::<u8>(), 0u8..4).prop_map(|(name, what)| Edit::Set(name, what)),
        1 => any::<u8>().prop_map(Edit::Remove),
    ];
    proptest::collection::vec(edit, 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_edited_shard_is_the_one_that_is_built_at_once(edits in edits(), wide in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let fanout = if wide { 256 } else { 8 };
            // Sharded always: what the threshold does has tests of its own.
            let fs = small(1, fanout).await;
            fs.mkdir("/d").await.unwrap();
            let mut entries = BTreeMap::new();
            for edit in edits {
                match edit {
                    Edit::Set(name, what) => {
                        let made = fs.dag.raw(&[what]);
                        let name = format!("name {name}");
                        let at = path(&format!("/d/{name}"));
                        let options = cairn_dag::mfs::CopyOptions {
                            force: true,
                            ..cairn_dag::mfs::CopyOptions::default()
                        };
                        fs.mfs.cp(&format!("/ipfs/{}", made.cid), &at, &options).await.unwrap();
                        entries.insert(name, made);
                    }
                    Edit::Remove(name) => {
                        let name = format!("name {name}");
                        let gone = fs.rm(&format!("/d/{name}")).await;
                        prop_assert_eq!(gone.is_ok(), entries.remove(&name).is_some());
                    }
                }
                // Opened again, so that Kubo, too, would look at the size at each change.
                fs.mfs.flush(&path("/")).await.unwrap();
                prop_assert_eq!(fs.cid("/d").await, built(&entries, 1, fanout));
            }
            let mut names = fs.names("/d").await;
            names.sort();
            prop_assert_eq!(names, entries.keys().cloned().collect::<Vec<_>>());
            prop_assert!(fs.dag.store.stat().unwrap().blocks > 0);
            Ok(())
        })?;
    }
}
