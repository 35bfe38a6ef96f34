//! Files whose bytes stay where they are.

use std::path::PathBuf;

use cairn_dag::import::ImportOptions;
use cairn_store::BlockReader as _;
use cairn_store::block::{Filestore, FilestoreOptions};
use cairn_store::meta::{MemoryRows, Reference, ReferenceOrder};

use super::bounds::options;
use super::*;

struct Case {
    folder: tempfile::TempDir,
    store: Arc<Filestore>,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = FilestoreOptions {
            root: folder.path().to_owned(),
            files: true,
            urls: false,
        };
        let below = Arc::new(MemoryStore::new());
        let store = Filestore::open(below, Arc::new(MemoryRows::new()), options).unwrap();
        Self { folder, store }
    }

    fn file(&self, name: &str, data: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, data).unwrap();
        path
    }

    async fn add(
        &self,
        options: ImportOptions,
        files: &[(PathBuf, Bytes)],
    ) -> Result<Vec<String>, ImportError> {
        let (events, mut seen) = mpsc::channel(64);
        let importer =
            Importer::new(self.store.clone(), options)?.with_filestore(self.store.clone());
        let mut tree = Tree::new(importer, events);
        for (path, data) in files {
            let source = path.to_str().unwrap();
            let name = path.file_name().unwrap().to_str().unwrap();
            let mut file = tree.file_from(name, FileMeta::default(), source).await?;
            file.write(data.clone()).await?;
            file.finish().await?;
        }
        tree.finish().await?;
        let mut cids = Vec::new();
        while let Some(event) = seen.recv().await {
            cids.push(event.cid.to_string());
        }
        Ok(cids)
    }

    fn list(&self) -> Vec<Reference> {
        let page = self.store.page(ReferenceOrder::Place, None, 100_000);
        page.unwrap()
    }
}

fn nocopy(change: impl FnOnce(&mut ImportOptions)) -> ImportOptions {
    options(|request| {
        request.nocopy = true;
        change(request);
    })
}

#[tokio::test]
async fn leaves_bytes_where_they_are() {
    let case = Case::new();
    let data = Bytes::from(noise("mib", (1 << 20) + 17));
    let path = case.file("f", &data);
    let cids = case
        .add(nocopy(|_| {}), &[(path, data.clone())])
        .await
        .unwrap();
    // The same root as with raw leaves that are stored.
    assert_eq!(cids, ["QmZSanRkMCfmtnYPvZmt9MR4c2Jtrqnpxcn7Bye1Ypt5ez"]);
    assert_eq!(case.store.below().stat().unwrap().blocks, 1);
    let references = case.list();
    assert_eq!(references.len(), 5);
    for found in references {
        let from = usize::try_from(found.offset).unwrap();
        let part = data.slice(from..from + usize::try_from(found.size).unwrap());
        assert!(found.key.matches(&part).unwrap());
        assert_eq!(&*found.path, "f");
        assert_eq!(case.store.get_blocking(&found.key).unwrap().unwrap(), part);
    }
}

#[tokio::test]
async fn what_has_no_place_of_its_own_is_not_referred_to() {
    let case = Case::new();
    let empty = (case.file("empty", b""), Bytes::new());
    let small = (case.file("small", b"small"), Bytes::from_static(b"small"));
    case.add(nocopy(|_| {}), &[empty]).await.unwrap();
    case.add(nocopy(|r| r.inline = true), std::slice::from_ref(&small))
        .await
        .unwrap();
    case.add(nocopy(|r| r.only_hash = true), std::slice::from_ref(&small))
        .await
        .unwrap();
    assert!(case.list().is_empty());
    assert_eq!(case.store.below().stat().unwrap().blocks, 1);
}

#[tokio::test]
async fn tiny_chunks_of_several_files_go_in_batches() {
    let case = Case::new();
    let files: Vec<_> = ["a", "b", "c"]
        .map(|name| {
            let data = Bytes::from(noise(name, 40_000));
            (case.file(name, &data), data)
        })
        .into();
    case.add(nocopy(|r| r.chunker = Some("size-8".into())), &files)
        .await
        .unwrap();
    let references = case.list();
    assert_eq!(references.len(), 15_000);
    for found in references {
        assert!(case.store.get_blocking(&found.key).unwrap().is_some());
    }
}

#[tokio::test]
async fn a_cache_leaves_out_what_can_be_read() {
    let case = Case::new();
    let data = Bytes::from(noise("cache", 600_000));
    let path = case.file("f", &data);
    let file = [(path.clone(), data.clone())];
    case.add(nocopy(|_| {}), &file).await.unwrap();
    let cached = || {
        options(|r| {
            r.fscache = true;
            r.raw_leaves = Some(true);
        })
    };
    case.add(cached(), &file).await.unwrap();
    assert_eq!(case.store.below().stat().unwrap().blocks, 1);
    // What cannot be read any more is stored.
    let mut changed = data.to_vec();
    changed[300_000] ^= 1;
    std::fs::write(&path, changed).unwrap();
    case.add(cached(), &file).await.unwrap();
    assert_eq!(case.store.below().stat().unwrap().blocks, 2);
    // Without the cache all is.
    let plain = options(|r| r.raw_leaves = Some(true));
    case.add(plain, &file).await.unwrap();
    assert_eq!(case.store.below().stat().unwrap().blocks, 4);
}

#[tokio::test]
async fn refusals() {
    let case = Case::new();
    let says = async |path: &str| {
        let file = [(PathBuf::from(path), Bytes::from_static(b"x"))];
        let refused = case.add(nocopy(|_| {}), &file).await.unwrap_err();
        refused.to_string()
    };
    assert!(
        says("/etc/passwd")
            .await
            .starts_with("the file is outside of ")
    );
    assert_eq!(
        says("http://host/x").await,
        "references to URLs are disabled"
    );
    let (events, _seen) = mpsc::channel(4);
    let importer = Importer::new(case.store.clone(), nocopy(|_| {}))
        .unwrap()
        .with_filestore(case.store.clone());
    let mut tree = Tree::new(importer, events);
    let missing = tree.file("f", FileMeta::default()).await.unwrap_err();
    assert_eq!(
        missing.to_string(),
        "the path of the file is missing, which a reference needs"
    );
}
