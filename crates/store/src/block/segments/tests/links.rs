//! Links that the index keeps.

use bytes::Bytes;
use cairn_primitives::codec::dag_jose;
use cairn_primitives::multibase::Base;
use cairn_primitives::{Cid, Codec, Ipld, Multihash};

use super::super::index::LINKS;
use super::*;

#[test]
fn an_empty_row_of_a_codec_that_could_not_be_read_does_not_count() {
    let disk = SimDisk::new(21);
    let (engine, _) = open(&disk);
    let leaf = raw(b"signed");
    let payload = leaf.cid.encode(Base::Base64Url);
    let signed = Ipld::Map(vec![
        ("payload".into(), payload[1..].into()),
        ("signature".into(), "AA".into()),
    ]);
    let data = Bytes::from(dag_jose::encode(&signed).unwrap());
    let root = Block::new(Cid::v1(Codec::DAG_JOSE, Multihash::sha2_256(&data)), data);
    put(&engine, &[root.clone(), leaf.clone(), raw(b"dead")]).unwrap();
    engine.checkpoint().unwrap();
    let id = engine.find(root.cid.hash()).unwrap().unwrap().entry.id;
    engine
        .index
        .write("test", |transaction| {
            let row: &[u8] = &[];
            let mut links = transaction.open_table(LINKS)?;
            links.insert((id, Codec::DAG_JOSE.0), row)?;
            Ok(())
        })
        .unwrap();
    for removed in [1, 0] {
        let roots = vec![Root {
            cid: root.cid.clone(),
            recursive: true,
        }];
        let done = engine.collect_by(&mut || Ok(roots.clone()), &mut |_| (), &|| false);
        assert_eq!(done.unwrap().blocks, removed);
        assert_eq!(present(&engine, &[root.clone(), leaf.clone()]), 2);
    }
}
