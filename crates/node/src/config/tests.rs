//! The configuration against files that Kubo 0.42.0 wrote.

use serde_json::{Value, json};

use super::*;
use crate::config::sections::{Addresses, Face};

/// A file that `ipfs init --profile NAME` wrote; all with one throwaway key.
macro_rules! kubo {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/config/fixtures/kubo-0.42.0.",
            $name,
            ".json"
        ))
    };
}

mod changes;
mod meaning;

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
