//! What was answered is there after `kill -9`.

use cairn_testkit::fixture;
use cairn_testkit::rpc::Rpc;

use crate::support::repository;

#[test]
fn an_answered_add_survives_kill_9() {
    let repository = repository();
    let (small, large) = (
        fixture::stream("small", 100),
        fixture::stream("large", 3_000_000),
    );

    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    let small_cid = rpc.add(&small, "").unwrap();
    let large_cid = rpc.add(&large, "cid-version=1").unwrap();
    daemon.kill().unwrap();

    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    assert_eq!(rpc.cat(&small_cid).unwrap(), small);
    assert!(rpc.cat(&large_cid).unwrap() == large);
    let pins = rpc.recursive_pins().unwrap();
    assert!(
        pins.contains(&small_cid) && pins.contains(&large_cid),
        "{pins:?}"
    );
    rpc.verify().unwrap();
}

#[test]
fn an_answered_block_and_its_pin_survive_kill_9() {
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    let pinned = rpc.block_put(b"a pinned block", "pin=true").unwrap();
    let free = rpc.block_put(b"a block without a pin", "").unwrap();
    daemon.kill().unwrap();

    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    assert_eq!(rpc.block_get(&pinned).unwrap(), b"a pinned block");
    assert_eq!(rpc.block_get(&free).unwrap(), b"a block without a pin");
    let pins = rpc.recursive_pins().unwrap();
    assert!(pins.contains(&pinned) && !pins.contains(&free), "{pins:?}");
}

#[test]
fn an_answered_unpin_and_a_collection_stay_after_kill_9() {
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    let kept = rpc.add(b"kept", "").unwrap();
    let unpinned = rpc.add(b"unpinned", "").unwrap();
    let collected = rpc.add(b"collected", "pin=false").unwrap();
    rpc.collect().unwrap();
    rpc.call(&format!("pin/rm?arg={unpinned}"), None).unwrap();
    daemon.kill().unwrap();

    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    let pins = rpc.recursive_pins().unwrap();
    assert!(
        pins.contains(&kept) && !pins.contains(&unpinned),
        "{pins:?}"
    );
    assert_eq!(
        rpc.cat(&unpinned).unwrap(),
        b"unpinned",
        "an unpin alone deletes nothing"
    );
    assert!(
        rpc.cat(&collected).is_err(),
        "what was collected does not come back"
    );
    rpc.collect().unwrap();
    assert!(
        rpc.cat(&unpinned).is_err(),
        "a collection after the unpin deletes"
    );
    assert_eq!(rpc.cat(&kept).unwrap(), b"kept");
}
