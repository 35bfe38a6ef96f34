//! The rows, both backends: the shared suite, and what only a file can do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use cairn_primitives::Cid;
use cairn_store::meta::conformance::{self, cid, list, pin, reference};
use cairn_store::meta::{
    KeyBytes, KeyFiles, KeyRows as _, MemoryKeys, MemoryRows, NameRows as _, Pin, PinChange,
    PinFilter, PinMode, PinOwner, PinRows as _, ReferenceChange, ReferenceOrder,
    ReferenceRows as _, RowError, Rows as _, SqliteRows,
};

fn open(path: &Path) -> Arc<SqliteRows> {
    SqliteRows::open(path, false).expect("opening")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_conforms() {
    conformance::run(&|| Arc::new(MemoryRows::new())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let number = Mutex::new(0);
    conformance::run(&|| {
        let mut number = number.lock().unwrap();
        *number += 1;
        open(&folder.path().join(format!("{number}.sqlite")))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_conform() {
    conformance::keys::run(&|| Arc::new(MemoryKeys::default())).await;
    let folder = tempfile::tempdir().unwrap();
    let number = Mutex::new(0);
    conformance::keys::run(&|| {
        let mut number = number.lock().unwrap();
        *number += 1;
        Arc::new(KeyFiles::new(folder.path().join(number.to_string())))
    })
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn keys_are_files_as_in_kubo_that_only_the_owner_reads() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("keystore");
    let keys = KeyFiles::new(folder.clone());
    let key = KeyBytes(b"bytes".to_vec());
    keys.add_key("mykey", key.clone()).await.unwrap();
    let file = folder.join("key_nv4wwzlz");
    assert_eq!(std::fs::read(&file).unwrap(), b"bytes");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&file)), (0o700, 0o400));
    // A key that is cut by a crash while it is written is not a key; what is none is skipped.
    std::fs::write(folder.join("new"), b"by").unwrap();
    std::fs::write(folder.join("key_1"), b"no base32").unwrap();
    let again = KeyFiles::new(folder);
    assert_eq!(again.keys().unwrap(), ["mykey"]);
    assert!(again.add_key("other", key.clone()).await.unwrap());
    assert_eq!(again.key("mykey").unwrap(), Some(key));
}

#[tokio::test]
async fn rows_outlive_their_process_object() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.sqlite");
    let named = Pin {
        mode: PinMode::Direct,
        name: "kept".into(),
        ..pin(2)
    };
    {
        let rows = open(&path);
        rows.bind("store").await.unwrap();
        rows.change_pins(vec![PinChange::Set(pin(1)), PinChange::Set(named.clone())])
            .await
            .unwrap();
        rows.close().await.unwrap();
    }
    // A clean close leaves one file.
    let files: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(files, ["rows.sqlite"]);
    let rows = open(&path);
    assert_eq!(rows.store_id().unwrap().as_deref(), Some("store"));
    assert_eq!(rows.pin_count().unwrap(), 2);
    assert_eq!(rows.pin(&cid(2), PinOwner::User).unwrap(), Some(named));
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_reads_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let rows = open(&folder.path().join("rows.sqlite"));
    rows.bind("store").await.unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{:?}",
            entry.file_name()
        );
    }
}

#[tokio::test]
async fn read_only_reads_and_refuses_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows # 100%?.sqlite");
    let writing = open(&path);
    writing
        .change_pins(vec![PinChange::Set(pin(1))])
        .await
        .unwrap();

    // Beside a writer, and seeing what it commits.
    let reading = SqliteRows::open(&path, true).unwrap();
    assert_eq!(reading.pin_count().unwrap(), 1);
    writing
        .change_pins(vec![PinChange::Set(pin(2))])
        .await
        .unwrap();
    assert_eq!(reading.pin_count().unwrap(), 2);
    assert!(matches!(
        reading.change_pins(vec![PinChange::Set(pin(3))]).await,
        Err(RowError::ReadOnly)
    ));
    assert!(matches!(reading.bind("x").await, Err(RowError::ReadOnly)));
    reading.close().await.unwrap();
    assert!(matches!(reading.pin_count(), Err(RowError::Closed)));
    writing.close().await.unwrap();

    // And alone.
    assert_eq!(
        SqliteRows::open(&path, true).unwrap().pin_count().unwrap(),
        2
    );
    let absent = folder.path().join("absent.sqlite");
    assert!(matches!(
        SqliteRows::open(&absent, true),
        Err(RowError::Open { .. })
    ));
    assert!(!absent.exists());
}

