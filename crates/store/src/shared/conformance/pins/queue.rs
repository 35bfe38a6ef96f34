//! The queue: turns, leases, fencing, quotas and what is released.

use super::super::super::{BackOff, RenewedPin};
use super::*;

/// Runs every case.
pub(super) async fn run(make: &MakeRows<'_>) {
    accounts_take_turns(&*make().await).await;
    only_the_holder_writes(&*make().await).await;
    waits_and_gives_up(&*make().await).await;
    first_attempts_come_first(&*make().await).await;
    a_lease_runs_out(&*make().await).await;
    a_restart_ends_leases(&*make().await).await;
    is_released_with_its_last_use(&*make().await).await;
    replacing_keeps_the_old_content(&*make().await).await;
    lost_content_is_queued_again(&*make().await).await;
    leases_once(make).await;
}

async fn accounts_take_turns(rows: &dyn SharedRows) {
    let many = account(rows, "many").await;
    let few = account(rows, "few").await;
    for number in 0..20 {
        insert(rows, new(&many, &number.to_string())).await;
    }
    let first = lease(rows, "peer", 4).await;
    assert!(first.iter().all(|leased| leased.lease.account == many.id));
    // In the order in which they were made.
    assert!(first.is_sorted_by_key(|leased| leased.lease.created));
    for number in 0..3 {
        insert(rows, new(&few, &number.to_string())).await;
    }
    let next = lease(rows, "peer", 6).await;
    let of_few = next.iter().filter(|leased| leased.lease.account == few.id);
    assert_eq!(of_few.count(), 3);
    assert_eq!(lease(rows, "peer", 100).await.len(), 13);
    assert_eq!(lease(rows, "peer", 100).await, []);
}

async fn only_the_holder_writes(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await;
    let made = insert(rows, new(&owner, "one")).await;
    let [leased] = lease(rows, "peer", 10)
        .await
        .try_into()
        .expect("one request");
    assert_eq!((leased.cid, leased.attempts), (made.cid.clone(), 1));
    let stale = PinLease {
        epoch: leased.lease.epoch - 1,
        ..leased.lease
    };
    let progress = |lease| RenewedPin {
        lease,
        blocks: 5,
        bytes: 50,
    };
    let lost = rows.renew_pins(vec![progress(stale)], LONG).await;
    assert_eq!(lost.expect("renewing"), [stale]);
    assert_eq!(rows.start_pin(stale).await.expect("starting"), Fenced::Lost);
    assert_eq!(finish(rows, stale, pinned(1)).await, Fenced::Lost);
    assert_eq!(
        find(rows, &owner, made.id).await.map(|pin| pin.state),
        Some(PinState::Queued)
    );
    let lost = rows.renew_pins(vec![progress(leased.lease)], LONG).await;
    assert_eq!(lost.expect("renewing"), []);
    assert_eq!(
        rows.start_pin(leased.lease).await.expect("starting"),
        Fenced::Done
    );
    let found = find(rows, &owner, made.id).await.expect("a request");
    assert_eq!(found.state, PinState::Pinning);
    let queue = found.queue.expect("a place in the queue");
    assert_eq!(
        (queue.blocks, queue.bytes, queue.attempts, queue.next),
        (5, 50, 1, None)
    );
    let end = PinEnd::Pinned {
        dag_size: 70,
        raw_size: None,
        details: Some("odd".to_owned()),
    };
    assert_eq!(finish(rows, leased.lease, end.clone()).await, Fenced::Done);
    assert_eq!(finish(rows, leased.lease, end).await, Fenced::Lost);
    let found = find(rows, &owner, made.id).await.expect("a request");
    assert_eq!(
        (
            found.state,
            found.dag_size,
            found.raw_size,
            found.details.as_deref(),
            found.queue
        ),
        (PinState::Pinned, Some(70), None, Some("odd"), None)
    );
    // What is removed is lost to its worker, which may have pinned it.
    let made = insert(rows, new(&owner, "two")).await;
    let [leased] = lease(rows, "peer", 10)
        .await
        .try_into()
        .expect("one request");
    assert!(rows.wants_pin("peer", &made.cid).await.expect("reading"));
    assert!(rows.delete_pin(owner.id, made.id).await.expect("removing"));
    assert!(!rows.wants_pin("peer", &made.cid).await.expect("reading"));
    assert_eq!(finish(rows, leased.lease, pinned(1)).await, Fenced::Lost);
    assert_eq!(released(rows, "peer").await, [made.cid]);
}

