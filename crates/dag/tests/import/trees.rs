//! Rows of entries: events, names, order, refusals.

use super::{
    AddRequest, Arc, HELLO, MemoryStore, Part, dir, expect, file, import, link, noise, refused,
    request,
};

fn tree() -> Vec<Part> {
    vec![
        dir("d"),
        file("d/a.txt", b"file a\n"),
        file("d/b.bin", &noise("b", 1000)),
        file("d/empty", b""),
        dir("d/sub"),
        file("d/sub/c.txt", b"file c\n"),
        dir("d/sub/deep"),
        file("d/sub/deep/x y.txt", b"spaces\n"),
    ]
}

/// As `expect`, for the last events.
async fn expect_last(
    name: &str,
    request: AddRequest,
    parts: Vec<Part>,
    expected: &[(&str, &str, u64)],
) {
    let (mut events, result) = import(&Arc::new(MemoryStore::new()), &request, parts).await;
    result.unwrap();
    let events = events.split_off(events.len() - expected.len());
    let found: Vec<_> = events
        .iter()
        .map(|event| (event.name.as_str(), event.cid.to_string(), event.size))
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, cid, size)| (*name, (*cid).to_owned(), *size))
        .collect();
    assert_eq!(found, expected, "{name}");
}

#[tokio::test]
async fn gives_the_events_of_kubo() {
    expect(
        "wrap",
        request(|r| {
            r.wrap = true;
        }),
        vec![file("f.txt", HELLO)],
        &[
            (
                "f.txt",
                "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o",
                20,
            ),
            ("", "QmSX8SauNAMEQ3xdvp7Wf4ETev47SkBLPbcMfX8aVBZWfA", 71),
        ],
    )
    .await;
    expect(
        "wrap, v1",
        request(|r| {
            r.wrap = true;
            r.cid_version = Some(1);
        }),
        vec![file("f.txt", HELLO)],
        &[
            (
                "f.txt",
                "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4",
                12,
            ),
            (
                "",
                "bafybeigsrurtqfs4b37pzct3pf4rd3m6qkrhp7tobj2poto5y5hmjpsruq",
                65,
            ),
        ],
    )
    .await;
    expect(
        "two",
        AddRequest::default(),
        vec![file("a", b"A"), file("b", b"B")],
        &[
            ("a", "QmRy2a1t6YSCiqXbkUQ1xQtXUQzX4mXmdzjLGey6884Uhb", 9),
            ("b", "QmRTgroCjkxdw1bCFMb3r1Yq9wy6Rddhdkc2UFFuTBEAFa", 9),
        ],
    )
    .await;
    expect(
        "two, wrapped",
        request(|r| {
            r.wrap = true;
        }),
        vec![file("a", b"A"), file("b", b"B")],
        &[
            ("a", "QmRy2a1t6YSCiqXbkUQ1xQtXUQzX4mXmdzjLGey6884Uhb", 9),
            ("b", "QmRTgroCjkxdw1bCFMb3r1Yq9wy6Rddhdkc2UFFuTBEAFa", 9),
            ("", "QmaqMVzx86m7RvsLKKWJXTuv4495frBHUb4NqGuaFSpqsg", 108),
        ],
    )
    .await;
    expect(
        "folder",
        AddRequest::default(),
        tree(),
        &[
            (
                "d/a.txt",
                "QmbK8soBPbnx3jH2tzuYZ4RuqN52WKezdVgHUyN8rx4wsi",
                15,
            ),
            (
                "d/b.bin",
                "QmXbeshWx2T9pxc1DrAyZZ9WaHNwTdpyCykbEmruSTYpKY",
                1011,
            ),
            (
                "d/empty",
                "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH",
                6,
            ),
            (
                "d/sub/c.txt",
                "QmVAZQrtNtZ2jNHuFKXi7zCX76fd9YzTFCgF6jvPBcowLj",
                15,
            ),
            (
                "d/sub/deep/x y.txt",
                "QmPWAvm9RyjRVf5NtbotzoZGREFAFAvezLuA2HFaEcAvox",
                15,
            ),
            (
                "d/sub/deep",
                "QmQ25m2xKQYaycdAN8zWBX3LzUv7GC5uBuB8m8DJ9WZJKA",
                68,
            ),
            (
                "d/sub",
                "QmXgnBc3Zujw6xXZ3yiW8pUCeqAwYYqwczWFrpLX1g4c9u",
                180,
            ),
            ("d", "QmU8z8LCjb15qj7smRRiM3UtvMucZGHvtGH6u6ysHhFA1X", 1404),
        ],
    )
    .await;
    expect(
        "folder, v1",
        request(|r| {
            r.cid_version = Some(1);
        }),
        tree(),
        &[
            (
                "d/a.txt",
                "bafkreigqjcqamwhefoz46mzfrjbzj3jc4mj7palgzz7vnqwwcgw7narmeq",
                7,
            ),
            (
                "d/b.bin",
                "bafkreifvoouxitrlar3pdcm2jerqt6yklvqz362ly2zld3h4fry3sm7bdm",
                1000,
            ),
            (
                "d/empty",
                "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
                0,
            ),
            (
                "d/sub/c.txt",
                "bafkreiay6ygyjr3ouaxf52zwqhcjbtoiah4l52gu572cg5vcwmm6jztzs4",
                7,
            ),
            (
                "d/sub/deep/x y.txt",
                "bafkreihep67nwkbdz4nojvgnxattmnn6easmxbyfrdrftsnshv3k4souqq",
                7,
            ),
            (
                "d/sub/deep",
                "bafybeideb5tyyclmvors2ltfoxxqn7i32uanseozq24yd5syrtfwphbtuu",
                62,
            ),
            (
                "d/sub",
                "bafybeihru4yggcyhsszgzexeynyvb4szpxpzwvddtm4cssabov3v7n2hza",
                170,
            ),
            (
                "d",
                "bafybeiansn2yi3ox4ovathlh3jmjevhszsihe5b7lxsj5gyyaj7ybhwd6e",
                1377,
            ),
        ],
    )
    .await;
    expect(
        "folder, wrapped",
        request(|r| {
            r.wrap = true;
        }),
        tree(),
        &[
            (
                "d/a.txt",
                "QmbK8soBPbnx3jH2tzuYZ4RuqN52WKezdVgHUyN8rx4wsi",
                15,
            ),
            (
                "d/b.bin",
                "QmXbeshWx2T9pxc1DrAyZZ9WaHNwTdpyCykbEmruSTYpKY",
                1011,
            ),
            (
                "d/empty",
                "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH",
                6,
            ),
            (
                "d/sub/c.txt",
                "QmVAZQrtNtZ2jNHuFKXi7zCX76fd9YzTFCgF6jvPBcowLj",
                15,
            ),
            (
                "d/sub/deep/x y.txt",
                "QmPWAvm9RyjRVf5NtbotzoZGREFAFAvezLuA2HFaEcAvox",
                15,
            ),
            (
                "d/sub/deep",
                "QmQ25m2xKQYaycdAN8zWBX3LzUv7GC5uBuB8m8DJ9WZJKA",
                68,
            ),
            (
                "d/sub",
                "QmXgnBc3Zujw6xXZ3yiW8pUCeqAwYYqwczWFrpLX1g4c9u",
                180,
            ),
            ("d", "QmU8z8LCjb15qj7smRRiM3UtvMucZGHvtGH6u6ysHhFA1X", 1404),
            ("", "QmQ6KW4cPLAH2aq7RnN5UxPq9vjobVqm5HogkrFagZUAKP", 1452),
        ],
    )
    .await;
    expect(
        "folders nobody announced",
        AddRequest::default(),
        vec![
            file("p/q/r.txt", HELLO),
            file("p/s.txt", b"Mary had a little lamb"),
        ],
        &[
            (
                "p/q/r.txt",
                "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o",
                20,
            ),
            (
                "p/s.txt",
                "QmZfF6C9j4VtoCsTp4KSrhYH47QMd3DNXVZBKaxJdhaPab",
                30,
            ),
            ("p/q", "QmTV8zz9zBW41JkvTabsboexWZRCQLFmKZ5JoacLP9pKu8", 71),
            ("p", "QmVyFQ1UUdu3kJvkeZ5htkW4wDyoudujTLCBDdGVfMmgvA", 195),
        ],
    )
    .await;
    expect(
        "link",
        AddRequest::default(),
        vec![dir("l"), file("l/t", HELLO), link("l/ln", "t")],
        &[
            ("l/t", "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o", 20),
            ("l/ln", "QmaWnMD98ndrXfnhjJwmBWpqHyYsrtVC9zEytnakMR55cv", 7),
            ("l", "QmUJTks6xgDnjWWhcVhFYeTJJfUQAtuSUZRuBxMFPVLpzZ", 118),
        ],
    )
    .await;
    expect(
        "link at the top",
        AddRequest::default(),
        vec![link("l", "target")],
        &[("l", "QmbqcXVc1m3ptTWpceoVYfkn1gD6MRvjEFbVeMsBjSKQgT", 12)],
    )
    .await;
    expect(
        "empty folder",
        AddRequest::default(),
        vec![dir("e")],
        &[("e", "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn", 4)],
    )
    .await;
    expect(
        "empty folder, wrapped",
        request(|r| {
            r.wrap = true;
        }),
        vec![dir("e")],
        &[
            ("e", "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn", 4),
            ("", "QmP5RSLZAjVUM3CeMgACiNZM4mbr79h8vTUa9DWKUvjW1P", 51),
        ],
    )
    .await;
    expect(
        "no name",
        AddRequest::default(),
        vec![file("", HELLO)],
        &[(
            "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o",
            "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o",
            20,
        )],
    )
    .await;
    expect(
        "no name, wrapped",
        request(|r| {
            r.wrap = true;
        }),
        vec![file("", HELLO)],
        &[
            (
                "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o",
                "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o",
                20,
            ),
            ("", "Qmdb5ca6qMr46LZPBwL6KJwPEh5TPWHBJh48koichY7swh", 112),
        ],
    )
    .await;
    expect(
        "a folder without a name",
        AddRequest::default(),
        vec![dir(""), file("x", HELLO)],
        &[
            ("x", "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o", 20),
            ("", "QmZ3txooPTC2zv3aCKya9wwsrnudLLnz3aQnan1dh2a71i", 67),
        ],
    )
    .await;
    expect(
        "beyond ASCII",
        request(|r| {
            r.wrap = true;
        }),
        vec![file("grüße ☃.txt", HELLO)],
        &[
            (
                "grüße ☃.txt",
                "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o",
                20,
            ),
            ("", "QmUJhDXDADAEWgdQgteZZReneYdRAwjzhsLoLXEuVcXouA", 81),
        ],
    )
    .await;
    expect(
        "a path that is not clean",
        AddRequest::default(),
        vec![file("../x/./y//z", b"1")],
        &[
            ("x/y/z", "QmWYddCPs7uR9EvHNCZzpguVFVNfHc6aM3hPVzPdAEESMc", 9),
            ("x/y", "Qmf5MYYUcNUU1EDpYuMN5xFMuGwKBYgVAEU9uzCC5WsSBY", 56),
            ("x", "QmUtidLybduYacpVADxH559d7DnpLw68VaC6Nn4BskHWac", 103),
        ],
    )
    .await;
}

