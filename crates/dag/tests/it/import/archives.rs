//! Archives: roots, counts, refusals.

use cairn_dag::import::{CarFinished, CarImport};
use cairn_primitives::{Block, Cid, Codec, varint};
use cairn_store::{BlockCollector as _, BlockReader as _};

use super::*;

fn block(codec: Codec, data: &[u8]) -> Block {
    Block::new(
        Cid::v1(codec, Multihash::sha2_256(data)),
        Bytes::copy_from_slice(data),
    )
}

fn raw(data: &[u8]) -> Block {
    block(Codec::RAW, data)
}

fn framed(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    varint::encode(parts.iter().map(|part| part.len() as u64).sum(), &mut out);
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// The header of a CARv1 in DAG-CBOR, for fewer than 24 roots.
fn header(roots: &[Cid]) -> Vec<u8> {
    let mut out = b"\xa2\x65roots".to_vec();
    out.push(0x80 + u8::try_from(roots.len()).unwrap());
    for root in roots {
        out.extend_from_slice(b"\xd8\x2a\x58");
        out.push(u8::try_from(root.encoded_len() + 1).unwrap());
        out.push(0);
        root.write(&mut out);
    }
    out.extend_from_slice(b"\x67version\x01");
    out
}

fn archive(roots: &[&Block], blocks: &[Block]) -> Vec<u8> {
    let roots: Vec<Cid> = roots.iter().map(|block| block.cid.clone()).collect();
    let mut out = framed(&[&header(&roots)]);
    for block in blocks {
        out.extend(framed(&[&block.cid.to_bytes(), &block.data]));
    }
    out
}

/// A CARv2 around a CARv1, with bytes between and behind.
fn second_version(inner: &[u8], padding: usize, index: &[u8]) -> Vec<u8> {
    let mut out = b"\x0a\xa1\x67version\x02".to_vec();
    out.extend([0; 16]);
    let offset = 51 + padding as u64;
    let size = inner.len() as u64;
    let index_offset = if index.is_empty() { 0 } else { offset + size };
    for number in [offset, size, index_offset] {
        out.extend(number.to_le_bytes());
    }
    out.extend(vec![0; padding]);
    out.extend(inner);
    out.extend(index);
    out
}

async fn take(
    store: &Arc<MemoryStore>,
    archives: &[Vec<u8>],
    frame: usize,
    big: bool,
) -> Result<CarFinished, ImportError> {
    let mut import = CarImport::new(store.clone(), big);
    for archive in archives {
        let mut rest = Bytes::copy_from_slice(archive);
        while !rest.is_empty() {
            import.write(rest.split_to(rest.len().min(frame))).await?;
        }
        import.end_archive().await?;
    }
    import.finish().await
}

async fn refusal(archives: &[Vec<u8>]) -> String {
    let mut texts = Vec::new();
    for frame in [1, 7, 1 << 22] {
        let frame = if archives.iter().any(|archive| archive.len() > 1 << 20) {
            1 << 22
        } else {
            frame
        };
        let error = take(&Arc::new(MemoryStore::new()), archives, frame, false)
            .await
            .unwrap_err();
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        texts.push(text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    texts.remove(0)
}

const A: &str = "bafkreihlfvs6a7becu5imtif2622ovrqjdfkcz7lqujbapd5afxklvcxve";

fn abc() -> (Block, Block, Block) {
    (
        raw(b"car block A"),
        raw(b"car block B"),
        raw(b"car block C"),
    )
}

/// Archives, their roots, blocks, bytes.
type Case<'a> = (Vec<Vec<u8>>, Vec<&'a Block>, u64, u64);

#[tokio::test]
async fn takes_archives_of_both_versions() {
    let (a, b, c) = abc();
    let inner = archive(&[&a], &[a.clone(), c.clone()]);
    let cases: Vec<Case<'_>> = vec![
        (
            vec![archive(&[&a, &b], &[a.clone(), b.clone()])],
            vec![&a, &b],
            2,
            22,
        ),
        (
            vec![archive(&[&b], std::slice::from_ref(&a))],
            vec![&b],
            1,
            11,
        ),
        (vec![archive(&[], std::slice::from_ref(&a))], vec![], 1, 11),
        (vec![archive(&[&a], &[])], vec![&a], 0, 0),
        (
            vec![archive(&[&a, &a], &[a.clone(), a.clone()])],
            vec![&a],
            2,
            22,
        ),
        (
            vec![
                archive(&[&a], std::slice::from_ref(&a)),
                archive(&[&b], std::slice::from_ref(&b)),
            ],
            vec![&a, &b],
            2,
            22,
        ),
        (vec![second_version(&inner, 0, b"")], vec![&a], 2, 22),
        (
            vec![second_version(&inner, 7, b"indexindex")],
            vec![&a],
            2,
            22,
        ),
        (vec![inner], vec![&a], 2, 22),
    ];
    for (archives, roots, blocks, bytes) in cases {
        for frame in [1, 5, 1 << 20] {
            let store = Arc::new(MemoryStore::new());
            let done = take(&store, &archives, frame, false).await.unwrap();
            assert_eq!(
                done.roots.iter().collect::<Vec<_>>(),
                roots.iter().map(|root| &root.cid).collect::<Vec<_>>()
            );
            assert_eq!((done.blocks, done.bytes), (blocks, bytes));
            assert!(done.hold.is_some());
        }
    }
}

#[tokio::test]
async fn takes_the_codecs_and_names_that_kubo_takes() {
    let short = Multihash::wrap(0x12, &Multihash::sha2_256(b"cut").digest()[..20]).unwrap();
    let identity = Multihash::wrap(0, b"inside").unwrap();
    let blocks = [
        block(Codec::DAG_JSON, b"{}"),
        block(Codec::JSON, b"{}"),
        block(Codec::CBOR, b"\xa0"),
        block(Codec::DAG_CBOR, b"\xa0"),
        Block::new(Cid::v1(Codec::RAW, short), Bytes::from_static(b"cut")),
        Block::new(Cid::v1(Codec::RAW, identity), Bytes::from_static(b"inside")),
        Block::new(Cid::v0(Multihash::sha2_256(b"")).unwrap(), Bytes::new()),
    ];
    let store = Arc::new(MemoryStore::new());
    let done = take(&store, &[archive(&[], &blocks)], 10, false)
        .await
        .unwrap();
    assert_eq!(done.blocks, 7);
    // Two pairs share their bytes, and one block is its own CID.
    assert_eq!(store.stat().unwrap().blocks, 4);
}

#[tokio::test]
async fn refuses_what_kubo_refuses() {
    let (a, b, _) = abc();
    let good = archive(&[&a], std::slice::from_ref(&a));
    let after = format!("cannot import the archive after block \"{A}\": ");
    let then = |more: &[u8]| [&good[..], more].concat();
    let with = |block: Block| archive(&[&a], &[a.clone(), block]);
    let wrong = |block: &Block, data: &'static [u8]| {
        Block::new(block.cid.clone(), Bytes::from_static(data))
    };
    for (archives, text) in [
        (
            vec![with(wrong(&b, b"xxxx"))],
            format!(
                "{after}the content of block {} does not match its CID: it is that of bafkreibeqgtdzbngft4ituvrjhy2kluylkjuc5ibop7ad37vbtbhwwkbwu",
                b.cid
            ),
        ),
        (
            vec![archive(&[&a], &[wrong(&a, b"xxxx")])],
            format!(
                "cannot import the archive: the content of block {A} does not match its CID: it is that of bafkreibeqgtdzbngft4ituvrjhy2kluylkjuc5ibop7ad37vbtbhwwkbwu"
            ),
        ),
        (vec![with(b.clone())[..then(&[]).len() + 30].to_vec()], format!("{after}the archive ends too early")),
        (vec![good[..good.len() - 4].to_vec()], "cannot import the archive: the archive ends too early".to_owned()),
        (vec![then(b"\x80")], format!("{after}the archive ends too early")),
        (vec![then(b"\0")], format!("{after}a section does not begin with a CID: invalid CID: it is shorter than any CID")),
        (vec![then(&framed(&[b"\x01\x55\x12"]))], format!("{after}a section does not begin with a CID: invalid CID: a multihash has at least 2 bytes")),
        (
            vec![then(&framed(&[&[5; 40]]))],
            format!("{after}a section does not begin with a CID: invalid CID: unknown version 5"),
        ),
        (
            vec![with(Block::new(Cid::v1(Codec::RAW, Multihash::wrap(0x1234, b"abcd").unwrap()), b.data.clone()))],
            format!("{after}a block of the archive cannot be verified: unknown hash function 0x1234"),
        ),
        (
            vec![with(Block::new(Cid::v1(Codec::RAW, Multihash::wrap(0xd5, &[0; 16]).unwrap()), b.data.clone()))],
            "the hash function is not secure enough to be used".to_owned(),
        ),
        (
            vec![with(Block::new(
                Cid::v1(Codec::RAW, Multihash::wrap(0x12, &b.cid.hash().digest()[..10]).unwrap()),
                b.data.clone(),
            ))],
            "the sha2-256 digest of 10 bytes is too short: at least 20 bytes".to_owned(),
        ),
        (
            vec![with(block(Codec(0x90), &b.data))],
            "cannot import the archive at block \"bagiaceraucxqxfci6tsxnsfzv4aax6hj3464fgiap47nr7u4g6asrm3cxi3a\": no decoder for the codec 0x90".to_owned(),
        ),
        (
            vec![good.clone(), archive(&[&b], std::slice::from_ref(&b))[..100].to_vec()],
            "cannot import the archive: the archive ends too early".to_owned(),
        ),
        (vec![good[..20].to_vec()], "cannot read the header of the archive: the archive ends too early".to_owned()),
        (vec![b"\xff\xff\xff\xff\x0f".to_vec()], "cannot read the header of the archive: the header is too large".to_owned()),
        (
            vec![[&archive(&[&a], &[])[..], b"\xff\xff\xff\xff\x0f"].concat()],
            "cannot import the archive: a section is too large".to_owned(),
        ),
        (vec![second_version(&with(b.clone()), 0, b"")[..30].to_vec()], "cannot read the header of the archive: the archive ends too early".to_owned()),
    ] {
        assert_eq!(refusal(&archives).await, text);
    }
}

