//! `docs/sdk.md`: every example runs, those in Rust as they stand here, those for a shell as they stand there.

#![allow(
    clippy::unwrap_used,
    unused_variables,
    unused_mut,
    reason = "the examples are as short as a page wants them"
)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cairn_client::Kubo;
use cairn_client::version::Supported;
use cairn_testkit::server::{Daemon, Repository};

const PAGE: &str = include_str!("../../../docs/sdk.md");

/// The blocks of code of a language.
fn blocks(language: &str) -> Vec<String> {
    let begin = format!("```{language}\n");
    let pieces = PAGE.split(&begin).skip(1);
    pieces
        .map(|piece| piece.split("```").next().unwrap().to_owned())
        .collect()
}

/// Code as its words, so that it may be set in other lines; a comma before a bracket that closes does not count.
fn words(code: &str) -> String {
    let words: String = code.split_whitespace().collect();
    words.replace(",)", ")").replace(",}", "}")
}

#[test]
fn every_example_in_rust_is_among_those_that_run() {
    let here = words(include_str!("sdk_page.rs"));
    let examples = blocks("rust");
    assert!(examples.len() > 30);
    for example in examples {
        // The client of the test has another address.
        if !example.contains("Kubo::connect") {
            assert!(here.contains(&words(&example)), "{example}");
        }
    }
}

/// A daemon, and a directory with what the examples add.
fn set_up() -> (Repository, Daemon, tempfile::TempDir) {
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    repository
        .configure(|config| {
            config["Pubsub"]["Enabled"] = true.into();
        })
        .unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos/old");
    fs::create_dir_all(&photos).unwrap();
    for (path, content) in [
        ("notes.txt", "notes"),
        ("more.txt", "more"),
        ("photos/1.jpg", "one"),
        ("photos/old/2.jpg", "two"),
    ] {
        fs::write(folder.path().join(path), content).unwrap();
    }
    (repository, daemon, folder)
}