#[tokio::test]
async fn follows_the_order_of_entries() {
    expect(
        "a folder twice",
        AddRequest::default(),
        vec![file("d/x", b"x"), file("e", b"e"), file("d/y", b"y")],
        &[
            ("d/x", "QmULKig5Fxrs2sC4qt9nNduucXfb92AFYQ6Hi3YRqDmrYC", 9),
            ("d", "Qmd31Yc93bam5GR22agu3rexdv9rNHQucXf5epxEp1DHBp", 56),
            ("e", "QmSZ8gXzMUKjmwG5D1rfr5epxdP6wBug5AJX2de8Jn5Hkk", 9),
            ("d/y", "QmTwEE2eSyzcvUctxP2negypGDtj7DQDKVy8s3Rvp6y6Pc", 9),
            ("d", "QmXNiJPe955t3T7GGNWGKkGLycdMZcxW8KLnK63HN7gPDz", 56),
        ],
    )
    .await;
    expect(
        "a folder twice, wrapped",
        request(|r| {
            r.wrap = true;
        }),
        vec![file("d/x", b"x"), file("e", b"e"), file("d/y", b"y")],
        &[
            ("d/x", "QmULKig5Fxrs2sC4qt9nNduucXfb92AFYQ6Hi3YRqDmrYC", 9),
            ("e", "QmSZ8gXzMUKjmwG5D1rfr5epxdP6wBug5AJX2de8Jn5Hkk", 9),
            ("d/y", "QmTwEE2eSyzcvUctxP2negypGDtj7DQDKVy8s3Rvp6y6Pc", 9),
            ("d", "QmeCpPv7BfSyKCZ9Mme3yWd8Z3qWGgghgB1n8fZsQjYz3x", 108),
            ("", "QmRMtpmAbaHJ3dDb77D6GEKTaHwKyXLxuQ95rQxHoQLtzY", 207),
        ],
    )
    .await;
    expect(
        "below a file",
        AddRequest::default(),
        vec![file("a", b"x"), file("a/b", b"e"), file("c", b"y")],
        &[
            ("a", "QmULKig5Fxrs2sC4qt9nNduucXfb92AFYQ6Hi3YRqDmrYC", 9),
            ("c", "QmTwEE2eSyzcvUctxP2negypGDtj7DQDKVy8s3Rvp6y6Pc", 9),
        ],
    )
    .await;
    expect(
        "a name twice at the top",
        AddRequest::default(),
        vec![file("x", b"1"), file("x", b"2")],
        &[
            ("x", "QmWYddCPs7uR9EvHNCZzpguVFVNfHc6aM3hPVzPdAEESMc", 9),
            ("x", "QmT9SanPHnSH5AsBqy2xZbstw4rAw5znFPkmjkvDCMdVuF", 9),
        ],
    )
    .await;
}

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
        &[
            ("f", "QmcKVYZxCTiZiBjxYFzd4HTKR2QMjqQGbTLxtbusniuJi7", 31),
            ("", "QmRYz8Ydx68bk5zQwaDkQuc6uVDLAL2ckGqgMF5BowPfkU", 89),
        ],
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
        &[
            ("d/a", "QmefmsEqHPhAHwEB1fac51wmetKPmt1RWJFSArtpZFTEBt", 36),
            ("d/l", "QmduNAipjGL1XUv2tGx7jAGBDKLYXEeYxUkDH5jKSVuCrK", 20),
            (
                "d/s/b",
                "QmefmsEqHPhAHwEB1fac51wmetKPmt1RWJFSArtpZFTEBt",
                36,
            ),
            ("d/s", "QmP43eKu2qZVGWba2rUDdYugaFk3T5S4PM2ReR7tZBbsrD", 99),
            ("d", "Qmb6n5XFmsWrCPi4z9RJzZJizZcfSGbwHcEpKXDyQq1Wy7", 304),
        ],
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
        &[
            ("d/a", "QmYWmNi5JnJQPY7SpU1Xynxzqd7ZWGAqBWSCJKH9RivGC2", 36),
            (
                "d/i/b",
                "QmUFXi4wRXhxf2YrHpBsH8gvwSsBFN7wKGe3syAp1uw7UV",
                31,
            ),
            ("d/i", "QmSJgVTFoNy1yqkb4sGYoEHgifb7Uhf6qGYhLYxktFtZPk", 78),
            ("d", "QmXTGYh8M499A8A1hW5NskDr2tvQZMzDRisTRbgDeWpEtQ", 215),
        ],
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
        &[(
            "a",
            "bafybeibwiqnbnsdbspqmjxxgmjofztw4iy4hrapfemujsdy4xvcehbei4y",
            31,
        )],
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
        &[
            (
                "d/l",
                "bafybeietfxdot74jbi4iovlp4ukqa3lythlp6fuw5g46g6gu6fdqivjszm",
                16,
            ),
            (
                "d",
                "bafybeifgvv4fbnfrs4beiufofnousa7akjvy4bdaprq7fcar6p3o2tmidu",
                72,
            ),
        ],
    )
    .await;
    expect(
        "not asked for",
        AddRequest::default(),
        vec![
            dir("d").meta(0o750, 1_600_000_000, Some(3)),
            file("d/a", HELLO).meta(0o600, 1_600_000_001, None),
        ],
        &[
            ("d/a", "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o", 20),
            ("d", "QmafEoqGLCtDJgnYekm1ZWF52NSmAwJcb9iVo8xpPVzMee", 67),
        ],
    )
    .await;
}

