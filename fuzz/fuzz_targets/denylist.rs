//! Deny lists: a list that has a rule says the same of a path however often it is asked.
#![no_main]

use cairn_primitives::denylist::Denylist;
use cairn_primitives::path::ContentPath;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok((list, problems)) = Denylist::parse(data) else {
        return;
    };
    assert!(problems.len() <= 21);
    assert!(list.len() <= data.len());
    for path in [
        "/ipfs/bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq/a/b",
        "/ipns/domain.example/x",
        "/ipns/k51qzi5uqu5dhmzyv3zac033i7rl9hkgczxyl81lwoukda2htteop7d3x0y1mf",
    ] {
        let path = ContentPath::new(path).expect("a path");
        assert_eq!(list.refuses_path(&path), list.refuses_path(&path));
        if let Some(cid) = path.cid() {
            let _ = list.refuses_cid(cid);
        }
    }
});
