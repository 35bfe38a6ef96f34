//! What keys mean, and what is refused.

use super::*;

#[test]
fn an_absent_or_null_key_means_its_default() {
    let (config, unknown) = parse("{}").interpret().unwrap();
    assert_eq!((config, unknown), (Config::default(), vec![]));
    let text = r#"{"Datastore": null, "API": {"HTTPHeaders": null}, "Swarm": {"ConnMgr": {"LowWater": null}}, "Mounts": {"IPFS": null}}"#;
    assert_eq!(parse(text).interpret().unwrap().0, Config::default());
    let text = r#"{"Gateway": {"PublicGateways": {"localhost": null, "example.net": {"Paths": ["/ipfs"]}}}}"#;
    let gateways = parse(text)
        .interpret()
        .unwrap()
        .0
        .gateway
        .public_gateways
        .unwrap();
    assert_eq!(gateways["localhost"], None);
    assert_eq!(
        gateways["example.net"].as_ref().unwrap().paths,
        Some(vec!["/ipfs".to_owned()])
    );
}

#[test]
fn names_unknown_keys_and_keeps_them() {
    let text = with("Datastore.Colour", json!("grey"));
    let mut document = parse(&text);
    document.set("Songs", json!({"of": ["old"]})).unwrap();
    document
        .set(
            "Gateway.PublicGateways",
            json!({"example.net": {"Port": 1}}),
        )
        .unwrap();
    let (_, unknown) = document.interpret().unwrap();
    assert_eq!(
        unknown,
        [
            "Datastore.Colour",
            "Gateway.PublicGateways.example.net.Port",
            "Songs"
        ]
    );
    let (_folder, file) = file(&document.to_text());
    assert_eq!(file.unknown_keys(), unknown);
    file.set("Gateway.NoFetch", json!(true)).unwrap();
    file.profile_command("server", false).unwrap();
    let kept = file.document().unwrap();
    assert_eq!(kept.get("Datastore.Colour").unwrap(), "grey");
    assert_eq!(kept.get("Songs.of").unwrap(), &json!(["old"]));
}

#[test]
fn refuses_wrong_types_with_the_key_and_what_was_expected() {
    let cases = [
        (
            "Datastore.StorageGCWatermark",
            json!("90"),
            r#"expected an integer, found string "90""#,
        ),
        (
            "Datastore.StorageMax",
            json!(5),
            "expected a string, found integer `5`",
        ),
        ("Datastore", json!([]), "expected a map, found a list"),
        (
            "Datastore",
            json!("x"),
            r#"expected a map, found string "x""#,
        ),
        (
            "Gateway.NoFetch",
            json!("yes"),
            r#"expected a boolean, found string "yes""#,
        ),
        (
            "Bootstrap",
            json!("auto"),
            r#"expected a list, found string "auto""#,
        ),
        (
            "API.HTTPHeaders.X-A",
            json!("b"),
            r#"expected a list, found string "b""#,
        ),
        (
            "Addresses.API",
            json!(5001),
            "expected a string or a list of strings, found integer `5001`",
        ),
        (
            "Swarm.ConnMgr.GracePeriod",
            json!("10parsecs"),
            r#"unknown unit "parsecs" in duration "10parsecs": expected h, m, s, ms, us or ns"#,
        ),
        (
            "Swarm.ConnMgr.GracePeriod",
            json!(5),
            "expected a duration such as \"1h30m\", or null, found integer `5`",
        ),
        (
            "Gateway.MaxRangeRequestFileSize",
            json!("zz"),
            r#"size "zz" does not begin with a number"#,
        ),
        (
            "Swarm.Transports.Security.TLS",
            json!(true),
            "'true' is not a valid priority",
        ),
        ("AutoNAT.ServiceMode", json!("wow"), "unknown variant `wow`"),
    ];
    for (key, wrong, problem) in cases {
        let error = parse(&with(key, wrong)).interpret().unwrap_err();
        assert!(error.key().unwrap().starts_with(key), "{error}");
        assert!(error.to_string().contains(problem), "{error}");
    }
    for text in ["", "{", "[]", "5", "{\"a\":}"] {
        assert!(
            matches!(Document::parse(text), Err(ConfigError::Syntax { .. })),
            "{text}"
        );
    }
}

#[test]
fn refuses_values_that_cannot_be_used() {
    for (key, wrong) in [
        ("Datastore.StorageMax", json!("lots")),
        ("Datastore.GCPeriod", json!("hourly")),
        ("Datastore.GCPeriod", json!("-1h")),
        ("Datastore.StorageGCWatermark", json!(101)),
        ("Ipns.RecordLifetime", json!("long")),
        ("API.Compat", json!("0.5")),
        ("Import.CidVersion", json!(2)),
        ("Import.UnixFSChunker", json!("size-0")),
        ("Import.UnixFSChunker", json!("rabin-3-2-1")),
        ("Import.UnixFSHAMTDirectoryMaxFanout", json!(100)),
        ("Import.UnixFSDAGLayout", json!("flat")),
        ("Import.HashFunction", json!("md5")),
        ("Import.HashFunction", json!("nonsense")),
    ] {
        let (config, _) = parse(&with(key, wrong)).interpret().unwrap();
        assert_eq!(config.check().unwrap_err().key(), Some(key));
    }
}

#[test]
fn collection_settings_have_defaults() {
    let datastore = |text| parse(text).interpret().unwrap().0.datastore;
    let empty =
        datastore(r#"{"Datastore": {"StorageMax": "", "StorageGCWatermark": 0, "GCPeriod": ""}}"#);
    assert_eq!(empty.gc_threshold().unwrap(), 9_000_000_000);
    assert_eq!(empty.gc_interval().unwrap().to_string(), "1h0m0s");
    let small = datastore(
        r#"{"Datastore": {"StorageMax": "1GiB", "StorageGCWatermark": 50, "GCPeriod": "0"}}"#,
    );
    assert_eq!(small.gc_threshold().unwrap(), 1 << 29);
    assert_eq!(small.gc_interval().unwrap().as_nanos(), 0);
}

#[test]
fn faces_listen_beside_the_rpc() {
    let mut addresses = Addresses::initial();
    assert_eq!(addresses.face(Face::Cluster), ["/ip4/127.0.0.1/tcp/9094"]);
    addresses.pinning = Some(StringOrList::default());
    assert_eq!(addresses.face(Face::Pinning), Vec::<String>::new());
    addresses.api = StringOrList::one("/ip4/127.0.0.1/tcp/0");
    assert_eq!(addresses.face(Face::Upload), ["/ip4/127.0.0.1/tcp/0"]);
    addresses.upload = Some(StringOrList::one("/ip4/127.0.0.1/tcp/7"));
    assert_eq!(addresses.face(Face::Upload), ["/ip4/127.0.0.1/tcp/7"]);
}
