//! Rows of entries: events, names, order, refusals.

use super::{
    Arc, HELLO, ImportOptions, MemoryStore, Part, dir, expect, file, import, link, noise, refused,
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

#[tokio::test]
async fn gives_the_events_of_kubo() {
    expect(
        "wrap",
        request(|r| {
            r.wrap = true;
        }),
        vec![file("f.txt", HELLO)],
        "
            QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o 20 f.txt
            QmSX8SauNAMEQ3xdvp7Wf4ETev47SkBLPbcMfX8aVBZWfA 71
        ",
    )
    .await;
    expect(
        "wrap, v1",
        request(|r| {
            r.wrap = true;
            r.cid_version = Some(1);
        }),
        vec![file("f.txt", HELLO)],
        "
            bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4 12 f.txt
            bafybeigsrurtqfs4b37pzct3pf4rd3m6qkrhp7tobj2poto5y5hmjpsruq 65
        ",
    )
    .await;
    expect(
        "two",
        ImportOptions::default(),
        vec![file("a", b"A"), file("b", b"B")],
        "
            QmRy2a1t6YSCiqXbkUQ1xQtXUQzX4mXmdzjLGey6884Uhb 9 a
            QmRTgroCjkxdw1bCFMb3r1Yq9wy6Rddhdkc2UFFuTBEAFa 9 b
        ",
    )
    .await;
    expect(
        "two, wrapped",
        request(|r| {
            r.wrap = true;
        }),
        vec![file("a", b"A"), file("b", b"B")],
        "
            QmRy2a1t6YSCiqXbkUQ1xQtXUQzX4mXmdzjLGey6884Uhb 9 a
            QmRTgroCjkxdw1bCFMb3r1Yq9wy6Rddhdkc2UFFuTBEAFa 9 b
            QmaqMVzx86m7RvsLKKWJXTuv4495frBHUb4NqGuaFSpqsg 108
        ",
    )
    .await;
    expect(
        "folder",
        ImportOptions::default(),
        tree(),
        "
            QmbK8soBPbnx3jH2tzuYZ4RuqN52WKezdVgHUyN8rx4wsi 15 d/a.txt
            QmXbeshWx2T9pxc1DrAyZZ9WaHNwTdpyCykbEmruSTYpKY 1011 d/b.bin
            QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH 6 d/empty
            QmVAZQrtNtZ2jNHuFKXi7zCX76fd9YzTFCgF6jvPBcowLj 15 d/sub/c.txt
            QmPWAvm9RyjRVf5NtbotzoZGREFAFAvezLuA2HFaEcAvox 15 d/sub/deep/x y.txt
            QmQ25m2xKQYaycdAN8zWBX3LzUv7GC5uBuB8m8DJ9WZJKA 68 d/sub/deep
            QmXgnBc3Zujw6xXZ3yiW8pUCeqAwYYqwczWFrpLX1g4c9u 180 d/sub
            QmU8z8LCjb15qj7smRRiM3UtvMucZGHvtGH6u6ysHhFA1X 1404 d
        ",
    )
    .await;
    expect(
        "folder, v1",
        request(|r| {
            r.cid_version = Some(1);
        }),
        tree(),
        "
            bafkreigqjcqamwhefoz46mzfrjbzj3jc4mj7palgzz7vnqwwcgw7narmeq 7 d/a.txt
            bafkreifvoouxitrlar3pdcm2jerqt6yklvqz362ly2zld3h4fry3sm7bdm 1000 d/b.bin
            bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku 0 d/empty
            bafkreiay6ygyjr3ouaxf52zwqhcjbtoiah4l52gu572cg5vcwmm6jztzs4 7 d/sub/c.txt
            bafkreihep67nwkbdz4nojvgnxattmnn6easmxbyfrdrftsnshv3k4souqq 7 d/sub/deep/x y.txt
            bafybeideb5tyyclmvors2ltfoxxqn7i32uanseozq24yd5syrtfwphbtuu 62 d/sub/deep
            bafybeihru4yggcyhsszgzexeynyvb4szpxpzwvddtm4cssabov3v7n2hza 170 d/sub
            bafybeiansn2yi3ox4ovathlh3jmjevhszsihe5b7lxsj5gyyaj7ybhwd6e 1377 d
        ",
    )
    .await;
    expect(
        "folder, wrapped",
        request(|r| {
            r.wrap = true;
        }),
        tree(),
        "
            QmbK8soBPbnx3jH2tzuYZ4RuqN52WKezdVgHUyN8rx4wsi 15 d/a.txt
            QmXbeshWx2T9pxc1DrAyZZ9WaHNwTdpyCykbEmruSTYpKY 1011 d/b.bin
            QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH 6 d/empty
            QmVAZQrtNtZ2jNHuFKXi7zCX76fd9YzTFCgF6jvPBcowLj 15 d/sub/c.txt
            QmPWAvm9RyjRVf5NtbotzoZGREFAFAvezLuA2HFaEcAvox 15 d/sub/deep/x y.txt
            QmQ25m2xKQYaycdAN8zWBX3LzUv7GC5uBuB8m8DJ9WZJKA 68 d/sub/deep
            QmXgnBc3Zujw6xXZ3yiW8pUCeqAwYYqwczWFrpLX1g4c9u 180 d/sub
            QmU8z8LCjb15qj7smRRiM3UtvMucZGHvtGH6u6ysHhFA1X 1404 d
            QmQ6KW4cPLAH2aq7RnN5UxPq9vjobVqm5HogkrFagZUAKP 1452
        ",
    )
    .await;
    expect(
        "folders nobody announced",
        ImportOptions::default(),
        vec![
            file("p/q/r.txt", HELLO),
            file("p/s.txt", b"Mary had a little lamb"),
        ],
        "
            QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o 20 p/q/r.txt
            QmZfF6C9j4VtoCsTp4KSrhYH47QMd3DNXVZBKaxJdhaPab 30 p/s.txt
            QmTV8zz9zBW41JkvTabsboexWZRCQLFmKZ5JoacLP9pKu8 71 p/q
            QmVyFQ1UUdu3kJvkeZ5htkW4wDyoudujTLCBDdGVfMmgvA 195 p
        ",
    )
    .await;
    expect(
        "link",
        ImportOptions::default(),
        vec![dir("l"), file("l/t", HELLO), link("l/ln", "t")],
        "
            QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o 20 l/t
            QmaWnMD98ndrXfnhjJwmBWpqHyYsrtVC9zEytnakMR55cv 7 l/ln
            QmUJTks6xgDnjWWhcVhFYeTJJfUQAtuSUZRuBxMFPVLpzZ 118 l
        ",
    )
    .await;
    expect(
        "link at the top",
        ImportOptions::default(),
        vec![link("l", "target")],
        "
            QmbqcXVc1m3ptTWpceoVYfkn1gD6MRvjEFbVeMsBjSKQgT 12 l
        ",
    )
    .await;
    expect(
        "empty folder",
        ImportOptions::default(),
        vec![dir("e")],
        "
            QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn 4 e
        ",
    )
    .await;
    expect(
        "empty folder, wrapped",
        request(|r| {
            r.wrap = true;
        }),
        vec![dir("e")],
        "
            QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn 4 e
            QmP5RSLZAjVUM3CeMgACiNZM4mbr79h8vTUa9DWKUvjW1P 51
        ",
    )
    .await;
    expect(
        "no name",
        ImportOptions::default(),
        vec![file("", HELLO)],
        "
            QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o 20 QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o
        ",
    )
    .await;
    expect(
        "no name, wrapped",
        request(|r| {
            r.wrap = true;
        }),
        vec![file("", HELLO)],
        "
            QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o 20 QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o
            Qmdb5ca6qMr46LZPBwL6KJwPEh5TPWHBJh48koichY7swh 112
        ",
    )
    .await;
    expect(
        "a folder without a name",
        ImportOptions::default(),
        vec![dir(""), file("x", HELLO)],
        "
            QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o 20 x
            QmZ3txooPTC2zv3aCKya9wwsrnudLLnz3aQnan1dh2a71i 67
        ",
    )
    .await;
    expect(
        "beyond ASCII",
        request(|r| {
            r.wrap = true;
        }),
        vec![file("grüße ☃.txt", HELLO)],
        "
            QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o 20 grüße ☃.txt
            QmUJhDXDADAEWgdQgteZZReneYdRAwjzhsLoLXEuVcXouA 81
        ",
    )
    .await;
    expect(
        "a path that is not clean",
        ImportOptions::default(),
        vec![file("../x/./y//z", b"1")],
        "
            QmWYddCPs7uR9EvHNCZzpguVFVNfHc6aM3hPVzPdAEESMc 9 x/y/z
            Qmf5MYYUcNUU1EDpYuMN5xFMuGwKBYgVAEU9uzCC5WsSBY 56 x/y
            QmUtidLybduYacpVADxH559d7DnpLw68VaC6Nn4BskHWac 103 x
        ",
    )
    .await;
}

#[tokio::test]
async fn follows_the_order_of_entries() {
    expect(
        "a folder twice",
        ImportOptions::default(),
        vec![file("d/x", b"x"), file("e", b"e"), file("d/y", b"y")],
        "
            QmULKig5Fxrs2sC4qt9nNduucXfb92AFYQ6Hi3YRqDmrYC 9 d/x
            Qmd31Yc93bam5GR22agu3rexdv9rNHQucXf5epxEp1DHBp 56 d
            QmSZ8gXzMUKjmwG5D1rfr5epxdP6wBug5AJX2de8Jn5Hkk 9 e
            QmTwEE2eSyzcvUctxP2negypGDtj7DQDKVy8s3Rvp6y6Pc 9 d/y
            QmXNiJPe955t3T7GGNWGKkGLycdMZcxW8KLnK63HN7gPDz 56 d
        ",
    )
    .await;
    expect(
        "a folder twice, wrapped",
        request(|r| {
            r.wrap = true;
        }),
        vec![file("d/x", b"x"), file("e", b"e"), file("d/y", b"y")],
        "
            QmULKig5Fxrs2sC4qt9nNduucXfb92AFYQ6Hi3YRqDmrYC 9 d/x
            QmSZ8gXzMUKjmwG5D1rfr5epxdP6wBug5AJX2de8Jn5Hkk 9 e
            QmTwEE2eSyzcvUctxP2negypGDtj7DQDKVy8s3Rvp6y6Pc 9 d/y
            QmeCpPv7BfSyKCZ9Mme3yWd8Z3qWGgghgB1n8fZsQjYz3x 108 d
            QmRMtpmAbaHJ3dDb77D6GEKTaHwKyXLxuQ95rQxHoQLtzY 207
        ",
    )
    .await;
    expect(
        "below a file",
        ImportOptions::default(),
        vec![file("a", b"x"), file("a/b", b"e"), file("c", b"y")],
        "
            QmULKig5Fxrs2sC4qt9nNduucXfb92AFYQ6Hi3YRqDmrYC 9 a
            QmTwEE2eSyzcvUctxP2negypGDtj7DQDKVy8s3Rvp6y6Pc 9 c
        ",
    )
    .await;
    expect(
        "a name twice at the top",
        ImportOptions::default(),
        vec![file("x", b"1"), file("x", b"2")],
        "
            QmWYddCPs7uR9EvHNCZzpguVFVNfHc6aM3hPVzPdAEESMc 9 x
            QmT9SanPHnSH5AsBqy2xZbstw4rAw5znFPkmjkvDCMdVuF 9 x
        ",
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
        "
            bafyaabykaueaieqboq 7 d/l
            bafyaagascifawalqaadqubiiaqjac5asafwbqbykaieac 31 d
        ",
    )
    .await;
    expect(
        "folder",
        request(|r| {
            r.inline = true;
            r.inline_limit = Some(128);
        }),
        vec![dir("d"), file("d/a", b"t")],
        "
            bafyaacika4eaeeqboqmac 9 d/a
            bafyaagqscqfa2alqaaequbyiaijac5ayaejacyiybefaecab 35 d
        ",
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
        "
            QmULKig5Fxrs2sC4qt9nNduucXfb92AFYQ6Hi3YRqDmrYC 9 d/x
            QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn 4 d/f
            QmcjCroiYcLA87ADMC4qKmcrt7ReLqSTNBuQntvXvrnRPc 103 d
        ",
    )
    .await;
    expect(
        "but not the top",
        request(|r| {
            r.empty_dirs = Some(false);
        }),
        vec![dir("d")],
        "
            QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn 4 d
        ",
    )
    .await;
    expect(
        "events of files",
        request(|r| {
            r.silent = true;
        }),
        vec![dir("d"), file("d/a", HELLO)],
        "
            QmafEoqGLCtDJgnYekm1ZWF52NSmAwJcb9iVo8xpPVzMee 67 d
        ",
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
async fn tells_the_roots() {
    let parts = vec![file("a", b"1"), dir("d"), file("d/b", b"2"), file("", b"3")];
    let (events, result) = import(
        &Arc::new(MemoryStore::new()),
        &ImportOptions::default(),
        parts,
    )
    .await;
    let roots = result.unwrap().roots;
    let names: Vec<_> = roots.iter().map(|root| root.name.to_string()).collect();
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
        refused(ImportOptions::default(), vec![]).await,
        "there is nothing to add"
    );
    assert_eq!(
        refused(wrap(), vec![dir(""), file("x", HELLO)]).await,
        "a directory has no name"
    );
    assert_eq!(
        refused(
            ImportOptions::default(),
            vec![file("d/x", b"1"), file("d/x", b"2")]
        )
        .await,
        "the directory already has an entry with that name"
    );
    assert_eq!(
        refused(
            wrap(),
            vec![file("a", b"1"), file("z", b"2"), file("a/b", b"3")]
        )
        .await,
        "a directory has the path of a file"
    );
}

#[tokio::test]
async fn survives_very_deep_folders() {
    let path = "a/".repeat(3000) + "f";
    let (events, result) = import(
        &Arc::new(MemoryStore::new()),
        &ImportOptions::default(),
        vec![file(&path, b"1")],
    )
    .await;
    assert_eq!(result.unwrap().roots[0].name, "a");
    assert_eq!(events.len(), 3001);
}