#[tokio::test]
async fn inlines_folders_and_links() {
    expect(
        "link",
        request(|r| {
            r.inline = true;
        }),
        vec![dir("d"), link("d/l", "t")],
        &[
            ("d/l", "bafyaabykaueaieqboq", 7),
            ("d", "bafyaagascifawalqaadqubiiaqjac5asafwbqbykaieac", 31),
        ],
    )
    .await;
    expect(
        "folder",
        request(|r| {
            r.inline = true;
            r.inline_limit = Some(128);
        }),
        vec![dir("d"), file("d/a", b"t")],
        &[
            ("d/a", "bafyaacika4eaeeqboqmac", 9),
            ("d", "bafyaagqscqfa2alqaaequbyiaijac5ayaejacyiybefaecab", 35),
        ],
    )
    .await;
}

#[tokio::test]
async fn leaves_out_what_is_not_wanted() {
    expect(
        "empty folders",
        request(|r| {
            r.empty_dirs = Some(false);
        }),
        vec![
            dir("d"),
            dir("d/e"),
            dir("d/f"),
            dir("d/f/g"),
            file("d/x", b"x"),
        ],
        &[
            ("d/x", "QmULKig5Fxrs2sC4qt9nNduucXfb92AFYQ6Hi3YRqDmrYC", 9),
            ("d/f", "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn", 4),
            ("d", "QmcjCroiYcLA87ADMC4qKmcrt7ReLqSTNBuQntvXvrnRPc", 103),
        ],
    )
    .await;
    expect(
        "but not the top",
        request(|r| {
            r.empty_dirs = Some(false);
        }),
        vec![dir("d")],
        &[("d", "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn", 4)],
    )
    .await;
    expect(
        "events of files",
        request(|r| {
            r.silent = true;
        }),
        vec![dir("d"), file("d/a", HELLO)],
        &[("d", "QmafEoqGLCtDJgnYekm1ZWF52NSmAwJcb9iVo8xpPVzMee", 67)],
    )
    .await;
}

