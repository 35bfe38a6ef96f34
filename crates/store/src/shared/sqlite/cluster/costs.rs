//! What one row costs does not grow with the number of rows.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use cairn_primitives::{Cid, Codec, Multihash};
use rusqlite::Connection;

use super::{peers, pins, work, write};
use crate::shared::cluster::{Expiry, NewClusterPin, Outcome, PinKind, Placement, ids_of};
use crate::shared::releases::cid_key;
use crate::shared::sqlite::{STEPS, pins as requests};

/// Steps of SQLite's machine that an operation on one row may take.
const MOST: u32 = 600;

/// Pins of the table; an operation that looks at all of them takes more steps than that.
const PINS: usize = 2_000;

fn pin(number: usize) -> NewClusterPin {
    NewClusterPin {
        cid: Cid::v1(Codec::RAW, Multihash::sha2_256(&number.to_le_bytes())),
        kind: PinKind::Data,
        direct: false,
        name: String::new(),
        replication: (1, 1),
        shard_size: 0,
        metadata: Default::default(),
        origins: Vec::new(),
        update_of: None,
        reference: None,
        depth: -1,
        expiry: Expiry::Never,
        placement: Placement::On(vec!["here".to_owned()]),
        owner: None,
        source: Some("here".to_owned()),
    }
}

#[test]
fn an_operation_on_one_row_looks_at_few() {
    let mut connection = Connection::open_in_memory().unwrap();
    crate::sqlite::prepare(&connection).unwrap();
    STEPS.run(&mut connection, Path::new("memory")).unwrap();
    let term = Duration::from_secs(60);
    let lease = peers::join(&connection, "here".to_owned(), "{}", term).unwrap();
    let transaction = connection.unchecked_transaction().unwrap();
    for number in 0..PINS {
        write::put(&transaction, &pin(number)).unwrap();
    }
    transaction.commit().unwrap();

    let steps = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&steps);
    connection
        .progress_handler(
            1,
            Some(move || {
                counted.fetch_add(1, Ordering::Relaxed);
                false
            }),
        )
        .unwrap();
    let one = pin(PINS / 2);
    let key = cid_key(&one.cid);
    let ids = ids_of(&one.cid);
    let waiting = NewClusterPin {
        source: None,
        ..pin(PINS)
    };
    let other = cid_key(&waiting.cid);
    let count = |what: &str, run: &dyn Fn()| {
        steps.store(0, Ordering::Relaxed);
        run();
        let taken = steps.load(Ordering::Relaxed);
        assert!(taken <= MOST, "{what} takes {taken} steps");
    };
    count("a request wants it", &|| {
        assert!(!requests::read::wants(&connection, "here", &key).unwrap());
    });
    count("a pin wants it", &|| {
        assert!(pins::wants(&connection, "here", &ids).unwrap());
    });
    count("its holders", &|| {
        assert_eq!(pins::holders(&connection, &ids).unwrap(), ["here"]);
    });
    count("what a peer has, a page", &|| {
        assert_eq!(work::pinned(&connection, "here", &key, 1).unwrap().len(), 1);
    });
    count("what is misplaced, where all peers are alive", &|| {
        let found = work::misplaced(&connection, Duration::ZERO, &[], 10);
        assert!(found.unwrap().is_empty());
    });
    count("its status", &|| {
        assert!(pins::status(&connection, &key).unwrap().is_some());
    });
    count("a page", &|| {
        let status = pins::page(&connection, crate::shared::PinKinds::ALL, &key, 1);
        assert_eq!(status.unwrap().len(), 1);
    });
    count("written again", &|| {
        write::put(&connection, &one).unwrap();
    });
    count("written", &|| {
        write::put(&connection, &waiting).unwrap();
    });
    count("work waits", &|| {
        assert!(work::waits(&connection, "here").unwrap());
    });
    count("claimed", &|| {
        assert_eq!(work::claim(&connection, &lease, 1).unwrap().len(), 1);
    });
    count("finished", &|| {
        work::finish(&connection, &lease, &other, false, &Outcome::Pinned).unwrap();
    });
    count("lost", &|| {
        assert!(work::requeue_lost(&connection, "here", &key).unwrap());
    });
    count("put back", &|| {
        work::requeue(&connection, &lease, &Default::default()).unwrap();
    });
    count("removed", &|| {
        write::remove(&connection, &key).unwrap();
    });
    count("expired", &|| {
        assert!(write::expired(&connection, 1).unwrap().is_empty());
    });
}