#[tokio::test]
async fn a_block_that_cannot_be_decoded_is_kept() {
    let (a, ..) = abc();
    for codec in [Codec::DAG_PB, Codec::DAG_CBOR] {
        let odd = block(codec, b"car block B");
        let store = Arc::new(MemoryStore::default());
        let mut import = CarImport::new(store.clone(), false);
        let archive = archive(&[&a], &[a.clone(), odd.clone()]);
        import.write(archive.into()).await.unwrap();
        let finished = import.finish().await.unwrap();
        assert_eq!(finished.blocks, 2);
        // What is reachable from it is not known, so no root may be taken for whole without a walk.
        assert!(!finished.is_whole(&a.cid) && !finished.is_whole(&odd.cid));
        assert_eq!(
            store.get_blocking(odd.cid.hash()).unwrap(),
            Some(odd.data.clone())
        );
    }
}

#[tokio::test]
async fn bounds_blocks() {
    let (a, ..) = abc();
    let big = raw(&vec![b'z'; (2 << 20) + 1]);
    let with = |block: &Block| vec![archive(&[&a], &[a.clone(), block.clone()])];
    assert_eq!(
        refusal(&with(&big)).await,
        format!(
            "cannot import the archive at block \"{}\": the block has more than 2097152 bytes, which is too large to exchange with peers",
            big.cid
        )
    );
    let wrong = Block::new(a.cid.clone(), big.data.clone());
    let text = refusal(&with(&wrong)).await;
    assert!(
        text.starts_with(&format!(
            "cannot import the archive after block \"{A}\": the content of block {A} does not match its CID"
        )),
        "{text}"
    );
    let done = take(&Arc::new(MemoryStore::new()), &with(&big), 1 << 16, true)
        .await
        .unwrap();
    assert_eq!(done.blocks, 2);
}

#[tokio::test]
async fn keeps_the_order_of_many_jobs() {
    let mut blocks: Vec<Block> = (0..600)
        .map(|seed| raw(&noise(&seed.to_string(), 30_000)))
        .collect();
    let store = Arc::new(MemoryStore::new());
    let done = take(&store, &[archive(&[&blocks[0]], &blocks)], 100_000, false)
        .await
        .unwrap();
    assert_eq!((done.blocks, done.bytes), (600, 18_000_000));
    assert_eq!(store.stat().unwrap().blocks, 600);
    // Of two faults the first one counts, and the block before it is named.
    blocks[400] = Block::new(blocks[400].cid.clone(), Bytes::from_static(b"x"));
    blocks[500] = Block::new(blocks[500].cid.clone(), Bytes::from_static(b"y"));
    let error = take(&store, &[archive(&[], &blocks)], 100_000, false)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with(&format!(
            "cannot import the archive after block \"{}\"",
            blocks[399].cid
        )),
        "{error}"
    );
}