#[tokio::test]
async fn shards_large_folders() {
    expect_last(
        "folders in the order of their hashes",
        request(|r| {
            r.max_directory_links = Some(4);
            r.max_hamt_fanout = Some(8);
        }),
        (0..12)
            .flat_map(|i| {
                [
                    dir(&format!("h/s{i:02}")),
                    file(&format!("h/s{i:02}/f"), i.to_string().as_bytes()),
                ]
            })
            .collect(),
        &[
            (
                "h/s05",
                "QmVRZFRg93oEAjZyyQ3uQfFyFfcSL7DquBdvsx2EDJdfh5",
                56,
            ),
            (
                "h/s02",
                "QmfKEyJ262etCAwvMhnsi6cBMs8sxHTgPHygW2FUVFMx2b",
                56,
            ),
            (
                "h/s03",
                "QmX7gQCBrVocgoisA2BJpq8qMaFoRd78eX3AmV6otDvicE",
                56,
            ),
            (
                "h/s01",
                "QmVo2q9fAiQkaqdozgWnEVWULd336ADg3FD6jDK9MfKvvY",
                56,
            ),
            (
                "h/s10",
                "QmWAxzd6cFbw5cG6RJgqxSuCjFe3K2dWPFH3aoHrHLRHTx",
                57,
            ),
            (
                "h/s08",
                "QmPZrTXimgEBgqgLhZZa7BZ227totGQWQQJG4A4bYr7WaC",
                56,
            ),
            (
                "h/s00",
                "QmXR3aEVN24je12qU56QjHEXZDTbfk3DaYubp5QAKsxPtL",
                56,
            ),
            (
                "h/s07",
                "QmPe33YirAa5oTCDXXiWy36E6gyNB5dJF8H2rWWzgU6ThL",
                56,
            ),
            (
                "h/s11",
                "QmVtsjSBEvm4jNz3iGNUPhAzUT5SyGGvfTG6fBitwzF6Yk",
                57,
            ),
            (
                "h/s09",
                "QmaCKNNNckKUPGaXGqXRQuyz5Eohcm8o7TSuKTPzdNfUHu",
                56,
            ),
            (
                "h/s06",
                "QmdX3TwWuAJMvBFW8NGk9nQQNfyUozZAE1WzD1o63GH9nw",
                56,
            ),
            (
                "h/s04",
                "QmUqSJ7gnUZXP5JCbEacaQiNTBTuZQxUg3778o2X2Ettw9",
                56,
            ),
            ("h", "QmbjCPzfR98jz64N4Ye3zXcx3rBZie4vXj9M5NQ6gKsvUx", 1622),
        ],
    )
    .await;
    expect_last(
        "files",
        request(|r| {
            r.max_directory_links = Some(4);
            r.max_hamt_fanout = Some(8);
        }),
        (0..12)
            .map(|i| file(&format!("h/f{i:02}"), i.to_string().as_bytes()))
            .collect(),
        &[("h", "QmQS5mArftvNuwSTipwwRpwdSGocEJmaQD4xapQbVCww6G", 946)],
    )
    .await;
    expect_last(
        "with a time",
        request(|r| {
            r.max_directory_links = Some(4);
            r.max_hamt_fanout = Some(8);
            r.mtime = 9;
            r.cid_version = Some(1);
        }),
        (0..12)
            .map(|i| file(&format!("h/f{i:02}"), i.to_string().as_bytes()))
            .collect(),
        &[(
            "h",
            "bafybeif4bkzmltleouq7bak5emj44ybhvvxc6tf2nsqg2r5r2uha3ajgqy",
            1034,
        )],
    )
    .await;
    expect_last(
        "recorded",
        request(|r| {
            r.max_directory_links = Some(16);
            r.max_hamt_fanout = Some(16);
            r.cid_version = Some(1);
        }),
        (0..60)
            .map(|i| file(&format!("h/f{i:03}"), i.to_string().as_bytes()))
            .collect(),
        &[(
            "h",
            "bafybeibcaa3h4oppyccwbmmb7opv5v2hliv5eebwmucaml6i6gfjzaqp7m",
            4098,
        )],
    )
    .await;
    expect_last(
        "past the threshold",
        AddRequest::default(),
        (0..2700)
            .map(|i| file(&format!("b/n{i:04}{}", "x".repeat(60)), b""))
            .collect(),
        &[(
            "b",
            "QmchwRUaEjSrMURDaRFTCytu4X9Ks1dTwDKioPQmBXVP7t",
            336123,
        )],
    )
    .await;
    expect_last(
        "below the threshold",
        AddRequest::default(),
        (0..2600)
            .map(|i| file(&format!("b/n{i:04}{}", "x".repeat(60)), b""))
            .collect(),
        &[(
            "b",
            "QmbqGiL2HbTHj8bD91jHx8mE6ZfyCvLVb3ZJ4Xtryq3n5P",
            293804,
        )],
    )
    .await;
}

