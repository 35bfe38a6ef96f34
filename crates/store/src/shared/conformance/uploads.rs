//! What every [`UploadRows`](super::super::UploadRows) must do.

use std::collections::HashSet;
use std::sync::Arc;

use cairn_primitives::{Cid, Codec, Multihash};

use super::super::{
    AccountId, NewUpload, NewUploadPart, SharedError, SharedRows, Upload, UploadPart, UploadStatus,
};
use super::{MakeRows, account};

/// Runs every case, each on rows of its own that `make` answers empty.
pub async fn run(make: &MakeRows<'_>) {
    stores_and_replaces(&*make().await).await;
    keeps_accounts_apart(&*make().await).await;
    completes_parts(&*make().await).await;
    moves_between_peers(&*make().await).await;
    refuses(&*make().await).await;
    pages_while_uploads_arrive(make).await;
}

/// A CID made of a name.
fn cid(name: &str) -> Cid {
    Cid::v1(Codec::DAG_PB, Multihash::sha2_256(name.as_bytes()))
}

fn whole(account: AccountId, name: &str) -> NewUpload {
    NewUpload {
        account,
        cid: cid(name),
        peer: "here".to_owned(),
        status: UploadStatus::Pinned,
        kind: "image/png".to_owned(),
        scope: "token".to_owned(),
        name: Some(name.to_owned()),
        files: "[]".to_owned(),
        size: 7,
        charged: 10,
        part: None,
    }
}

fn part(account: AccountId, name: &str, number: u64) -> NewUpload {
    NewUpload {
        status: UploadStatus::Partial,
        charged: 100 + number,
        part: Some(NewUploadPart {
            part: UploadPart {
                cid: cid(&format!("car {number}")),
                bytes: 100 + number,
            },
            list: Some(cid(&format!("list {number}"))),
        }),
        ..whole(account, name)
    }
}

async fn put(rows: &dyn SharedRows, new: NewUpload) -> Upload {
    rows.put_upload(new).await.expect("storing an upload")
}

async fn wants(rows: &dyn SharedRows, peer: &str, cid: &Cid) -> bool {
    let wanted = rows.wants_upload(peer, cid).await;
    wanted.expect("asking for an upload")
}

async fn used(rows: &dyn SharedRows, id: AccountId) -> (u64, u64) {
    let account = rows.account(id).await.expect("reading an account");
    let usage = account.expect("an account").usage;
    (usage.pins, usage.bytes)
}

/// The roots and lists whose release was requested, and forgets them.
async fn released(rows: &dyn SharedRows, peer: &str) -> HashSet<Cid> {
    let mut found = HashSet::new();
    for release in rows.releases(peer, 100).await.expect("reading releases") {
        rows.finish_release(release.id).await.expect("releasing");
        found.insert(release.cid);
    }
    found
}

async fn stores_and_replaces(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await.id;
    let first = put(rows, whole(owner, "a")).await;
    assert_eq!((first.name.as_deref(), first.size), (Some("a"), 7));
    assert_eq!((first.cid.clone(), first.parts.len()), (cid("a"), 0));
    let found = rows.upload(owner, &cid("a")).await.expect("reading");
    assert_eq!(found.as_ref(), Some(&first));
    assert_eq!(rows.upload(owner, &cid("b")).await.expect("reading"), None);
    assert_eq!(used(rows, owner).await, (1, 10));
    // The other version of the CID is the same upload, which keeps its own.
    let again = NewUpload {
        cid: cid("a").to_v0().expect("a CID with version 0"),
        kind: "directory".to_owned(),
        name: None,
        files: r#"[{"name":"x","type":""}]"#.to_owned(),
        size: 9,
        charged: 4,
        ..whole(owner, "a")
    };
    let second = put(rows, again.clone()).await;
    assert_eq!((&second.cid, second.created), (&first.cid, first.created));
    assert_eq!(
        (second.kind.as_str(), second.name.as_deref()),
        ("directory", None)
    );
    assert_eq!(
        (second.files.as_str(), second.size),
        (again.files.as_str(), 9)
    );
    assert!(second.updated >= first.updated);
    assert_eq!(used(rows, owner).await, (1, 4));
    let found = rows.upload(owner, &again.cid).await.expect("reading");
    assert_eq!(found, Some(second));

    let renamed = rows.rename_upload(owner, &cid("a"), Some("ü 'x'")).await;
    let renamed = renamed.expect("renaming").expect("an upload");
    assert_eq!(renamed.name.as_deref(), Some("ü 'x'"));
    let missing = rows.rename_upload(owner, &cid("b"), Some("b")).await;
    assert_eq!(missing.expect("renaming"), None);

    assert!(wants(rows, "here", &again.cid).await);
    assert!(!wants(rows, "there", &cid("a")).await);
    assert!(released(rows, "here").await.is_empty());
    assert!(
        rows.remove_upload(owner, &again.cid)
            .await
            .expect("removing")
    );
    assert!(
        !rows
            .remove_upload(owner, &cid("a"))
            .await
            .expect("removing")
    );
    assert_eq!(released(rows, "here").await, HashSet::from([cid("a")]));
    assert!(!wants(rows, "here", &cid("a")).await);
    assert_eq!(used(rows, owner).await, (0, 0));
    // What is uploaded after that is new.
    assert!(put(rows, whole(owner, "a")).await.created > first.created);
}

