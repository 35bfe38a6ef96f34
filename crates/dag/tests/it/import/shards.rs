//! Folders of very many entries.

use super::{Arc, ImportOptions, MemoryStore, Part, dir, file, import, request, table, told};

/// As `expect`, for the last events.
async fn expect_last(name: &str, request: ImportOptions, parts: Vec<Part>, expected: &str) {
    let (mut events, result) = import(&Arc::new(MemoryStore::new()), &request, parts).await;
    result.unwrap();
    let expected = table(expected);
    let events = events.split_off(events.len() - expected.len());
    assert_eq!(told(&events), expected, "{name}");
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
        "
            QmVRZFRg93oEAjZyyQ3uQfFyFfcSL7DquBdvsx2EDJdfh5 56 h/s05
            QmfKEyJ262etCAwvMhnsi6cBMs8sxHTgPHygW2FUVFMx2b 56 h/s02
            QmX7gQCBrVocgoisA2BJpq8qMaFoRd78eX3AmV6otDvicE 56 h/s03
            QmVo2q9fAiQkaqdozgWnEVWULd336ADg3FD6jDK9MfKvvY 56 h/s01
            QmWAxzd6cFbw5cG6RJgqxSuCjFe3K2dWPFH3aoHrHLRHTx 57 h/s10
            QmPZrTXimgEBgqgLhZZa7BZ227totGQWQQJG4A4bYr7WaC 56 h/s08
            QmXR3aEVN24je12qU56QjHEXZDTbfk3DaYubp5QAKsxPtL 56 h/s00
            QmPe33YirAa5oTCDXXiWy36E6gyNB5dJF8H2rWWzgU6ThL 56 h/s07
            QmVtsjSBEvm4jNz3iGNUPhAzUT5SyGGvfTG6fBitwzF6Yk 57 h/s11
            QmaCKNNNckKUPGaXGqXRQuyz5Eohcm8o7TSuKTPzdNfUHu 56 h/s09
            QmdX3TwWuAJMvBFW8NGk9nQQNfyUozZAE1WzD1o63GH9nw 56 h/s06
            QmUqSJ7gnUZXP5JCbEacaQiNTBTuZQxUg3778o2X2Ettw9 56 h/s04
            QmbjCPzfR98jz64N4Ye3zXcx3rBZie4vXj9M5NQ6gKsvUx 1622 h
        ",
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
        "
            QmQS5mArftvNuwSTipwwRpwdSGocEJmaQD4xapQbVCww6G 946 h
        ",
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
        "
            bafybeif4bkzmltleouq7bak5emj44ybhvvxc6tf2nsqg2r5r2uha3ajgqy 1034 h
        ",
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
        "
            bafybeibcaa3h4oppyccwbmmb7opv5v2hliv5eebwmucaml6i6gfjzaqp7m 4098 h
        ",
    )
    .await;
    expect_last(
        "past the threshold",
        ImportOptions::default(),
        (0..2700)
            .map(|i| file(&format!("b/n{i:04}{}", "x".repeat(60)), b""))
            .collect(),
        "
            QmchwRUaEjSrMURDaRFTCytu4X9Ks1dTwDKioPQmBXVP7t 336123 b
        ",
    )
    .await;
    expect_last(
        "below the threshold",
        ImportOptions::default(),
        (0..2600)
            .map(|i| file(&format!("b/n{i:04}{}", "x".repeat(60)), b""))
            .collect(),
        "
            QmbqGiL2HbTHj8bD91jHx8mE6ZfyCvLVb3ZJ4Xtryq3n5P 293804 b
        ",
    )
    .await;
}
