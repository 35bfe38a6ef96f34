//! What Kubo 0.42 answered to the same changes, one after the other.

use cairn_dag::mfs::{CopyOptions, EntryKind, MakeOptions, MfsError, RemoveOptions, WriteOptions};
use cairn_primitives::Version;
use cairn_primitives::unixfs::Mtime;

use super::{Fs, maker, path};
use crate::support::counter;

/// What is told of a path: CID, bytes, bytes of all blocks, links.
async fn told(fs: &Fs, at: &str) -> (String, u64, u64, usize) {
    let stat = fs.stat(at).await.unwrap();
    (
        stat.cid.to_string(),
        stat.size,
        stat.cumulative_size,
        stat.blocks,
    )
}

fn want(cid: &str, size: u64, cumulative: u64, blocks: usize) -> (String, u64, u64, usize) {
    (cid.to_owned(), size, cumulative, blocks)
}

async fn long(fs: &Fs, at: &str) -> Vec<(String, String, u64, EntryKind)> {
    let mut listing = fs.mfs.ls(&path(at), true).await.unwrap();
    let mut out = Vec::new();
    while let Some(entry) = listing.next().await.unwrap() {
        let (kind, size) = entry.details.unwrap();
        out.push((entry.name.to_string(), entry.cid.to_string(), size, kind));
    }
    out
}

fn row(name: &str, cid: &str, size: u64, kind: EntryKind) -> (String, String, u64, EntryKind) {
    (name.to_owned(), cid.to_owned(), size, kind)
}

const BIG: &str = "QmdZaXh1RaThAVsRhhosH6LRhs4uA98gftAa6GovJn6nPi";
const W: &str = "QmTGwqAWSfxHnJxHF1YmQvm9ev9d1vJ6Ldex9G3pNVGyWV";
const WC: &str = "QmYd9VsUEdgUwq65RMBctk6zTAZV45zMX8oheqx7u9QaTP";
const DIR: &str = "QmU8z8LCjb15qj7smRRiM3UtvMucZGHvtGH6u6ysHhFA1X";
const F: &str = "bafkreihztqcihtlccdhjqjajhadvde5zha4ycxjmwcub5yup5hcsj64xoi";
const X_BLAKE: &str = "bafykbzaceaiexhn5wxvtr32shdee6iwmth2o4p5n5xuiwja2jwruanrng4xba";

#[tokio::test]
async fn the_same_changes_give_the_same_tree() {
    let fs = Fs::new().await;
    let hello = fs.dag.file(b"hello world\n", &[]);
    fs.cp(&format!("/ipfs/{}", hello.cid), "/added.txt")
        .await
        .unwrap();
    made(&fs).await;
    written(&fs).await;
    copied(&fs).await;
    moved(&fs).await;
    changed(&fs).await;
    removed(&fs).await;
    assert_eq!(fs.named(), Some(fs.mfs.tree()));
}

async fn made(fs: &Fs) {
    assert_eq!(fs.names("/").await, ["added.txt"]);
    fs.mkdir("/m").await.unwrap();
    assert!(matches!(
        fs.mkdir("/m").await,
        Err(MfsError::AlreadyExists { .. })
    ));
    fs.mkdir_all("/m/x/y").await.unwrap();
    fs.mkdir_all("/m/x/y").await.unwrap();
    assert!(fs.mkdir("/q/w").await.unwrap_err().is_not_found());
    let v1 = MakeOptions {
        cid: Some(maker(Version::V1, "sha2-256")),
        ..MakeOptions::default()
    };
    fs.mfs.mkdir(&path("/v1"), &v1).await.unwrap();
    assert!(matches!(fs.mkdir("/").await, Err(MfsError::RootExists)));
}

