//! Single files: CIDs, sizes, refusals.

use super::{HELLO, ImportOptions, expect, file, noise, refused, request};

#[tokio::test]
async fn gives_the_cids_of_kubo() {
    let mib = noise("mib", (1 << 20) + 17);
    let big = noise("big", (3 << 20) + 5);
    let cases: Vec<(&str, ImportOptions, Vec<u8>, &str, u64)> = vec![
        (
            "hello",
            ImportOptions::default(),
            HELLO.to_vec(),
            "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o",
            20,
        ),
        (
            "mary",
            ImportOptions::default(),
            b"Mary had a little lamb".to_vec(),
            "QmZfF6C9j4VtoCsTp4KSrhYH47QMd3DNXVZBKaxJdhaPab",
            30,
        ),
        (
            "empty",
            ImportOptions::default(),
            b"".to_vec(),
            "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH",
            6,
        ),
        (
            "mib",
            ImportOptions::default(),
            mib.clone(),
            "QmVvTuhxAX3t2RS5kNmG8DWh1TZPYcgfWKBydYxXvoPQHB",
            1048901,
        ),
        (
            "chunk-exact",
            ImportOptions::default(),
            noise("x", 256 << 10),
            "QmX7VzYovwwpfhTn5CB3pEA3J1wihoxH4VyfFmTrcP8273",
            262158,
        ),
        (
            "chunk-plus1",
            ImportOptions::default(),
            noise("x", (256 << 10) + 1),
            "QmQABLcaND8sLehnRvAUQDDiXK8mJrX2sVrfw84Cqu5frT",
            262267,
        ),
        (
            "zeros-1mib",
            ImportOptions::default(),
            vec![0; 1 << 20],
            "QmVkbauSDEaMP4Tkq6Epm9uW75mWm136n81YH8fGtfwdHU",
            1048832,
        ),
        (
            "cidv1",
            request(|r| r.cid_version = Some(1)),
            mib.clone(),
            "bafybeife6wndwhiuwo5zo5xejlodftgb5yhu5pztzupzwhhvhzsdoifh6m",
            1048847,
        ),
        (
            "cidv1-hello",
            request(|r| r.cid_version = Some(1)),
            HELLO.to_vec(),
            "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4",
            12,
        ),
        (
            "cidv1-noraw",
            request(|r| {
                r.cid_version = Some(1);
                r.raw_leaves = Some(false);
            }),
            mib.clone(),
            "bafybeiaphhelxnxi7ia66yk64qks6rhjzb7whk7hc4b4f6xervckyfhbk4",
            1048911,
        ),
        (
            "raw-leaves",
            request(|r| r.raw_leaves = Some(true)),
            mib.clone(),
            "QmZSanRkMCfmtnYPvZmt9MR4c2Jtrqnpxcn7Bye1Ypt5ez",
            1048847,
        ),
        (
            "raw-leaves-small",
            request(|r| r.raw_leaves = Some(true)),
            HELLO.to_vec(),
            "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4",
            12,
        ),
        (
            "trickle",
            request(|r| r.trickle = Some(true)),
            mib.clone(),
            "QmdZaXh1RaThAVsRhhosH6LRhs4uA98gftAa6GovJn6nPi",
            1048901,
        ),
        (
            "trickle-v1",
            request(|r| {
                r.trickle = Some(true);
                r.cid_version = Some(1);
                r.chunker = Some("size-4096".into());
            }),
            big.clone(),
            "bafybeidiclgefuesi2mru22c23eraqefzmwrizwnwycjmtfdidw3su34ry",
            3182889,
        ),
        (
            "chunker.size-1000",
            request(|r| r.chunker = Some("size-1000".into())),
            big.clone(),
            "QmWKUFbFUHekjsnM176oBGzbu2LB9L8dANo5edubNhaMRY",
            3326143,
        ),
        (
            "chunker.size-65536",
            request(|r| r.chunker = Some("size-65536".into())),
            big.clone(),
            "QmV2jjPLjEd87bB4CDxmnL6SHgUNgYDRxjGeDswRbrU1n2",
            3148771,
        ),
        (
            "chunker.size-1048576",
            request(|r| r.chunker = Some("size-1048576".into())),
            big.clone(),
            "QmPvAcw6z1C8GbswfVJNR2aNuxYuooiQ4R71naCg5Juk5U",
            3145980,
        ),
        (
            "chunker.rabin",
            request(|r| r.chunker = Some("rabin".into())),
            big.clone(),
            "Qme1RKVQJ2XSXWAJMADNv3pYjZ6nRkhrH6bLtmAhyU7vcT",
            3146424,
        ),
        (
            "chunker.rabin-65536",
            request(|r| r.chunker = Some("rabin-65536".into())),
            big.clone(),
            "QmbyWW7M7fh8FGn78ceYzK3NZXvDWAY4dHHCxiX4h3VVG4",
            3148409,
        ),
        (
            "chunker.rabin-16384-65536-131072",
            request(|r| r.chunker = Some("rabin-16384-65536-131072".into())),
            big.clone(),
            "QmRTFcZ9wrjcpbYhnmGB2zt3BWC22zzL3xfrKKYqYRCKcg",
            3148471,
        ),
        (
            "chunker.buzhash",
            request(|r| r.chunker = Some("buzhash".into())),
            big.clone(),
            "QmYwdKLYjuqMxbdvKgkcRhbsRyE9tyJjpVkfz6W726w7PT",
            3146548,
        ),
        (
            "chunker.size-1-many",
            request(|r| {
                r.chunker = Some("size-7".into());
                r.cid_version = Some(1);
            }),
            noise("m", 2000),
            "bafybeidvhp77c7qqsqbg6z6mktxpjh3p5ahvnlgeuucok7obyirg2pgvbi",
            15275,
        ),
        (
            "hash.sha2-512",
            request(|r| r.hash = Some("sha2-512".into())),
            HELLO.to_vec(),
            "bafkrgqg3hf2ks7zea634vynomn6aamdipiizcmtu2v4esjky4oobnqax32covtoiyyx6gtxe4evuwfbiqf7qtnvcoygd7ctgjtvostjegsszg",
            12,
        ),
        (
            "hash.blake2b-256",
            request(|r| r.hash = Some("blake2b-256".into())),
            HELLO.to_vec(),
            "bafk2bzaceddrwbp5duohx57jfd7rrzmnwumt5eywifwme25jzsijjwua24ar4",
            12,
        ),
        (
            "hash.blake3",
            request(|r| r.hash = Some("blake3".into())),
            HELLO.to_vec(),
            "bafkr4ig4ljhnxasawambeqcsymycobuw7ftxdjr3iusquxax2maa5artku",
            12,
        ),
        (
            "hash.sha3-256",
            request(|r| r.hash = Some("sha3-256".into())),
            HELLO.to_vec(),
            "bafkrmifiacnhuuunq53yynlnuosv3fshdhubqztkatspsygj4jbz4nprha",
            12,
        ),
        (
            "hash.identity",
            request(|r| r.hash = Some("identity".into())),
            HELLO.to_vec(),
            "bafkqaddimvwgy3zao5xxe3debi",
            12,
        ),
        (
            "only-hash",
            request(|r| r.only_hash = true),
            noise("oh", 500 << 10),
            "QmXfTcYq5fnga6t7gepZ1DSuoN9m3xLwfokEgA694LUriA",
            512132,
        ),
        (
            "inline-small",
            request(|r| r.inline = true),
            b"tiny".to_vec(),
            "bafyaadakbieaeeqeoruw46iyaq",
            12,
        ),
        (
            "inline-32",
            request(|r| r.inline = true),
            noise("i", 32),
            "QmNYjW86ztTA5cTFubZsJf9uhyZfEXghmqXpENe3w523ru",
            40,
        ),
        (
            "inline-33",
            request(|r| r.inline = true),
            noise("i", 33),
            "QmRqKW57bES8rJaahfuTf7kQCVSuDMxJ3Hch5aX89BoUfd",
            41,
        ),
        (
            "inline-limit",
            request(|r| {
                r.inline = true;
                r.inline_limit = Some(64);
            }),
            noise("i", 64),
            "QmPtripzY8PKrwtdiBjacuKSncGJjLHm4sdXamkAMUDqwp",
            72,
        ),
        (
            "mode-mtime",
            request(|r| {
                r.mode = 0o644;
                r.mtime = 1_700_000_000;
            }),
            HELLO.to_vec(),
            "QmUkXbUAwrbEF8QdTV2bBidJbw9xKLnjgLFQVoqnvH63YH",
            31,
        ),
        (
            "mtime-nsecs",
            request(|r| {
                r.mtime = 1_700_000_000;
                r.mtime_nsecs = 5;
            }),
            HELLO.to_vec(),
            "QmUcTisyqWtTY1XW6mP1iT8jSUz4QbNgGcmYNq9HvqT7UW",
            33,
        ),
        (
            "maxlinks",
            request(|r| {
                r.max_file_links = Some(3);
                r.chunker = Some("size-65536".into());
            }),
            mib.clone(),
            "QmTveywXnT5j24gkwjtBsr78NzQgee1UrygV1BrfEF7d5E",
            1050093,
        ),
        (
            "bits above the permissions",
            request(|r| r.mode = 0o4755),
            HELLO.to_vec(),
            "QmWu6QP86Z1mWUmexVXPxN97PZHrA8sHL1Y2noA8oPX5pk",
            23,
        ),
        (
            "inline, raw",
            request(|r| {
                r.inline = true;
                r.cid_version = Some(1);
            }),
            b"t".to_vec(),
            "bafkqaalu",
            1,
        ),
        (
            "buzhash, v1",
            request(|r| {
                r.cid_version = Some(1);
                r.chunker = Some("buzhash".into());
            }),
            big.clone(),
            "bafybeibyqs4jflczrkv3f3sf5aexvjf4rbimn6znq4he2rlox6ryztg5am",
            3146392,
        ),
        (
            "deep trickle",
            request(|r| {
                r.cid_version = Some(1);
                r.trickle = Some(true);
                r.chunker = Some("size-100".into());
                r.max_file_links = Some(5);
            }),
            noise("t", 100_000),
            "bafybeiavvjux65sxmdzlmegwagjqidazkkhynz3leuhxt7i6vjdxojo7bm",
            156962,
        ),
        (
            "trickle with permissions",
            request(|r| {
                r.trickle = Some(true);
                r.chunker = Some("size-100".into());
                r.mode = 0o600;
                r.mtime = 5;
            }),
            noise("t", 3000),
            "QmZUdPCuw9V2kJm7qEJi2Xfi5p7gzouXEAonfdoTskVaha",
            4574,
        ),
        (
            "empty trickle",
            request(|r| r.trickle = Some(true)),
            b"".to_vec(),
            "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH",
            6,
        ),
        (
            "no bound on links",
            request(|r| r.max_file_links = Some(0)),
            b"12".to_vec(),
            "Qmbr2rDCV45phcm2vgSZmPLG6LjH6LUJYYMGauR7akP4TB",
            10,
        ),
        (
            "hash in capitals",
            request(|r| r.hash = Some("SHA2-256".into())),
            HELLO.to_vec(),
            "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o",
            20,
        ),
        (
            "version below zero",
            request(|r| r.cid_version = Some(-1)),
            HELLO.to_vec(),
            "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o",
            20,
        ),
    ];
    for (name, request, data, cid, size) in cases {
        expect(
            name,
            request,
            vec![file("f", &data)],
            &format!("{cid} {size} f"),
        )
        .await;
    }
}

