//! The configuration against files that Kubo 0.42.0 wrote.

use serde_json::{Value, json};

use super::*;
use crate::config::sections::{Addresses, Face};

/// A file that `ipfs init --profile NAME` wrote; all with one throwaway key.
macro_rules! kubo {
    ($name:literal) => {
        include_str!(concat!("fixtures/kubo-0.42.0.", $name, ".json"))
    };
}

fn parse(text: &str) -> Document {
    Document::parse(text).unwrap()
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A configuration file in a folder of its own.
fn file(text: &str) -> (tempfile::TempDir, ConfigFile) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, text).unwrap();
    let file = ConfigFile::load(path).unwrap();
    (folder, file)
}

fn with(key: &str, to: Value) -> String {
    let mut document = parse(kubo!("default"));
    document.set(key, to).unwrap();
    document.to_text()
}

#[test]
fn begins_as_kubo_begins_with_every_profile() {
    let kubo = value(kubo!("default"));
    let identity = parse(kubo!("default")).interpret().unwrap().0.identity;
    for (name, text) in [
        ("default-datastore", kubo!("default")),
        ("test", kubo!("test")),
        ("server", kubo!("server")),
        ("lowpower", kubo!("lowpower")),
        ("announce-off", kubo!("announce-off")),
        ("announce-on", kubo!("announce-on")),
        ("autoconf-off", kubo!("autoconf-off")),
        ("autoconf-on", kubo!("autoconf-on")),
        ("unixfs-v0-2015", kubo!("unixfs-v0-2015")),
        ("legacy-cid-v0", kubo!("unixfs-v0-2015")),
        ("unixfs-v1-2025", kubo!("unixfs-v1-2025")),
    ] {
        let mut config = Config::initial(identity.clone());
        Profile::named(name).unwrap().apply(&mut config).unwrap();
        let mut ours = value(&Document::of(&config).unwrap().to_text());
        // What the store is made of differs, in the same form.
        let spec = ours["Datastore"]["Spec"].take();
        assert_eq!(
            spec["mounts"][0]
                .as_object()
                .unwrap()
                .keys()
                .collect::<Vec<_>>(),
            kubo["Datastore"]["Spec"]["mounts"][0]
                .as_object()
                .unwrap()
                .keys()
                .collect::<Vec<_>>()
        );
        let mut theirs = value(text);
        theirs["Datastore"]["Spec"].take();
        assert_eq!(ours, theirs, "{name}");
    }
}

#[test]
fn writes_the_keys_in_kubos_order() {
    let identity = parse(kubo!("default")).interpret().unwrap().0.identity;
    let ours = Document::of(&Config::initial(identity)).unwrap().to_text();
    let keys = |text: &str| {
        let keys: Vec<String> = text
            .lines()
            .filter_map(|line| line.trim().split_once("\":"))
            .map(|(key, _)| key.to_owned())
            .collect();
        keys
    };
    assert_eq!(keys(&ours), keys(kubo!("default")));
}

#[test]
fn reads_what_kubo_writes_and_keeps_it() {
    let document = parse(kubo!("server"));
    let (config, unknown) = document.interpret().unwrap();
    assert_eq!(unknown, Vec::<String>::new());
    assert_eq!(
        value(&Document::of(&config).unwrap().to_text()),
        value(kubo!("server"))
    );
    assert_eq!(value(&document.to_text()), value(kubo!("server")));
}

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
            r#"time: unknown unit "parsecs" in duration "10parsecs""#,
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
    addresses.pinning = Some(Strings::default());
    assert_eq!(addresses.face(Face::Pinning), Vec::<String>::new());
    addresses.api = Strings::one("/ip4/127.0.0.1/tcp/0");
    assert_eq!(addresses.face(Face::Upload), ["/ip4/127.0.0.1/tcp/0"]);
    addresses.upload = Some(Strings::one("/ip4/127.0.0.1/tcp/7"));
    assert_eq!(addresses.face(Face::Upload), ["/ip4/127.0.0.1/tcp/7"]);
}