async fn keeps_accounts_apart(rows: &dyn SharedRows) {
    let one = account(rows, "one").await.id;
    let two = account(rows, "two").await.id;
    let first = put(rows, whole(one, "a")).await;
    put(
        rows,
        NewUpload {
            size: 8,
            ..whole(two, "a")
        },
    )
    .await;
    put(rows, whole(two, "b")).await;
    let page = rows.uploads(one, None, 10).await.expect("listing");
    assert_eq!((page.total, page.uploads), (1, vec![first.clone()]));
    assert_eq!(rows.upload(one, &cid("b")).await.expect("reading"), None);
    assert!(!rows.remove_upload(one, &cid("b")).await.expect("removing"));
    let check = rows.check_upload(&cid("a")).await.expect("checking");
    let check = check.expect("an upload");
    assert_eq!((check.created, check.size), (first.created, 7));
    assert_eq!(rows.check_upload(&cid("c")).await.expect("checking"), None);
    // One lets go, the other does not.
    assert!(rows.remove_upload(one, &cid("a")).await.expect("removing"));
    assert!(wants(rows, "here", &cid("a")).await);
    // Removing an account releases its content.
    released(rows, "here").await;
    put(rows, part(two, "c", 1)).await;
    assert!(rows.remove_account(two).await.expect("removing"));
    let expected = HashSet::from([cid("a"), cid("b"), cid("list 1")]);
    assert_eq!(released(rows, "here").await, expected);
    assert!(!wants(rows, "here", &cid("a")).await);
    assert_eq!(rows.check_upload(&cid("a")).await.expect("checking"), None);
}

async fn completes_parts(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await.id;
    let first = put(rows, part(owner, "a", 1)).await;
    assert_eq!(
        (first.status, first.parts.len()),
        (UploadStatus::Partial, 1)
    );
    // A part that is there is not counted again.
    put(rows, part(owner, "a", 1)).await;
    let second = put(rows, part(owner, "a", 2)).await;
    let bytes: Vec<u64> = second.parts.iter().map(|part| part.bytes).collect();
    assert_eq!((bytes, second.charged), (vec![101, 102], 203));
    assert_eq!(used(rows, owner).await, (1, 203));
    assert!(wants(rows, "here", &cid("list 1")).await);
    assert!(!wants(rows, "here", &cid("a")).await);
    let waiting = rows.partial_uploads("here", 0, 10).await.expect("listing");
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting.first().map(|waiting| &waiting.cid), Some(&cid("a")));
    let last = waiting.first().map_or(0, |waiting| waiting.id);
    let after = rows
        .partial_uploads("here", last, 10)
        .await
        .expect("listing");
    assert!(after.is_empty());
    let elsewhere = rows.partial_uploads("there", 0, 10).await.expect("listing");
    assert!(elsewhere.is_empty());
    assert!(released(rows, "here").await.is_empty());
    // The last part completes it: the lists go.
    let complete = NewUpload {
        status: UploadStatus::Pinned,
        charged: 150,
        ..part(owner, "a", 3)
    };
    let done = put(rows, complete).await;
    assert_eq!((done.status, done.parts.len()), (UploadStatus::Pinned, 3));
    assert_eq!(used(rows, owner).await, (1, 150));
    let lists = HashSet::from([cid("list 1"), cid("list 2"), cid("list 3")]);
    assert_eq!(released(rows, "here").await, lists);
    assert!(wants(rows, "here", &cid("a")).await);
    assert!(!wants(rows, "here", &cid("list 1")).await);
    // A part of what is complete changes nothing.
    let late = put(rows, part(owner, "a", 4)).await;
    assert_eq!((late.status, late.charged), (UploadStatus::Pinned, 150));
    assert_eq!(released(rows, "here").await, HashSet::from([cid("list 4")]));

    // Parts of two accounts, completed by the peer.
    let other = account(rows, "other").await.id;
    put(rows, part(owner, "b", 5)).await;
    put(rows, part(other, "b", 6)).await;
    let completed = rows.complete_uploads("there", &cid("b"), 500).await;
    assert_eq!(completed.expect("completing"), 0);
    let completed = rows.complete_uploads("here", &cid("b"), 500).await;
    assert_eq!(completed.expect("completing"), 2);
    assert_eq!(used(rows, owner).await, (2, 650));
    assert_eq!(used(rows, other).await, (1, 500));
    let lists = HashSet::from([cid("list 5"), cid("list 6")]);
    assert_eq!(released(rows, "here").await, lists);
    // Removing an incomplete one releases its lists.
    put(rows, part(owner, "c", 7)).await;
    assert!(
        rows.remove_upload(owner, &cid("c"))
            .await
            .expect("removing")
    );
    assert_eq!(released(rows, "here").await, HashSet::from([cid("list 7")]));
}