fn wait(delay: Duration, give_up: Duration) -> BackOff {
    BackOff {
        delay,
        give_up,
        waits: "for a peer".to_owned(),
        failure: "nobody has it".to_owned(),
    }
}

async fn waits_and_gives_up(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await;
    let made = insert(rows, new(&owner, "one")).await;
    let [leased] = lease(rows, "peer", 10)
        .await
        .try_into()
        .expect("one request");
    assert_eq!(
        rows.start_pin(leased.lease).await.expect("starting"),
        Fenced::Done
    );
    let done = rows.back_off_pin(leased.lease, wait(LONG, 2 * LONG)).await;
    assert_eq!(done.expect("waiting"), Fenced::Done);
    let found = find(rows, &owner, made.id).await.expect("a request");
    let queue = found.queue.expect("a place in the queue");
    assert_eq!(found.state, PinState::Queued);
    assert_eq!(queue.details.as_deref(), Some("for a peer"));
    assert!(queue.next.is_some_and(|next| next > made.created()));
    assert_eq!(lease(rows, "peer", 10).await, []);
    let again = rows.back_off_pin(leased.lease, wait(LONG, LONG)).await;
    assert_eq!(again.expect("waiting"), Fenced::Lost);
    // One whose wait is over has a turn again; in the end it is given up.
    let made = insert(rows, new(&owner, "two")).await;
    let [leased] = lease(rows, "peer", 10)
        .await
        .try_into()
        .expect("one request");
    let done = rows
        .back_off_pin(leased.lease, wait(Duration::ZERO, LONG))
        .await;
    assert_eq!(done.expect("waiting"), Fenced::Done);
    let [leased] = lease(rows, "peer", 10)
        .await
        .try_into()
        .expect("one request");
    assert_eq!((leased.lease.created, leased.attempts), (made.created(), 2));
    let done = rows
        .back_off_pin(leased.lease, wait(LONG, Duration::ZERO))
        .await;
    assert_eq!(done.expect("waiting"), Fenced::GivenUp);
    let found = find(rows, &owner, made.id).await.expect("a request");
    assert_eq!(found.state, PinState::Failed);
    assert_eq!(found.details.as_deref(), Some("nobody has it"));
    assert_eq!(number(rows, owner.id, &[PinState::Failed]).await, 1);
}

async fn first_attempts_come_first(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await;
    for number in 0..4 {
        insert(rows, new(&owner, &number.to_string())).await;
    }
    let first = lease(rows, "peer", 2).await;
    let renewed = first.iter().take(1).map(|leased| RenewedPin {
        lease: leased.lease,
        blocks: 1,
        bytes: 1,
    });
    rows.renew_pins(renewed.collect(), LONG)
        .await
        .expect("renewing");
    for leased in &first {
        let done = rows
            .back_off_pin(leased.lease, wait(Duration::ZERO, LONG))
            .await;
        assert_eq!(done.expect("waiting"), Fenced::Done);
    }
    let other = account(rows, "other").await;
    insert(rows, new(&other, "one")).await;
    let next = lease(rows, "peer", 10).await;
    let attempts: Vec<_> = next.iter().map(|leased| leased.attempts).collect();
    assert_eq!(
        attempts.iter().filter(|attempts| **attempts == 2).count(),
        2
    );
    // One that nobody has comes last; one of which a block has arrived is continued.
    assert_eq!(attempts.last(), Some(&2));
    let place = |leased: &LeasedPin| {
        next.iter()
            .position(|other| other.lease.created == leased.lease.created)
    };
    assert!(place(&first[0]) < place(&first[1]), "{next:?}");
    assert!(place(&first[0]) < Some(4), "{next:?}");
}