#[test]
fn every_example_for_a_shell_runs() {
    let (repository, daemon, folder) = set_up();
    let binary = Path::new(env!("CARGO_BIN_EXE_cairn")).parent().unwrap();
    let script = format!(
        "set -eu\ncurl() {{ command curl --silent --show-error --fail-with-body \"$@\"; }}\n\
         CID=$(cairn add -q notes.txt)\nROOT=$(cairn add -Qr photos)\n\
         NODE=$(printf '{{\"stones\":[1,2,3]}}' | cairn dag put)\n{}",
        blocks("sh").concat()
    );
    let path = std::env::join_paths(
        std::iter::once(binary.to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let output = Command::new("sh")
        .args(["-x", "-c", &script])
        .env("IPFS_PATH", repository.path())
        .env("API", format!("{}/api/v0", daemon.rpc()))
        .env("PATH", path.unwrap())
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn every_example_in_rust_runs() {
    let (_repository, daemon, folder) = tokio::task::spawn_blocking(set_up).await.unwrap();
    // This process runs nothing else that looks at its directory.
    std::env::set_current_dir(folder.path()).unwrap();
    let kubo = Kubo::connect(daemon.rpc()).await.unwrap();
    let cid = kubo.add("notes.txt").await.unwrap().cid;
    let root = kubo.add("photos").recursive(true).await.unwrap().cid;
    let node = kubo
        .dag()
        .put(&br#"{"stones":[1,2,3]}"#[..])
        .await
        .unwrap()
        .remove(0);
    page(kubo, cid, root, node).await.unwrap();
    std::env::set_current_dir("/").unwrap();
}

/// The examples of the page, in its order.
async fn page(
    kubo: Kubo,
    cid: cairn_client::Cid,
    root: cairn_client::Cid,
    node: cairn_client::Cid,
) -> Result<(), Box<dyn std::error::Error>> {
    {
        Supported::default()
            .below("0.50.0")
            .without("0.41.0")
            .check("0.42.0")?;
    }
    {
        let version = kubo.apply_workarounds().await?;
    }
    {
        kubo.close();
    }
    {
        let added = kubo.add("notes.txt").await?;
    }
    {
        let all = kubo.add_all(["notes.txt", "more.txt"]).await?;
    }
    {
        let photos = kubo
            .add("photos")
            .recursive(true)
            .pattern("**/*.jpg")
            .all()
            .await?;
    }
    {
        let cid = kubo.add_bytes(&b"Mary had a little lamb"[..]).await?;
    }
    {
        let cid = kubo.add_str("Mary had a little lamb").await?;
    }
    {
        let cid = kubo
            .add_json(&serde_json::json!({ "one": 1, "two": 2 }))
            .await?;
    }
    {
        let cid = kubo.add_json(&[1, 77]).await?;
        let numbers: Vec<u32> = kubo.get_json(&cid).await?;
    }
    {
        let bytes = kubo.cat(&cid).offset(1).length(3).to_vec(1 << 20).await?;
    }
    {
        kubo.get(&cid).to_dir("downloads").await?;
    }
    {
        for directory in kubo.ls(&root).await? {
            for entry in directory.entries {
                println!("{:?} {} {}", entry.kind, entry.cid, entry.name);
            }
        }
    }
    {
        let path = kubo.resolve(format!("/ipfs/{root}/1.jpg")).await?;
    }
    {
        let blocks = kubo.refs_local().await?;
    }
    {
        let pinned = kubo.pins().add(&cid).name("notes").await?;
    }
    {
        let pins = kubo.pins().ls().r#type("recursive").names(true).await?;
        println!("{:?}", pins.counts());
        let one = kubo.pins().ls_of(&cid).await?;
    }
    {
        let updated = kubo.pins().update(&cid, &node).unpin(false).await?;
    }
    {
        let mut checks = kubo.pins().verify().verbose(true).stream();
        while let Some(check) = checks.try_next().await? {
            println!("{:?} {}", check.cid, check.ok);
        }
    }
    {
        kubo.pins().rm(&root).await?;
    }
    {
        kubo.files().mkdir("/notes/old").parents(true).await?;
    }
    {
        kubo.files()
            .write("/notes/today", b"hi")
            .create(true)
            .truncate(true)
            .await?;
    }
    {
        let text = kubo
            .files()
            .read("/notes/today")
            .count(2)
            .to_string(1 << 20)
            .await?;
    }
    {
        let entries = kubo.files().ls("/notes").long(true).await?;
    }
    {
        let stat = kubo.files().stat("/notes").await?;
    }
    {
        kubo.files().cp("/notes/today", "/notes/copy").await?;
    }
    {
        kubo.files().mv("/notes/copy", "/notes/old/").await?;
    }
    {
        kubo.files().rm("/notes").recursive(true).await?;
    }
    {
        let stored = kubo.blocks().put(b"Mary had a little lamb").await?;
    }
    {
        let bytes = kubo.blocks().get(&cid).to_vec(2 << 20).await?;
    }
    {
        let size = kubo.blocks().stat(&cid).await?.size;
    }
    {
        let nodes = kubo.dag().put(&br#"{"stones":[1,2,3]}"#[..]).await?;
        let same = kubo
            .dag()
            .put_value(&serde_json::json!({ "stones": [1, 2, 3] }))?
            .await?;
    }
    {
        let stone: u32 = kubo.dag().get(format!("{node}/stones/1")).value().await?;
    }
    {
        let resolved = kubo.dag().resolve(format!("{node}/stones")).await?;
    }
    {
        kubo.dag().export(&node).to_file("stones.car").await?;
    }
    {
        let roots = kubo.dag().import("stones.car").await?;
    }
    {
        let key = kubo.keys().generate("notes").kind("ed25519").await?;
    }
    {
        let keys = kubo.keys().ls().await?;
    }
    {
        let renamed = kubo.keys().rename("notes", "old-notes").await?;
    }
    {
        let published = kubo
            .names()
            .publish(format!("/ipfs/{cid}"))
            .key("old-notes")
            .lifetime(Duration::from_secs(3600))
            .ttl("1m")
            .allow_offline(true)
            .await?;
    }
    {
        let own = kubo
            .names()
            .publish(format!("/ipfs/{cid}"))
            .allow_offline(true)
            .await?;
        let path = kubo.names().resolve(&own.name).await?;
        let same = kubo.names().resolve_own().recursive(true).await?;
    }
    {
        let removed = kubo.keys().rm("old-notes").await?;
    }
    {
        let path = kubo
            .dns("docs.ipfs.tech")
            .timeout(Duration::from_secs(1))
            .await;
    }
    {
        let empty = kubo.objects().new_object().await?;
    }
    {
        let object = kubo
            .objects()
            .put(&br#"{"Data":"text","Links":[]}"#[..])
            .await?;
    }
    {
        let object = kubo.objects().get(&root).await?;
    }
    {
        let data = kubo.objects().data(&root).to_vec(1 << 20).await?;
    }
    {
        let links = kubo.objects().links(&root).await?;
    }
    {
        let stat = kubo.objects().stat(&root).await?;
    }
    {
        let differences = kubo.objects().diff(&root, &root).await?;
    }
    {
        let linked = kubo.objects().patch_add_link(&root, "notes", &cid).await?;
    }
    {
        let unlinked = kubo.objects().patch_rm_link(&root, "1.jpg").await?;
    }
    {
        let changed = kubo.objects().patch_set_data(&root, b"data").await?;
    }
    {
        let appended = kubo.objects().patch_append_data(&root, b"data").await?;
    }
    {
        let added = kubo
            .bootstrap()
            .add("/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWEqnTdgqHnkkwarSrJjeMP2ZJiADWLYADaNvUb6SQNyPF")
            .await?;
    }
    {
        let peers = kubo.bootstrap().list().await?;
    }
    {
        let removed = kubo
            .bootstrap()
            .rm("/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWEqnTdgqHnkkwarSrJjeMP2ZJiADWLYADaNvUb6SQNyPF")
            .await?;
    }
    {
        let peers = kubo.swarm().peers().await;
    }
    {
        let addresses = kubo.swarm().addrs().await;
    }
    {
        let connected = kubo
            .swarm()
            .connect(
                "/ip4/127.0.0.1/tcp/9/p2p/12D3KooWEqnTdgqHnkkwarSrJjeMP2ZJiADWLYADaNvUb6SQNyPF",
            )
            .await;
    }
    {
        let closed = kubo
            .swarm()
            .disconnect(
                "/ip4/127.0.0.1/tcp/9/p2p/12D3KooWEqnTdgqHnkkwarSrJjeMP2ZJiADWLYADaNvUb6SQNyPF",
            )
            .await;
    }
    {
        let added = kubo.swarm().add_filters("/ip4/192.168.0.0/ipcidr/16").await;
    }
    {
        let removed = kubo.swarm().rm_filters("/ip4/192.168.0.0/ipcidr/16").await;
    }
    {
        let pongs = kubo
            .ping("12D3KooWEqnTdgqHnkkwarSrJjeMP2ZJiADWLYADaNvUb6SQNyPF")
            .count(1)
            .await;
    }
    {
        let steps = kubo.check("bafkqabtimvwgy3yk").recursive(true).await;
    }
    {
        let stat = kubo.bitswap().stat().await;
    }
    {
        let wanted = kubo.bitswap().wantlist().await;
    }
    {
        let found = kubo
            .dht()
            .findpeer("12D3KooWEqnTdgqHnkkwarSrJjeMP2ZJiADWLYADaNvUb6SQNyPF")
            .await;
    }
    {
        let providers = kubo.dht().findprovs(&cid).num_providers(1).await;
    }
    {
        let value = kubo
            .dht()
            .get("/ipns/12D3KooWEqnTdgqHnkkwarSrJjeMP2ZJiADWLYADaNvUb6SQNyPF")
            .value()
            .await;
    }
    {
        let stored = kubo
            .dht()
            .put(
                "/ipns/12D3KooWEqnTdgqHnkkwarSrJjeMP2ZJiADWLYADaNvUb6SQNyPF",
                b"a record",
            )
            .await;
    }
    {
        let closest = kubo
            .dht()
            .query("12D3KooWEqnTdgqHnkkwarSrJjeMP2ZJiADWLYADaNvUb6SQNyPF")
            .await;
    }
    {
        let mut messages = kubo.pubsub().subscribe("hello").stream();
        drop(messages);
    }
    {
        let sent = kubo.pubsub().publish("hello", "a message").await;
    }
    {
        let topics = kubo.pubsub().ls().await;
    }
    {
        let peers = kubo.pubsub().peers_of("hello").await;
    }
    {
        let changed = kubo.log().level("all", "info").await?;
    }
    {
        let subsystems = kubo.log().ls().await?;
    }
    {
        let mut events = kubo.log().tail().stream();
        drop(events);
    }
    {
        let stat = kubo.repo().stat().await?;
    }
    {
        let removed = kubo.repo().gc().await?;
        kubo.repo().gc().quiet(true).await?;
    }
    {
        let config = kubo.config().get().await?;
    }
    {
        let gateway = kubo.config().value("Addresses.Gateway").await?;
        kubo.config().set("Gateway.NoFetch", &true)?.await?;
    }
    {
        let config = kubo.config().get().await?;
        kubo.config().replace(&config)?.await?;
    }
    {
        let id = kubo.id().await?.id;
    }
    {
        let version = kubo.version().await?;
    }
    {
        kubo.stop().await?;
    }
    Ok(())
}