async fn written(fs: &Fs) {
    assert!(
        fs.write_at("/m/w", 0, b"x")
            .await
            .unwrap_err()
            .is_not_found()
    );
    fs.create("/m/w", b"0123456789").await.unwrap();
    let w1 = "QmSib7qNmpFYqfM9cD4UX16jQMv4ZoQGeiv5LUAkhdx2KD";
    assert_eq!(told(fs, "/m/w").await, want(w1, 10, 68, 1));
    fs.write_at("/m/w", 5, b"ABC").await.unwrap();
    assert_eq!(fs.read("/m/w").await.unwrap(), b"01234ABC89");
    let truncate = WriteOptions {
        truncate: true,
        ..WriteOptions::default()
    };
    fs.write("/m/w", truncate, b"trunc").await.unwrap();
    assert_eq!(fs.read("/m/w").await.unwrap(), b"trunc");
    let count = WriteOptions {
        create: true,
        count: Some(4),
        ..WriteOptions::default()
    };
    fs.write("/m/wc", count, b"0123456789").await.unwrap();
    assert_eq!(fs.read("/m/wc").await.unwrap(), b"0123");
    fs.write_at("/m/w", 20, b"Z").await.unwrap();
    assert_eq!(told(fs, "/m/w").await, want(W, 21, 235, 4));
    let gap = [b"trunc".as_slice(), &[0; 15], b"Z"].concat();
    assert_eq!(fs.read("/m/w").await.unwrap(), gap);
    let parents = WriteOptions {
        create: true,
        parents: true,
        ..WriteOptions::default()
    };
    fs.write("/n/e/w", parents, b"deep").await.unwrap();
    assert!(
        fs.create("/nn/e", b"deep")
            .await
            .unwrap_err()
            .is_not_found()
    );
    assert!(matches!(
        fs.create("/m", b"x").await,
        Err(MfsError::NotFile { .. })
    ));
    let v1 = WriteOptions {
        create: true,
        raw_leaves: Some(true),
        cid: Some(maker(Version::V1, "sha2-256")),
        ..WriteOptions::default()
    };
    fs.write("/v1/f", v1, b"raw leaf file").await.unwrap();
    assert_eq!(told(fs, "/v1/f").await, want(F, 13, 13, 0));
    let mib = counter("mib", 1024 * 1024 + 17);
    fs.create("/m/big", &mib).await.unwrap();
    assert_eq!(told(fs, "/m/big").await, want(BIG, 1_048_593, 1_048_901, 5));
    assert_eq!(
        fs.read_range("/m/big", 262_100, Some(100)).await.unwrap(),
        mib[262_100..262_200]
    );
    assert!(matches!(
        fs.read_range("/m/wc", 100, None).await,
        Err(MfsError::PastEnd {
            offset: 100,
            size: 4
        })
    ));
    assert!(matches!(fs.read("/m").await, Err(MfsError::NotFile { .. })));
    assert!(fs.read("/zz").await.unwrap_err().is_not_found());
}

async fn copied(fs: &Fs) {
    fs.cp("/m/wc", "/m/wc2").await.unwrap();
    let dir = fs.dag.recorded();
    assert_eq!(dir.cid.to_string(), DIR);
    fs.cp(&format!("/ipfs/{DIR}"), "/cpdir").await.unwrap();
    let exists = fs.cp("/m/wc", "/m/wc2").await.unwrap_err();
    assert!(
        matches!(exists, MfsError::CopyPut { source, .. } if matches!(*source, MfsError::AlreadyExists { .. }))
    );
    let force = CopyOptions {
        force: true,
        ..CopyOptions::default()
    };
    fs.mfs.cp("/m/w", &path("/m/wc2"), &force).await.unwrap();
    let parents = CopyOptions {
        parents: true,
        ..CopyOptions::default()
    };
    fs.mfs.cp("/m/wc", &path("/a/b/c"), &parents).await.unwrap();
    let missing = fs.cp("/m/wc", "/aa/b/c").await.unwrap_err();
    assert!(matches!(missing, MfsError::CopyPut { source, .. } if source.is_not_found()));
    let missing = fs.cp("/zz", "/yy").await.unwrap_err();
    assert!(matches!(missing, MfsError::CopySource { source, .. } if source.is_not_found()));
    fs.cp("/m/wc", "/n/").await.unwrap();
    let cbor = "/ipfs/bafyreiaqlx235yal4tskfz47whymhuvtohnduvbgx4oopzvjq2aoqhzzsi";
    assert!(matches!(
        fs.cp(cbor, "/cb").await,
        Err(MfsError::NotUnixFs { reason: None, .. })
    ));
    assert_eq!(
        fs.names("/").await,
        ["a", "added.txt", "cpdir", "m", "n", "v1"]
    );
    let x = "QmZEsBpd7HP3iJe6ETTE2LpD5SMG2vumuZBnZByKf5sGpU";
    assert_eq!(
        long(fs, "/m").await,
        [
            row("big", BIG, 1_048_593, EntryKind::File),
            row("w", W, 21, EntryKind::File),
            row("wc", WC, 4, EntryKind::File),
            row("wc2", W, 21, EntryKind::File),
            row("x", x, 0, EntryKind::Directory),
        ]
    );
    assert_eq!(long(fs, "/m/wc").await, [row("wc", WC, 4, EntryKind::File)]);
    assert_eq!(long(fs, "/cpdir").await.len(), 4);
}