#[tokio::test]
async fn refuses_what_kubo_refuses() {
    for (request, text) in [
        (
            request(|r| r.chunker = Some("foo-1".into())),
            "unknown chunker \"foo-1\": expected size-BYTES, rabin, rabin-AVG, rabin-MIN-AVG-MAX or buzhash",
        ),
        (
            request(|r| r.chunker = Some("size-99999999".into())),
            "the chunk size must be at most 2096896 bytes",
        ),
        (
            request(|r| r.chunker = Some("size-0".into())),
            "the chunk size must be greater than 0",
        ),
        (
            request(|r| {
                r.cid_version = Some(0);
                r.hash = Some("sha2-512".into());
            }),
            "CIDv0 requires sha2-256",
        ),
        (
            request(|r| r.cid_version = Some(2)),
            "invalid CID version 2: expected 0 or 1",
        ),
        (
            request(|r| {
                r.cid_version = Some(-2);
                r.hash = Some("sha2-512".into());
            }),
            "invalid CID version -2: expected 0 or 1",
        ),
        (
            request(|r| r.hash = Some("md5".into())),
            "the hash function is not secure enough to be used",
        ),
        (
            request(|r| r.hash = Some("murmur3-x64-64".into())),
            "the hash function is not secure enough to be used",
        ),
        (
            request(|r| r.hash = Some("nope".into())),
            "unknown hash function \"nope\"",
        ),
        (
            request(|r| {
                r.nocopy = true;
                r.raw_leaves = Some(false);
            }),
            "references to files require raw leaves",
        ),
        (
            request(|r| r.nocopy = true),
            "references to files are disabled: set Experimental.FilestoreEnabled to enable them",
        ),
        (
            request(|r| {
                r.raw_leaves = Some(true);
                r.mtime = 5;
            }),
            "raw leaves cannot store a mode or a modification time",
        ),
        (
            request(|r| r.max_hamt_fanout = Some(12)),
            "invalid HAMT fanout 12: expected a power of 2 between 8 and 1024",
        ),
        (
            request(|r| {
                r.inline = true;
                r.inline_limit = Some(129);
            }),
            "blocks of 129 bytes cannot be inlined: at most 128",
        ),
        (
            request(|r| {
                r.pin = Some(false);
                r.pin_name = Some("x".into());
            }),
            "a pin name requires a pin",
        ),
        (
            request(|r| r.pin_name = Some("x".repeat(256))),
            "the name of the pin has 256 bytes: at most 255 are allowed",
        ),
        (
            request(|r| r.mtime_nsecs = 5),
            "nanoseconds of the modification time require its seconds",
        ),
        (
            request(|r| {
                r.mtime = 1;
                r.mtime_nsecs = 1_000_000_000;
            }),
            "nanoseconds of the modification time must be between 1 and 999999999",
        ),
        (
            request(|r| {
                r.only_hash = true;
                r.to_files = true;
            }),
            "content that is only hashed cannot be added to MFS",
        ),
        (
            request(|r| {
                r.wrap = true;
                r.to_files = true;
            }),
            "content that is added to MFS cannot be wrapped in a directory",
        ),
    ] {
        assert_eq!(refused(request, vec![file("f", HELLO)]).await, text);
    }
    let identity = request(|r| r.hash = Some("identity".into()));
    assert_eq!(
        refused(identity, vec![file("f", &noise("q", 200))]).await,
        "the identity digest of 200 bytes is too long: at most 128 bytes"
    );
}