#[cfg(unix)]
#[tokio::test]
async fn read_only_works_in_a_folder_that_cannot_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("frozen #1?");
    std::fs::create_dir(&inner).unwrap();
    let path = inner.join("rows.sqlite");
    let rows = open(&path);
    rows.change_pins(vec![PinChange::Set(pin(1))])
        .await
        .unwrap();
    rows.close().await.unwrap();
    let mode =
        |mode| std::fs::set_permissions(&inner, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o500);
    let count = SqliteRows::open(&path, true).and_then(|rows| rows.pin_count());
    mode(0o700);
    assert_eq!(count.unwrap(), 1);
}

#[test]
fn newer_foreign_and_broken_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let newer = folder.path().join("newer.sqlite");
    drop(open(&newer));
    // The writer's thread lets go of the file on its own time: SQLite's own locks order the two.
    rusqlite::Connection::open(&newer)
        .unwrap()
        .pragma_update(None, "user_version", 999)
        .unwrap();
    for read_only in [false, true] {
        let error = SqliteRows::open(&newer, read_only).unwrap_err();
        assert!(
            matches!(error, RowError::Newer { found: 999, .. }),
            "{error}"
        );
        assert!(error.to_string().contains("newer.sqlite"), "{error}");
    }

    let foreign = folder.path().join("foreign.sqlite");
    rusqlite::Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE songs (name TEXT)")
        .unwrap();
    for read_only in [false, true] {
        assert!(matches!(
            SqliteRows::open(&foreign, read_only),
            Err(RowError::Foreign { .. })
        ));
    }

    let broken = folder.path().join("broken.sqlite");
    std::fs::write(&broken, vec![7; 8_192]).unwrap();
    for read_only in [false, true] {
        assert!(matches!(
            SqliteRows::open(&broken, read_only),
            Err(RowError::Open { .. } | RowError::Database { .. })
        ));
    }

    let empty = folder.path().join("empty.sqlite");
    std::fs::write(&empty, b"").unwrap();
    assert!(matches!(
        SqliteRows::open(&empty, true),
        Err(RowError::Older { found: 0, .. })
    ));
    assert_eq!(open(&empty).pin_count().unwrap(), 0);
}

#[tokio::test]
async fn version_1_is_brought_to_the_newest_and_can_be_read_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.sqlite");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../src/meta/migrations/0001_pins.sql"))
        .unwrap();
    old.execute("INSERT INTO pin VALUES (?1, 0, 'old')", [cid(1).to_bytes()])
        .unwrap();
    old.pragma_update(None, "application_id", 0x4372_6e52)
        .unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    drop(old);

    let reading = SqliteRows::open(&path, true).unwrap();
    assert_eq!(reading.pin_count().unwrap(), 1);
    assert_eq!(reading.reference_count().unwrap(), 0);
    assert_eq!(reading.last_reference().unwrap(), 0);
    assert_eq!(
        reading.name_record(&conformance::names::name(1)).unwrap(),
        None
    );
    assert_eq!(
        reading.references(&[cid(1).hash().clone()]).unwrap(),
        [None]
    );
    for order in [ReferenceOrder::Key, ReferenceOrder::Place] {
        assert_eq!(reading.reference_page(order, None, 9).unwrap(), []);
    }
    drop(reading);

    let rows = open(&path);
    assert_eq!(
        rows.pin(&cid(1), PinOwner::User).unwrap().unwrap().name,
        "old"
    );
    let new = reference(1, 1, "file", 0);
    rows.change_references(vec![ReferenceChange::Set(new.clone())])
        .await
        .unwrap();
    rows.close().await.unwrap();
    let reading = SqliteRows::open(&path, true).unwrap();
    assert_eq!(
        reading.references(&[cid(1).hash().clone()]).unwrap(),
        [Some(new)]
    );
}