async fn a_lease_runs_out(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await;
    let made = insert(rows, new(&owner, "one")).await;
    let lost = rows.lease_pins("gone", 10, Duration::ZERO).await;
    let [lost] = lost.expect("leasing").try_into().expect("one request");
    assert_eq!(
        rows.start_pin(lost.lease).await.expect("starting"),
        Fenced::Done
    );
    let [leased] = lease(rows, "peer", 10)
        .await
        .try_into()
        .expect("one request");
    assert_eq!(leased.lease.created, made.created());
    assert_eq!(number(rows, owner.id, &[PinState::Pinning]).await, 0);
    assert_eq!(number(rows, owner.id, &[PinState::Queued]).await, 1);
    assert_eq!(finish(rows, lost.lease, pinned(1)).await, Fenced::Lost);
    assert_eq!(finish(rows, leased.lease, pinned(1)).await, Fenced::Done);
    // The other one may have pinned it.
    assert_eq!(
        released(rows, "gone").await,
        std::slice::from_ref(&made.cid)
    );
    assert!(!rows.wants_pin("gone", &made.cid).await.expect("reading"));
    assert!(rows.wants_pin("peer", &made.cid).await.expect("reading"));
}

async fn a_restart_ends_leases(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await;
    insert(rows, new(&owner, "one")).await;
    let [old] = lease(rows, "peer", 10)
        .await
        .try_into()
        .expect("one request");
    assert_eq!(rows.abandon_pins("other").await.expect("beginning"), 0);
    assert_eq!(lease(rows, "peer", 10).await, []);
    assert_eq!(rows.abandon_pins("peer").await.expect("beginning"), 1);
    assert_eq!(finish(rows, old.lease, pinned(1)).await, Fenced::Lost);
    let [anew] = lease(rows, "peer", 10)
        .await
        .try_into()
        .expect("one request");
    assert_eq!(anew.lease.created, old.lease.created);
    assert_eq!(released(rows, "peer").await, []);
}

async fn is_released_with_its_last_use(rows: &dyn SharedRows) {
    let one = account(rows, "one").await;
    let two = account(rows, "two").await;
    let first = make_pinned(rows, new(&one, "shared"), "peer").await;
    let second = make_pinned(rows, new(&two, "shared"), "peer").await;
    assert!(rows.delete_pin(one.id, first.id).await.expect("removing"));
    assert_eq!(
        released(rows, "peer").await,
        std::slice::from_ref(&first.cid)
    );
    // Somebody else has it still: whoever releases has to ask.
    assert!(rows.wants_pin("peer", &first.cid).await.expect("reading"));
    assert!(!rows.wants_pin("other", &first.cid).await.expect("reading"));
    assert!(rows.delete_pin(two.id, second.id).await.expect("removing"));
    assert_eq!(
        released(rows, "peer").await,
        std::slice::from_ref(&first.cid)
    );
    assert!(!rows.wants_pin("peer", &first.cid).await.expect("reading"));
    // One that failed is released too.
    insert(rows, new(&one, "dead")).await;
    let [leased] = lease(rows, "peer", 10)
        .await
        .try_into()
        .expect("one request");
    let details = "nobody has it".to_owned();
    assert_eq!(
        finish(rows, leased.lease, PinEnd::Failed { details }).await,
        Fenced::Done
    );
    assert_eq!(released(rows, "peer").await, [cid("dead")]);
    assert!(!rows.wants_pin("peer", &cid("dead")).await.expect("reading"));
}

