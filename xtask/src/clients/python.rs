//! Libraries and tools for Python.

use anyhow::{Context, Result};
use cairn_testkit::server::Repository;

use super::install::interpreter;
use super::{Setup, online_node, said};
use crate::process::run as succeed;

/// Operations after which the token of the tests may be gone.
const REMOVING: [&str; 3] = ["deleteAccount", "updateAccount", "revokeToken"];

/// What schemathesis looks at.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance,ignored_auth";

/// ipfshttpclient, with one node and with two that are connected.
pub(super) fn ipfshttpclient(setup: &Setup<'_>) -> Result<()> {
    let repository = Repository::init(setup.binary)?;
    repository.configure(|config| config["API"]["Compat"] = "0.7".into())?;
    let daemon = repository.start(&["--offline"])?;
    let address = daemon
        .rpc_multiaddr()
        .context("the daemon has no address")?;
    let test = |name: &str, addresses: &[String]| {
        let mut tests = setup.command(interpreter(&setup.home));
        // The library is of its time: what its own dependencies warn of is not ours.
        tests.args(["-B", "-W", "ignore::FutureWarning"]);
        tests.arg(setup.sources.join(name));
        succeed(tests.args(addresses))
    };
    test("test_ipfshttpclient.py", &[address]).with_context(|| said(&daemon))?;
    let nodes = [
        online_node(setup.binary, "0.7")?,
        online_node(setup.binary, "0.7")?,
    ];
    let addresses: Vec<_> = (nodes.iter())
        .filter_map(|(_, daemon)| daemon.rpc_multiaddr())
        .collect();
    test("test_peers.py", &addresses).with_context(|| {
        let logs = nodes.each_ref().map(|(_, daemon)| said(daemon));
        logs.join("\n")
    })
}

/// Requests made from the OpenAPI documents of the faces, right and wrong ones: no answer may be a server error, and each has
/// a status, a media type and a body that its document has.
pub(super) fn described(setup: &Setup<'_>) -> Result<()> {
    let repository = Repository::init(setup.binary)?;
    repository.configure(|config| {
        config["Accounts"] = serde_json::json!({
            "UploadRate": "unlimited",
            "PinningRate": "unlimited",
            "FailureRate": "unlimited",
        });
    })?;
    let token = repository.token(&["all", "--scope", "pin,upload,read,admin"])?;
    let daemon = repository.start(&["--offline"])?;
    let pinning = daemon
        .pinning()
        .context("the pinning service does not listen")?;
    let upload = daemon
        .upload()
        .context("the upload server does not listen")?;
    // What could remove the account or the token of the tests comes last.
    for (base, selection) in [
        (&pinning, "--exclude-operation-id"),
        (&upload, "--exclude-operation-id"),
        (&pinning, "--include-operation-id"),
    ] {
        let selected = REMOVING
            .iter()
            .flat_map(|operation| [selection, operation])
            // The upload API does not have them.
            .filter(|_| *base == pinning);
        succeed(
            setup
                .command(interpreter(&setup.home))
                .args(["-m", "schemathesis.cli", "run"])
                .arg(format!("{base}/openapi.json"))
                .arg("--header")
                .arg(format!("Authorization: Bearer {token}"))
                .args(["--checks", CHECKS])
                .args(["--phases", "examples,coverage,fuzzing"])
                .args(["--max-examples", "25", "--seed", "1", "--no-color"])
                .args(selected)
                .current_dir(&setup.home),
        )
        .with_context(|| said(&daemon))?;
    }
    Ok(())
}