async fn moves_between_peers(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await.id;
    let there = |new: NewUpload| NewUpload {
        peer: "there".to_owned(),
        ..new
    };
    // The newest whole upload is what counts.
    put(rows, whole(owner, "a")).await;
    assert_eq!(put(rows, there(whole(owner, "a"))).await.peer, "there");
    assert_eq!(released(rows, "here").await, HashSet::from([cid("a")]));
    // A part elsewhere is not needed.
    let kept = put(rows, part(owner, "a", 1)).await;
    assert_eq!(
        (kept.peer.as_str(), kept.status),
        ("there", UploadStatus::Pinned)
    );
    assert_eq!(released(rows, "here").await, HashSet::from([cid("list 1")]));
    // The same part at two peers is pinned where it came last.
    put(rows, part(owner, "b", 2)).await;
    let moved = put(rows, there(part(owner, "b", 2))).await;
    assert_eq!((moved.peer.as_str(), moved.parts.len()), ("there", 1));
    assert_eq!(released(rows, "here").await, HashSet::from([cid("list 2")]));
    assert!(wants(rows, "there", &cid("list 2")).await);
    assert!(released(rows, "there").await.is_empty());
}

async fn refuses(rows: &dyn SharedRows) {
    use super::super::Quota;
    let owner = account(rows, "owner").await.id;
    let missing = rows.put_upload(whole(AccountId(owner.0 + 1), "a")).await;
    assert!(matches!(
        missing,
        Err(SharedError::Missing { what: "account" })
    ));
    let long = NewUpload {
        name: Some("n".repeat(5_000)),
        ..whole(owner, "a")
    };
    assert!(matches!(
        rows.put_upload(long).await,
        Err(SharedError::BadName { .. })
    ));
    let huge = NewUpload {
        size: u64::MAX,
        ..whole(owner, "a")
    };
    assert!(matches!(
        rows.put_upload(huge).await,
        Err(SharedError::Range { .. })
    ));
    let quota = Quota {
        pins: Some(2),
        bytes: Some(30),
    };
    assert!(rows.set_quota(owner, quota).await.expect("setting"));
    put(rows, whole(owner, "a")).await;
    let large = NewUpload {
        charged: 21,
        ..whole(owner, "b")
    };
    assert!(matches!(
        rows.put_upload(large).await,
        Err(SharedError::Quota { what: "bytes" })
    ));
    assert_eq!(rows.upload(owner, &cid("b")).await.expect("reading"), None);
    put(rows, whole(owner, "b")).await;
    assert!(matches!(
        rows.put_upload(whole(owner, "c")).await,
        Err(SharedError::Quota { what: "pins" })
    ));
    // The same again needs nothing more.
    put(rows, whole(owner, "b")).await;
    let grown = NewUpload {
        charged: 21,
        ..whole(owner, "b")
    };
    assert!(matches!(
        rows.put_upload(grown).await,
        Err(SharedError::Quota { .. })
    ));
    assert_eq!(used(rows, owner).await, (2, 20));
}

async fn pages_while_uploads_arrive(make: &MakeRows<'_>) {
    const FIRST: usize = 40;
    let rows = make().await;
    let owner = account(&*rows, "owner").await.id;
    let upload = |number: usize| {
        let rows = Arc::clone(&rows);
        tokio::spawn(async move { put(&*rows, whole(owner, &format!("{number}"))).await })
    };
    let mut created = HashSet::new();
    let first: Vec<_> = (0..FIRST).map(upload).collect();
    for task in first {
        created.insert(task.await.expect("a writing task").created);
    }
    // Creation times differ, even of uploads that arrive at once.
    assert_eq!(created.len(), FIRST);
    let mut before = None;
    let mut seen = Vec::new();
    let mut late = FIRST;
    loop {
        let page = rows.uploads(owner, before, 7).await.expect("listing");
        let left = page.uploads.len() as u64;
        assert!(page.total >= left && page.uploads.len() <= 7);
        let Some(last) = page.uploads.last() else {
            break;
        };
        before = Some(last.created);
        seen.extend(page.uploads.into_iter().map(|upload| upload.created));
        upload(late).await.expect("a writing task");
        late += 1;
    }
    assert!(seen.is_sorted_by(|one, other| one > other));
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), created);
    let all = rows
        .uploads(owner, None, usize::MAX)
        .await
        .expect("listing");
    assert_eq!((all.total, all.uploads.len()), (late as u64, late));
    let none = rows.uploads(owner, None, 0).await.expect("listing");
    assert_eq!((none.total, none.uploads.len()), (late as u64, 0));
}