async fn moved(fs: &Fs) {
    fs.mv("/m/wc2", "/m/wc3").await.unwrap();
    fs.mv("/n", "/m/n2").await.unwrap();
    assert!(fs.mv("/zz", "/yy").await.unwrap_err().is_not_found());
    fs.mv("/m/wc3", "/v1/").await.unwrap();
    assert_eq!(
        long(fs, "/v1").await,
        [
            row("f", F, 13, EntryKind::File),
            row("wc3", W, 21, EntryKind::File)
        ]
    );
    let root = "QmUpKwGgTQrAFK6YbdfNo1cjg5cztaVwMSdG34UCgA131c";
    assert_eq!(told(fs, "/").await, want(root, 0, 1_051_900, 5));
    assert_eq!(told(fs, "/cpdir").await, want(DIR, 0, 1404, 4));
    let local = fs
        .mfs
        .stat(&path("/cpdir"), true)
        .await
        .unwrap()
        .local
        .unwrap();
    assert_eq!((local.whole, local.bytes), (true, 1404));
    let outside = fs
        .mfs
        .stat_outside(&format!("/ipfs/{DIR}"), false)
        .await
        .unwrap();
    assert_eq!(outside.cumulative_size, 1404);
    let v1 = "bafybeiaaq6yta6v3inq4t7jfmhmg3legppofbwxhbg2l5m6sftgucwleni";
    assert_eq!(told(fs, "/v1").await, want(v1, 0, 343, 2));
}

async fn changed(fs: &Fs) {
    let v1 = maker(Version::V1, "sha2-256");
    fs.mfs.chcid(&path("/m/x"), Some(&v1), true).await.unwrap();
    let x = "bafybeifb6uxbubgvkskh26hyqtmeqgpyt7ztzaqguyzlveiy4k6hzooafu";
    assert_eq!(told(fs, "/m/x").await, want(x, 0, 51, 1));
    let blake = maker(Version::V1, "blake2b-256");
    fs.mfs
        .chcid(&path("/m/x"), Some(&blake), true)
        .await
        .unwrap();
    assert_eq!(told(fs, "/m/x").await, want(X_BLAKE, 0, 51, 1));
    assert!(matches!(
        fs.mfs.chcid(&path("/m/wc"), Some(&v1), true).await,
        Err(MfsError::OnlyDirectories { .. })
    ));
    let m = fs.mfs.flush(&path("/m")).await.unwrap();
    assert_eq!(
        m.to_string(),
        "QmbRCNZ7nALqbWybyQQjh8qdRRu87e6reat62hbTEvtcED"
    );
    let root = fs.mfs.flush(&path("/")).await.unwrap();
    assert_eq!(
        root.to_string(),
        "QmZMt67ErNj33bmkDQe8C9Q4FckaaijHKd8omd27oWJHSr"
    );
    assert!(fs.mfs.flush(&path("/zz")).await.unwrap_err().is_not_found());
    fs.mfs.chmod(&path("/m/wc"), 0o755).await.unwrap();
    let wc = "QmRSBwrmExpZ7TVVgWKzDckSgdZPcpg7zdepefQ1E12TvB";
    assert_eq!(told(fs, "/m/wc").await, want(wc, 4, 65, 1));
    assert_eq!(fs.stat("/m/wc").await.unwrap().mode, Some(0o755));
    let time = Mtime::from_seconds(1_700_000_000);
    fs.mfs.touch(&path("/m/wc"), Some(time)).await.unwrap();
    let wc = "QmTa4e74QoARg6cPXwwweFqEiLNUsXocojCY6KvkzMYGkB";
    assert_eq!(told(fs, "/m/wc").await, want(wc, 4, 73, 1));
    assert_eq!(fs.stat("/m/wc").await.unwrap().mtime, Some(time));
    let n2 = "QmUvLT5r4KRtxQQYcH749uGkpqCHEAU9PQXJi2xM4mJjQ2";
    assert_eq!(
        long(fs, "/m").await,
        [
            row("big", BIG, 1_048_593, EntryKind::File),
            row("n2", n2, 0, EntryKind::Directory),
            row("w", W, 21, EntryKind::File),
            row("wc", wc, 4, EntryKind::File),
            row("x", X_BLAKE, 0, EntryKind::Directory),
        ]
    );
}

async fn removed(fs: &Fs) {
    fs.rm("/m/wc").await.unwrap();
    assert!(fs.rm("/m/wc").await.unwrap_err().is_not_found());
    let force = RemoveOptions {
        force: true,
        recursive: false,
    };
    fs.mfs.rm(&path("/m/wc"), force).await.unwrap();
    assert!(matches!(
        fs.rm("/m").await,
        Err(MfsError::IsDirectory { .. })
    ));
    for gone in ["/m", "/a", "/v1", "/added.txt"] {
        fs.rm_all(gone).await.unwrap();
    }
    assert!(matches!(fs.rm_all("/").await, Err(MfsError::RootRemoved)));
    assert_eq!(
        long(fs, "/").await,
        [row("cpdir", DIR, 0, EntryKind::Directory)]
    );
    let root = "QmP4h3XoeBTibad7scbeWhXBYFH33UJNj8juw3iCk5kNzA";
    assert_eq!(told(fs, "/").await, want(root, 0, 1456, 1));
}