#[tokio::test]
async fn paths_that_nothing_refers_to_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.sqlite");
    let rows = open(&path);
    let paths = || -> Vec<String> {
        let connection = rusqlite::Connection::open(&path).unwrap();
        let mut statement = connection
            .prepare("SELECT path FROM source ORDER BY path")
            .unwrap();
        let paths = statement.query_map([], |row| row.get(0)).unwrap();
        paths.map(Result::unwrap).collect()
    };
    let set = |id, number, path| ReferenceChange::Set(reference(id, number, path, 0));
    rows.change_references(vec![
        set(1, 1, "a"),
        set(2, 2, "a"),
        set(3, 3, "b"),
        set(4, 4, "c"),
    ])
    .await
    .unwrap();
    rows.change_references(vec![ReferenceChange::RemoveId(1), set(5, 3, "d")])
        .await
        .unwrap();
    assert_eq!(paths(), ["a", "c", "d"]);
    rows.change_references(vec![
        ReferenceChange::RemoveId(2),
        ReferenceChange::Remove(cid(4).hash().clone()),
    ])
    .await
    .unwrap();
    assert_eq!(paths(), ["d"]);
}

#[tokio::test]
async fn a_batch_that_fails_changes_nothing_and_spoils_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.sqlite");
    let rows = open(&path);
    // A rule that makes one name fail inside the transaction.
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(
            "CREATE TRIGGER refuse BEFORE INSERT ON pin WHEN new.name = 'poison'
             BEGIN SELECT raise(ABORT, 'refused'); END",
        )
        .unwrap();
    let poison = Pin {
        name: "poison".into(),
        ..pin(99)
    };
    let (good, bad, single, other) = tokio::join!(
        rows.change_pins(vec![PinChange::Set(pin(1)), PinChange::Set(pin(2))]),
        rows.change_pins(vec![
            PinChange::Set(pin(3)),
            PinChange::Set(poison.clone()),
            PinChange::Set(pin(4))
        ]),
        rows.change_pins(vec![PinChange::Set(poison)]),
        rows.change_pins(vec![
            PinChange::Remove(cid(1), PinOwner::User),
            PinChange::Set(pin(5))
        ]),
    );
    good.unwrap();
    other.unwrap();
    for error in [bad.unwrap_err(), single.unwrap_err()] {
        assert!(
            matches!(
                error,
                RowError::Database {
                    action: "write",
                    ..
                }
            ),
            "{error}"
        );
    }
    let kept: BTreeSet<Cid> = list(&*rows, &PinFilter::default())
        .into_iter()
        .map(|pin| pin.cid)
        .collect();
    assert_eq!(kept, BTreeSet::from([cid(2), cid(5)]));
}

#[tokio::test]
async fn the_files_as_they_are_after_an_answer_hold_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.sqlite");
    let rows = open(&path);
    for number in 0..50 {
        rows.change_pins(vec![PinChange::Set(pin(number))])
            .await
            .unwrap();
        if number % 10 == 9 {
            let copy = folder.path().join(format!("copy-{number}.sqlite"));
            std::fs::copy(&path, &copy).unwrap();
            std::fs::copy(suffixed(&path, "-wal"), suffixed(&copy, "-wal")).unwrap();
            let copied = open(&copy);
            assert_eq!(copied.pin_count().unwrap(), number + 1);
        }
    }
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// Names the file that [`writing_child`] writes.
const CHILD: &str = "CAIRN_TEST_ROWS_CHILD";