#[tokio::test]
async fn only_hash_tells_what_an_add_would() {
    let parts = || {
        (0..12)
            .map(|i| file(&format!("h/f{i:02}"), i.to_string().as_bytes()))
            .collect::<Vec<_>>()
    };
    let store = Arc::new(MemoryStore::new());
    let mut asked = request(|r| r.max_directory_links = Some(4));
    let (added, _) = import(&store, &asked, parts()).await;
    asked.only_hash = true;
    let (hashed, _) = import(&store, &asked, parts()).await;
    assert_eq!(added, hashed);
}

#[tokio::test]
async fn shows_the_meta_of_the_top() {
    let parts = vec![
        dir("d").meta(0o750, 7, Some(3)),
        file("d/a", HELLO).meta(0o600, 8, None),
        link("l", "t"),
    ];
    let (events, _) = import(&Arc::new(MemoryStore::new()), &AddRequest::default(), parts).await;
    let shown: Vec<_> = events
        .iter()
        .map(|event| (event.name.as_str(), event.mode))
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

#[tokio::test]
async fn tells_the_roots() {
    let parts = vec![file("a", b"1"), dir("d"), file("d/b", b"2"), file("", b"3")];
    let (events, result) =
        import(&Arc::new(MemoryStore::new()), &AddRequest::default(), parts).await;
    let roots = result.unwrap().roots;
    let names: Vec<_> = roots.iter().map(|root| root.name.as_str()).collect();
    assert_eq!(names, ["a", "d", ""]);
    let top = [&events[0], &events[2], &events[3]];
    assert!(
        roots
            .iter()
            .zip(top)
            .all(|(root, event)| root.cid == event.cid)
    );
}

#[tokio::test]
async fn refuses_what_kubo_refuses() {
    let wrap = || request(|r| r.wrap = true);
    assert_eq!(
        refused(AddRequest::default(), vec![]).await,
        "expected a file argument"
    );
    assert_eq!(
        refused(wrap(), vec![dir(""), file("x", HELLO)]).await,
        "no path given to Mkdir"
    );
    assert_eq!(
        refused(
            AddRequest::default(),
            vec![file("d/x", b"1"), file("d/x", b"2")]
        )
        .await,
        "directory already has entry by that name"
    );
    assert_eq!(
        refused(
            wrap(),
            vec![file("a", b"1"), file("z", b"2"), file("a/b", b"3")]
        )
        .await,
        "file already exists"
    );
}

#[tokio::test]
async fn survives_very_deep_folders() {
    let path = "a/".repeat(3000) + "f";
    let (events, result) = import(
        &Arc::new(MemoryStore::new()),
        &AddRequest::default(),
        vec![file(&path, b"1")],
    )
    .await;
    assert_eq!(result.unwrap().roots[0].name, "a");
    assert_eq!(events.len(), 3001);
}