async fn replacing_keeps_the_old_content(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await;
    let old = make_pinned(rows, new(&owner, "old"), "peer").await;
    let replace = async |id, text: &str| {
        let made = rows.replace_pin(id, new(&owner, text)).await;
        made.expect("replacing").expect("a request").into_pin()
    };
    let next = replace(old.id, "next").await;
    assert_ne!(next.id, old.id);
    assert_eq!(find(rows, &owner, old.id).await, None);
    assert_eq!(number(rows, owner.id, &[]).await, 1);
    let gone = rows.replace_pin(old.id, new(&owner, "x")).await;
    assert_eq!(gone.expect("replacing"), None);
    let wanted = async |text: &str| rows.wants_pin("peer", &cid(text)).await.expect("reading");
    assert!(wanted("old").await);
    // Replaced again before it was pinned: the old content stays.
    let last = replace(next.id, "last").await;
    assert!(wanted("old").await && !wanted("next").await);
    assert_eq!(released(rows, "peer").await, []);
    let [leased] = lease(rows, "peer", 10)
        .await
        .try_into()
        .expect("one request");
    assert_eq!(leased.lease.created, last.created());
    assert!(wanted("old").await && wanted("last").await);
    assert_eq!(finish(rows, leased.lease, pinned(1)).await, Fenced::Done);
    assert!(!wanted("old").await && wanted("last").await);
    assert_eq!(released(rows, "peer").await, [cid("old")]);
    // Removed while it waits: both go.
    let waiting = replace(last.id, "waiting").await;
    assert!(
        rows.delete_pin(owner.id, waiting.id)
            .await
            .expect("removing")
    );
    assert!(!wanted("last").await);
    assert_eq!(released(rows, "peer").await, [cid("last")]);
    // Replaced with the same content, under another name.
    let one = make_pinned(rows, new(&owner, "same"), "peer").await;
    let two = rows
        .replace_pin(
            one.id,
            NewPin {
                name: Some("renamed".to_owned()),
                ..new(&owner, "same")
            },
        )
        .await;
    two.expect("replacing").expect("a request");
    let [leased] = lease(rows, "peer", 10)
        .await
        .try_into()
        .expect("one request");
    assert_eq!(finish(rows, leased.lease, pinned(1)).await, Fenced::Done);
    assert!(wanted("same").await);
}

async fn lost_content_is_queued_again(rows: &dyn SharedRows) {
    let one = account(rows, "one").await;
    let two = account(rows, "two").await;
    let mut cids = Vec::new();
    for (owner, text) in [(&one, "a"), (&two, "a"), (&one, "b")] {
        make_pinned(rows, new(owner, text), "peer").await;
        cids.push(cid(text));
    }
    cids.sort_unstable_by_key(Cid::to_bytes);
    cids.dedup();
    let mut found: Vec<Cid> = Vec::new();
    loop {
        let page = rows
            .pinned_at("peer", found.last(), 1)
            .await
            .expect("reading");
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert_eq!(found, cids);
    assert_eq!(
        rows.pinned_at("other", None, 10).await.expect("reading"),
        []
    );
    assert_eq!(
        rows.requeue_pins("other", &cid("a"))
            .await
            .expect("queueing"),
        0
    );
    assert_eq!(
        rows.requeue_pins("peer", &cid("a"))
            .await
            .expect("queueing"),
        2
    );
    assert_eq!(number(rows, one.id, &[PinState::Queued]).await, 1);
    assert_eq!(number(rows, one.id, &[PinState::Pinned]).await, 1);
    for leased in lease(rows, "peer", 10).await {
        assert_eq!(finish(rows, leased.lease, pinned(1)).await, Fenced::Done);
    }
    assert_eq!(number(rows, two.id, &[PinState::Pinned]).await, 1);
}

async fn leases_once(make: &MakeRows<'_>) {
    let rows = make().await;
    let owner = account(&*rows, "owner").await;
    for number in 0..60 {
        insert(&*rows, new(&owner, &number.to_string())).await;
    }
    let tasks: Vec<_> = (0..6)
        .map(|task| {
            let rows = std::sync::Arc::clone(&rows);
            tokio::spawn(async move {
                let mut done = 0;
                loop {
                    let leased = lease(&*rows, &format!("peer {task}"), 3).await;
                    if leased.is_empty() {
                        return done;
                    }
                    for pin in leased {
                        assert_eq!(finish(&*rows, pin.lease, pinned(10)).await, Fenced::Done);
                        done += 1;
                    }
                }
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await.expect("a working task");
    }
    // A lease that finds all rows locked by others may answer none: what is left is leased now.
    for leased in lease(&*rows, "last", 100).await {
        assert_eq!(finish(&*rows, leased.lease, pinned(10)).await, Fenced::Done);
        done += 1;
    }
    assert_eq!(done, 60);
    assert_eq!(number(&*rows, owner.id, &[PinState::Pinned]).await, 60);
}
