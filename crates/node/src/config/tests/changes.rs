//! What `config` and its commands show and change.

use super::*;

#[test]
fn gets_and_sets_as_kubos_command_does() {
    let (_folder, file) = file(kubo!("default"));
    let say = |result: Result<Value, ConfigCommandError>| match result {
        Ok(value) => value.to_string(),
        Err(error) => match std::error::Error::source(&error) {
            Some(cause) => format!("! {error}: {cause}"),
            None => format!("! {error}"),
        },
    };
    let get = |key: &str| say(file.get_command(key));
    let set =
        |key: &str, value: &str| say(file.set_command(key, value, false, false, Changes::All));
    let json =
        |key: &str, value: &str| say(file.set_command(key, value, false, true, Changes::All));
    assert_eq!(get("Gateway.RootRedirect"), r#""""#);
    assert_eq!(set("Gateway.RootRedirect", "/x"), r#""/x""#);
    assert_eq!(get("Gateway.RootRedirect"), r#""/x""#);
    assert_eq!(
        say(file.set_command("Gateway.NoFetch", "true", true, false, Changes::All)),
        "true"
    );
    for wrong in ["yes", "1", "TRUE", ""] {
        assert_eq!(
            say(file.set_command("Gateway.NoFetch", wrong, true, false, Changes::All)),
            format!("! Gateway.NoFetch: expected true or false, found {wrong:?}")
        );
    }
    assert!(file.config().gateway.no_fetch);
    assert_eq!(
        json("Gateway.NoFetch", "5"),
        "! cannot change the setting: Gateway.NoFetch: expected a boolean, found integer `5`"
    );
    assert_eq!(
        json("Gateway.HTTPHeaders", r#"{"X-A":["b"]}"#),
        r#"{"X-A":["b"]}"#
    );
    assert_eq!(get("Gateway.HTTPHeaders.X-A"), r#"["b"]"#);
    assert_eq!(get("No.Such"), r#"! cannot read the setting: No not found"#);
    assert_eq!(
        get("Swarm.ConnMgr.Type"),
        r#"! cannot read the setting: Swarm.ConnMgr.Type not found"#
    );
    assert_eq!(
        get("Datastore.Spec.mounts.x"),
        r#"! cannot read the setting: Datastore.Spec.mounts is not a map"#
    );
    for key in ["Identity", "Identity.PrivKey", "identity.privkey"] {
        assert_eq!(
            get(key),
            "! the private key cannot be shown or changed by this command"
        );
        assert_eq!(
            json(key, "{}"),
            "! the private key cannot be shown or changed by this command"
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
            "! the credentials of remote pinning services cannot be shown or changed by this command"
        );
    }
    assert_eq!(
        json("Gateway.HTTPHeaders", "{"),
        "! the value is not JSON: EOF while parsing an object at line 1 column 1"
    );
    assert_eq!(
        set("Foo.Bar", "1"),
        "! cannot change the setting (--json takes values other than strings): Foo not found"
    );
    assert_eq!(
        set("Datastore.Foo", "1"),
        "! cannot change the setting (--json takes values other than strings): Datastore.Foo not found"
    );
    assert_eq!(
        set("Datastore.StorageMax.Foo", "1"),
        "! cannot change the setting (--json takes values other than strings): Datastore.StorageMax is not a map"
    );
    assert_eq!(
        set("Gateway.NoFetch", "yes"),
        r#"! cannot change the setting (--json takes values other than strings): Gateway.NoFetch: expected a boolean, found string "yes""#
    );
    assert_eq!(
        set("Datastore.StorageMax", "lots"),
        r#"! cannot change the setting (--json takes values other than strings): Datastore.StorageMax: size "lots" does not begin with a number"#
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
    file.replace(text.as_bytes(), Changes::All).unwrap();
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
        file.replace(new.to_string().as_bytes(), Changes::All)
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
        "the new configuration must not contain Identity.PrivKey",
    );
    fails(
        &|new| new["Gateway"] = json!(5),
        "the file is not a valid configuration",
    );
    fails(
        &|new| new["Pinning"]["RemoteServices"] = json!({}),
        "replacing the configuration cannot add or remove remote pinning services",
    );
    fails(
        &|new| {
            let mut all = services(new);
            let other = all.remove("a.b").unwrap();
            all.insert("other".into(), other);
            new["Pinning"]["RemoteServices"] = Value::Object(all);
        },
        "replacing the configuration cannot add or remove remote pinning services",
    );
    fails(
        &|new| new["Pinning"]["RemoteServices"]["a.b"]["API"]["Endpoint"] = json!("https://evil"),
        "replacing the configuration cannot change the API of a remote pinning service",
    );
    assert_eq!(
        file.replace(b"{", Changes::All).unwrap_err().to_string(),
        "the file is not a valid configuration"
    );
    assert_eq!(
        file.replace(b"\xff", Changes::All).unwrap_err().to_string(),
        "the file is not a valid configuration"
    );
}

#[test]
fn profiles_are_applied_after_a_copy_was_made() {
    let (folder, file) = file(kubo!("default"));
    assert_eq!(
        file.profile_command("zz", false).unwrap_err().to_string(),
        "there is no profile \"zz\""
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

#[test]
fn credentials_of_the_rpc_are_neither_shown_nor_given_by_one_who_needs_them() {
    let (folder, file) = file(&with(
        "API.Authorizations",
        json!({"me": {"AuthSecret": "bearer:sesame", "AllowedPaths": ["/api/v0/config"]}}),
    ));
    for key in [
        "API.Authorizations",
        "api.authorizations",
        "API.AUTHORIZATIONS.me",
        "API.Authorizations.me.AuthSecret",
        "API.Authorizations.me.AllowedPaths",
        "API.Authorizations.",
        "API.Authorizations.nobody",
    ] {
        let refused = file.get_command(key).unwrap_err();
        assert!(matches!(refused, ConfigCommandError::Credentials), "{key}");
    }
    assert_eq!(
        file.get_command("API").unwrap(),
        json!({"Authorizations": {}, "HTTPHeaders": {}})
    );
    for key in [
        "\"API\"",
        "API.",
        ".API",
        "'API'.'Authorizations'",
        "API.Auth*",
        "",
    ] {
        assert!(file.get_command(key).is_err(), "{key}");
    }
    // Setting one does not tell it.
    let secret = file.set_command(
        "API.Authorizations.you.AuthSecret",
        "bearer:open",
        false,
        false,
        Changes::All,
    );
    assert_eq!(secret.unwrap(), Value::Null);
    let before = std::fs::read(folder.path().join("config")).unwrap();
    for (key, value) in [
        ("API.Authorizations", "{}"),
        ("api.authorizations.me.AuthSecret", "\"x\""),
        (
            "API.Authorizations.evil",
            r#"{"AuthSecret":"bearer:x","AllowedPaths":["/"]}"#,
        ),
        ("API", r#"{"Authorizations":{}}"#),
    ] {
        let refused = file.set_command(key, value, false, true, Changes::NoCredentials);
        assert!(
            matches!(refused, Err(ConfigCommandError::CredentialsKept)),
            "{key}"
        );
    }
    let mut new = file.show_command().unwrap();
    new["API"]["Authorizations"] =
        json!({"evil": {"AuthSecret": "bearer:x", "AllowedPaths": ["/"]}});
    let refused = file.replace(new.to_string().as_bytes(), Changes::NoCredentials);
    assert!(matches!(refused, Err(ConfigCommandError::CredentialsKept)));
    assert_eq!(std::fs::read(folder.path().join("config")).unwrap(), before);
    // What was shown goes back in, and takes no credential away.
    let shown = file.show_command().unwrap().to_string();
    file.replace(shown.as_bytes(), Changes::NoCredentials)
        .unwrap();
    assert_eq!(file.config().api.authorizations.as_ref().unwrap().len(), 2);
}

#[test]
fn errors_quote_no_secret() {
    for (key, value) in [
        ("API.Authorizations", json!("bearer:sesame")),
        ("API.Authorizations", json!({"me": "bearer:sesame"})),
        (
            "API.Authorizations",
            json!({"me": {"AuthSecret": ["bearer:sesame"]}}),
        ),
        ("API", json!("bearer:sesame")),
        ("Identity", json!("sesame")),
        ("Identity.PrivKey", json!({"a": "sesame"})),
        ("Pinning.RemoteServices", json!({"x": {"API": "sesame"}})),
        ("Pinning", json!("sesame")),
        ("Database", json!("postgres://me:sesame@host")),
        ("Database.URL", json!(["postgres://me:sesame@host"])),
    ] {
        let text = with(key, value.clone());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, kubo!("default")).unwrap();
        let file = ConfigFile::load(&path).unwrap();
        std::fs::write(&path, text).unwrap();
        // Through a daemon that has been running since before the file was broken.
        let errors = [
            file.set_command("Gateway.NoFetch", "true", true, false, Changes::All)
                .unwrap_err()
                .to_string(),
            file.profile_command("test", true).unwrap_err().to_string(),
            ConfigFile::load(&path).unwrap_err().to_string(),
        ];
        for error in errors {
            assert!(!error.contains("sesame"), "{key} {value}: {error}");
        }
    }
}

#[test]
fn a_database_s_url_is_shown_without_its_passwords() {
    for (url, shown) in [
        ("postgres://me:sesame@host/db", "postgres://me:***@host/db"),
        (
            "postgres://host/db?user=me&password=sesame",
            "postgres://host/db?user=me&password=***",
        ),
        (
            "postgres://host/db?sslpassword=sesame&a=b",
            "postgres://host/db?sslpassword=***&a=b",
        ),
        ("postgres://me@host/db", "postgres://me@host/db"),
        ("sqlite:shared.sqlite", "sqlite:shared.sqlite"),
    ] {
        let (_folder, file) = file(&with("Database.URL", json!(url)));
        for key in ["Database.URL", "Database"] {
            let value = file.get_command(key).unwrap();
            let url = value.get("URL").unwrap_or(&value);
            assert_eq!(url, shown);
        }
    }
}
