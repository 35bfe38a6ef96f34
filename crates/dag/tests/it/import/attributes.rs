//! Permissions and times.

use super::{Arc, HELLO, ImportOptions, MemoryStore, dir, expect, file, import, link, request};

#[tokio::test]
async fn keeps_permissions_and_times() {
    expect(
        "wrapped",
        request(|r| {
            r.wrap = true;
            r.mode = 0o755;
            r.mtime = 1_700_000_000;
        }),
        vec![file("f", HELLO)],
        "
            QmcKVYZxCTiZiBjxYFzd4HTKR2QMjqQGbTLxtbusniuJi7 31 f
            QmRYz8Ydx68bk5zQwaDkQuc6uVDLAL2ckGqgMF5BowPfkU 89
        ",
    )
    .await;
    expect(
        "folder",
        request(|r| {
            r.mode = 0o644;
            r.mtime = 1_700_000_000;
            r.mtime_nsecs = 7;
        }),
        vec![
            dir("d"),
            file("d/a", HELLO),
            link("d/l", "a"),
            dir("d/s"),
            file("d/s/b", HELLO),
        ],
        "
            QmefmsEqHPhAHwEB1fac51wmetKPmt1RWJFSArtpZFTEBt 36 d/a
            QmduNAipjGL1XUv2tGx7jAGBDKLYXEeYxUkDH5jKSVuCrK 20 d/l
            QmefmsEqHPhAHwEB1fac51wmetKPmt1RWJFSArtpZFTEBt 36 d/s/b
            QmP43eKu2qZVGWba2rUDdYugaFk3T5S4PM2ReR7tZBbsrD 99 d/s
            Qmb6n5XFmsWrCPi4z9RJzZJizZcfSGbwHcEpKXDyQq1Wy7 304 d
        ",
    )
    .await;
    expect(
        "their own",
        request(|r| {
            r.preserve_mode = true;
            r.preserve_mtime = true;
        }),
        vec![
            dir("d").meta(0o750, 1_600_000_000, None),
            file("d/a", HELLO).meta(0o600, 1_600_000_001, Some(9)),
            file("d/i/b", HELLO).meta(0o640, 1_600_000_002, None),
        ],
        "
            QmYWmNi5JnJQPY7SpU1Xynxzqd7ZWGAqBWSCJKH9RivGC2 36 d/a
            QmUFXi4wRXhxf2YrHpBsH8gvwSsBFN7wKGe3syAp1uw7UV 31 d/i/b
            QmSJgVTFoNy1yqkb4sGYoEHgifb7Uhf6qGYhLYxktFtZPk 78 d/i
            QmXTGYh8M499A8A1hW5NskDr2tvQZMzDRisTRbgDeWpEtQ 215 d
        ",
    )
    .await;
    expect(
        "their own, v1",
        request(|r| {
            r.preserve_mode = true;
            r.preserve_mtime = true;
            r.cid_version = Some(1);
        }),
        vec![file("a", HELLO).meta(0o600, 1_600_000_001, None)],
        "
            bafybeibwiqnbnsdbspqmjxxgmjofztw4iy4hrapfemujsdy4xvcehbei4y 31 a
        ",
    )
    .await;
    expect(
        "a link's time",
        request(|r| {
            r.cid_version = Some(1);
            r.mtime = 5;
            r.mode = 0o777;
        }),
        vec![dir("d"), link("d/l", "target")],
        "
            bafybeietfxdot74jbi4iovlp4ukqa3lythlp6fuw5g46g6gu6fdqivjszm 16 d/l
            bafybeifgvv4fbnfrs4beiufofnousa7akjvy4bdaprq7fcar6p3o2tmidu 72 d
        ",
    )
    .await;
    expect(
        "not asked for",
        ImportOptions::default(),
        vec![
            dir("d").meta(0o750, 1_600_000_000, Some(3)),
            file("d/a", HELLO).meta(0o600, 1_600_000_001, None),
        ],
        "
            QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o 20 d/a
            QmafEoqGLCtDJgnYekm1ZWF52NSmAwJcb9iVo8xpPVzMee 67 d
        ",
    )
    .await;
}

#[tokio::test]
async fn shows_the_meta_of_the_top() {
    let parts = vec![
        dir("d").meta(0o750, 7, Some(3)),
        file("d/a", HELLO).meta(0o600, 8, None),
        link("l", "t"),
    ];
    let (events, _) = import(
        &Arc::new(MemoryStore::new()),
        &ImportOptions::default(),
        parts,
    )
    .await;
    let shown: Vec<_> = events
        .iter()
        .map(|event| (event.name.as_str().unwrap(), event.mode))
        .collect();
    assert_eq!(
        shown,
        [("d/a", 0o750), ("d", 0o750), ("l", 0o1_000_000_777)]
    );
    assert_eq!(
        events[0].mtime.map(|mtime| (mtime.seconds, mtime.nanos)),
        Some((7, Some(3)))
    );
}