/// Pins in each of the child's batches.
const BATCH: u64 = 3;

/// Not a test by itself: what [`an_answered_change_survives_a_kill`] runs and kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writing_child() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let rows = open(Path::new(&path));
    let tasks: Vec<_> = (0..4_u64)
        .map(|task| {
            let rows = Arc::clone(&rows);
            tokio::spawn(async move {
                for batch in 0.. {
                    let first = (task << 32) + batch * BATCH;
                    let changes = (first..first + BATCH)
                        .map(|number| PinChange::Set(pin(number)))
                        .collect();
                    rows.change_pins(changes).await.unwrap();
                    println!("answered {first}");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[test]
fn an_answered_change_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.sqlite");
    let mut answered = BTreeSet::new();
    for round in 1..=3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writing_child", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let mut heard = 0;
        while heard < 100 * round {
            let line = lines.next().expect("an answer");
            if let Some((_, first)) = line.split_once("answered ") {
                answered.insert(first.parse::<u64>().unwrap());
                heard += 1;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // Answers printed before the kill count as well; the very last line may be cut.
        let rest: Vec<String> = lines.collect();
        answered.extend(
            rest.iter()
                .take(rest.len().saturating_sub(1))
                .filter_map(|line| line.split_once("answered ")?.1.parse::<u64>().ok()),
        );

        let rows = open(&path);
        let kept: BTreeSet<Cid> = list(&*rows, &PinFilter::default())
            .into_iter()
            .map(|pin| pin.cid)
            .collect();
        for first in &answered {
            for number in *first..*first + BATCH {
                assert!(
                    kept.contains(&cid(number)),
                    "round {round}: {number} was answered and is gone"
                );
            }
        }
        // Batches are whole: what is kept beyond the answers comes in threes as well.
        assert_eq!(kept.len() as u64 % BATCH, 0);
    }
}

/// Rates of this machine: `cargo test --release -p cairn-store --test rows -- --ignored --nocapture rates`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, and checks nothing"]
async fn rates() {
    const LISTED: u64 = 1_000_000;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("rows.sqlite");
    let rows = open(&path);
    for clients in [1_u64, 32] {
        let each = 40_000 / clients.max(4);
        let start = Instant::now();
        let tasks: Vec<_> = (0..clients)
            .map(|client| {
                let rows = Arc::clone(&rows);
                tokio::spawn(async move {
                    for number in 0..each {
                        let own = pin((clients << 48) + (client << 32) + number);
                        rows.change_pins(vec![PinChange::Set(own)]).await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let rate = (clients * each) as f64 / start.elapsed().as_secs_f64();
        println!("{clients} clients: {rate:.0} durable inserts/s");
    }
    let start = Instant::now();
    for first in (0..LISTED).step_by(10_000) {
        rows.change_pins(
            (first..first + 10_000)
                .map(|number| PinChange::Set(pin(number)))
                .collect(),
        )
        .await
        .unwrap();
    }
    println!("{LISTED} in batches of 10,000: {:.1?}", start.elapsed());
    for _ in 0..2 {
        let start = Instant::now();
        let mut seen = 0_u64;
        rows.pins(&PinFilter::default(), &mut |_| {
            seen += 1;
            true
        })
        .unwrap();
        println!(
            "list: {:.2} M rows/s",
            seen as f64 / start.elapsed().as_secs_f64() / 1e6
        );
    }
    let start = Instant::now();
    let count = rows.pin_count().unwrap();
    println!("count of {count}: {:.1?}", start.elapsed());
    rows.close().await.unwrap();
    let start = Instant::now();
    let rows = open(&path);
    rows.pin(&cid(1), PinOwner::User).unwrap().unwrap();
    println!("open and look one up: {:.1?}", start.elapsed());
}