#[test]
fn gets_and_sets_as_kubos_command_does() {
    let (_folder, file) = file(kubo!("default"));
    let say = |result: Result<Value, CommandError>| match result {
        Ok(value) => value.to_string(),
        Err(error) => format!("! {error}"),
    };
    let get = |key: &str| say(file.get_command(key));
    let set = |key: &str, value: &str| say(file.set_command(key, value, false, false));
    let json = |key: &str, value: &str| say(file.set_command(key, value, false, true));
    assert_eq!(get("Gateway.RootRedirect"), r#""""#);
    assert_eq!(set("Gateway.RootRedirect", "/x"), r#""/x""#);
    assert_eq!(get("Gateway.RootRedirect"), r#""/x""#);
    assert_eq!(
        say(file.set_command("Gateway.NoFetch", "true", true, false)),
        "true"
    );
    assert_eq!(
        say(file.set_command("Gateway.NoFetch", "yes", true, false)),
        "false"
    );
    assert_eq!(
        json("Gateway.HTTPHeaders", r#"{"X-A":["b"]}"#),
        r#"{"X-A":["b"]}"#
    );
    assert_eq!(get("Gateway.HTTPHeaders.X-A"), r#"["b"]"#);
    assert_eq!(
        get("No.Such"),
        r#"! failed to get config value: "No not found""#
    );
    assert_eq!(
        get("Swarm.ConnMgr.Type"),
        r#"! failed to get config value: "Swarm.ConnMgr.Type not found""#
    );
    assert_eq!(
        get("Datastore.Spec.mounts.x"),
        r#"! failed to get config value: "Datastore.Spec.mounts key is not a map""#
    );
    for key in ["Identity", "Identity.PrivKey", "identity.privkey"] {
        assert_eq!(get(key), "! cannot show or change private key through API");
        assert_eq!(
            json(key, "{}"),
            "! cannot show or change private key through API"
        );
    }
    assert!(get("Identity.PeerID").contains("12D3Koo"));
    for key in [
        "Pinning",
        "Pinning.RemoteServices",
        "pinning.remoteservices.x.API.Key",
    ] {
        assert_eq!(
            get(key),
            "! cannot show or change pinning services credentials"
        );
    }
    assert_eq!(
        json("Gateway.HTTPHeaders", "{"),
        "! failed to unmarshal json. unexpected end of JSON input"
    );
    assert_eq!(
        set("Foo.Bar", "1"),
        "! failed to set config value: Foo not found (maybe use --json?)"
    );
    assert_eq!(
        set("Datastore.Foo", "1"),
        "! failed to set config value: Datastore.Foo not found (maybe use --json?)"
    );
    assert_eq!(
        set("Datastore.StorageMax.Foo", "1"),
        "! failed to set config value: Datastore.StorageMax key is not a map (maybe use --json?)"
    );
    assert_eq!(
        set("Gateway.NoFetch", "yes"),
        r#"! failed to set config value: Gateway.NoFetch: expected a boolean, found string "yes" (maybe use --json?)"#
    );
    assert_eq!(
        set("Datastore.StorageMax", "lots"),
        r#"! failed to set config value: Datastore.StorageMax: size "lots" does not begin with a number (maybe use --json?)"#
    );
    assert_eq!(json("Datastore.StorageGCWatermark", "80"), "80");
    assert_eq!(file.config().datastore.storage_gc_watermark, 80);
    assert_eq!(json("Plugins.Plugins.x.Disabled", "true"), "true");
    assert_eq!(set("Swarm.ConnMgr.GracePeriod", "1m"), r#""1m""#);
}

#[test]
fn shows_no_secrets() {
    let mut document = parse(kubo!("default"));
    document
        .set(
            "Pinning.RemoteServices",
            json!({"mine": {"API": {"Endpoint": "https://a", "Key": "sesame"}}}),
        )
        .unwrap();
    document
        .set(
            "API.Authorizations",
            json!({"me": {"AuthSecret": "bearer:sesame"}}),
        )
        .unwrap();
    document
        .set(
            "Database.URL",
            json!("postgres://me:sesame@host:5432/db?sslmode=require"),
        )
        .unwrap();
    let (_folder, file) = file(&document.to_text());
    let shown = file.show_command().unwrap();
    let text = shown.to_string();
    assert!(
        !text.contains("sesame") && !text.contains("PrivKey"),
        "{text}"
    );
    assert_eq!(
        shown["Pinning"]["RemoteServices"]["mine"]["API"],
        json!({"Endpoint": "https://a"})
    );
    assert_eq!(shown["API"]["Authorizations"], json!({}));
    assert_eq!(
        shown["Database"]["URL"],
        "postgres://me:***@host:5432/db?sslmode=require"
    );
    assert_eq!(
        file.get_command("Database.URL").unwrap(),
        shown["Database"]["URL"]
    );
    let keys: Vec<_> = shown.as_object().unwrap().keys().collect();
    assert!(keys.is_sorted());
    assert!(!format!("{:?}", file.config()).contains("sesame"));

    // What was shown can be put back, and changes no secret.
    file.replace(text.as_bytes()).unwrap();
    assert_eq!(
        file.document().unwrap().interpret().unwrap(),
        document.interpret().unwrap()
    );
}

#[test]
fn replaces_all_but_secrets() {
    let (_folder, file) = file(&with(
        "Pinning.RemoteServices",
        json!({"a.b": {"API": {"Endpoint": "https://a", "Key": "sesame"}}}),
    ));
    let replace = |change: &dyn Fn(&mut Value)| {
        let mut new = file.show_command().unwrap();
        change(&mut new);
        file.replace(new.to_string().as_bytes())
            .map_err(|error| error.to_string())
    };
    let services = |new: &mut Value| {
        new["Pinning"]["RemoteServices"]
            .as_object_mut()
            .unwrap()
            .clone()
    };
    replace(&|new| {
        new["Gateway"] = json!({"NoFetch": true});
        new["Identity"]["PeerID"] = json!("someone else");
        new["Pinning"]["RemoteServices"]["a.b"]["Policies"] = json!({"MFS": {"Enable": true}});
    })
    .unwrap();
    let config = file.config();
    assert!(config.gateway.no_fetch);
    let service = &config.pinning.remote_services.as_ref().unwrap()["a.b"];
    assert_eq!(
        (service.api.key.expose(), service.policies.mfs.enable),
        ("sesame", true)
    );
    assert!(config.identity.peer_id.starts_with("12D3Koo") && !config.identity.priv_key.is_empty());
    // Sections that were left out are there with their defaults, as Kubo writes them.
    assert_eq!(file.get_command("Gateway.RootRedirect").unwrap(), "");

    let fails = |change: &dyn Fn(&mut Value), message: &str| {
        assert_eq!(replace(change).unwrap_err(), message);
    };
    fails(
        &|new| new["Identity"]["PrivKey"] = json!("x"),
        "setting private key with API is not supported",
    );
    fails(
        &|new| new["Gateway"] = json!(5),
        "failed to decode file as config",
    );
    fails(
        &|new| new["Pinning"]["RemoteServices"] = json!({}),
        "cannot add or remove remote pinning services with 'config replace'",
    );
    fails(
        &|new| {
            let mut all = services(new);
            let other = all.remove("a.b").unwrap();
            all.insert("other".into(), other);
            new["Pinning"]["RemoteServices"] = Value::Object(all);
        },
        "cannot add or remove remote pinning services with 'config replace'",
    );
    fails(
        &|new| new["Pinning"]["RemoteServices"]["a.b"]["API"]["Endpoint"] = json!("https://evil"),
        "cannot change remote pinning services api info with `config replace`",
    );
    assert_eq!(
        file.replace(b"{").unwrap_err().to_string(),
        "failed to decode file as config"
    );
    assert_eq!(
        file.replace(b"\xff").unwrap_err().to_string(),
        "failed to decode file as config"
    );
}

#[test]
fn profiles_are_applied_after_a_copy_was_made() {
    let (folder, file) = file(kubo!("default"));
    assert_eq!(
        file.profile_command("zz", false).unwrap_err().to_string(),
        "zz is not a profile"
    );
    let change = file.profile_command("test", true).unwrap();
    assert_eq!(change.new["Addresses"]["API"], "/ip4/127.0.0.1/tcp/0");
    assert_eq!(change.old["Addresses"]["API"], "/ip4/127.0.0.1/tcp/5001");
    assert!(!format!("{change:?}").contains("PrivKey"));
    assert_eq!(
        value(&std::fs::read_to_string(file.path()).unwrap()),
        value(kubo!("default"))
    );

    file.profile_command("test", false).unwrap();
    assert_eq!(
        value(&file.document().unwrap().to_text()),
        value(kubo!("test"))
    );
    assert_eq!(*file.config(), parse(kubo!("test")).interpret().unwrap().0);
    let copy = folder.path().join("config-pre-test-1");
    assert_eq!(
        value(&std::fs::read_to_string(copy).unwrap()),
        value(kubo!("default"))
    );
    // And taken back, even what a profile had set that is absent otherwise.
    file.profile_command("default-networking", false).unwrap();
    assert!(matches!(
        file.document().unwrap().get("AutoConf.Enabled"),
        Err(ConfigError::NotFound { .. })
    ));
    assert_eq!(Profile::names().count(), 20);
    assert!(Profile::names().is_sorted());
}

#[test]
fn random_ports_are_ports() {
    let mut config = Config::default();
    Profile::RandomPorts.apply(&mut config).unwrap();
    let swarm = config.addresses.swarm.unwrap();
    assert!(
        swarm[0].starts_with("/ip4/0.0.0.0/tcp/") && !swarm[0].ends_with("/0"),
        "{swarm:?}"
    );
}

#[test]
fn changes_by_hand_are_kept_and_failed_changes_leave_the_file() {
    let (_folder, file) = file(kubo!("default"));
    std::fs::write(file.path(), with("Gateway.RootRedirect", json!("/by-hand"))).unwrap();
    file.set("Gateway.NoFetch", json!(true)).unwrap();
    assert_eq!(
        file.get_command("Gateway.RootRedirect").unwrap(),
        "/by-hand"
    );
    let before = std::fs::read(file.path()).unwrap();
    assert!(file.set("Gateway.NoFetch", json!(1)).is_err());
    assert_eq!(std::fs::read(file.path()).unwrap(), before);
    std::fs::remove_file(file.path()).unwrap();
    assert!(matches!(
        file.set("Gateway.NoFetch", json!(true)),
        Err(ConfigError::Io { action: "read", .. })
    ));
}
