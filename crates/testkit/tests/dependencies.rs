//! Checks that each dependency is used and has no vulnerability that is known here, and the licences and bans of `deny.toml` on
//! machines without cargo-deny (which checks more).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::semver::Version;
use cargo_metadata::{CargoOpt, Metadata, MetadataCommand};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The packages that this machine builds.
fn metadata() -> Metadata {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(rustc).arg("-vV").output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let host = said
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    MetadataCommand::new()
        .current_dir(root())
        .features(CargoOpt::AllFeatures)
        .other_options(["--locked".to_owned(), format!("--filter-platform={host}")])
        .exec()
        .unwrap()
}

/// The strings of the list that follows this heading of `deny.toml`.
fn listed(heading: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("deny.toml")).unwrap();
    let (_, list) = text.split_once(heading).unwrap();
    let (list, _) = list.split_once("\n]").unwrap();
    list.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.split('"').nth(1))
        .map(str::to_owned)
        .collect()
}

/// Whether a licence expression can be met by what is allowed: <https://spdx.github.io/spdx-spec/v3.0.1/annexes/spdx-license-expressions/>.
fn is_met(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.trim();
    for (operator, all) in [(" OR ", false), (" AND ", true)] {
        let parts = split(expression, operator);
        if parts.len() > 1 {
            let mut met = parts.iter().map(|part| is_met(part, allowed));
            return if all {
                met.all(|met| met)
            } else {
                met.any(|met| met)
            };
        }
    }
    match expression
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    {
        Some(inner) => is_met(inner, allowed),
        None => allowed.iter().any(|allowed| allowed == expression),
    }
}

/// The parts of an expression between this operator, outside of parentheses.
fn split<'a>(expression: &'a str, operator: &str) -> Vec<&'a str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_u32, 0);
    for (at, byte) in expression.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ if depth == 0 && at >= start && expression[at..].starts_with(operator) => {
                parts.push(&expression[start..at]);
                start = at + operator.len();
            }
            _ => {}
        }
    }
    parts.push(&expression[start..]);
    parts
}

#[test]
fn every_dependency_may_be_used() {
    let allowed = listed("\nallow = [");
    let banned = listed("\ndeny = [");
    assert!(allowed.len() > 5 && banned.len() > 1);
    let metadata = metadata();
    let mut wrong = Vec::new();
    for package in &metadata.packages {
        let name = package.name.to_string();
        if banned.contains(&name) {
            wrong.push(format!("{name} is banned"));
        }
        // The older way to write OR is a slash.
        let licence = package
            .license
            .as_deref()
            .unwrap_or("none")
            .replace('/', " OR ");
        if !is_met(&licence, &allowed) {
            wrong.push(format!("{name}: {licence}"));
        }
        if let Some(source) = &package.source
            && !source.is_crates_io()
        {
            wrong.push(format!("{name} comes from {source}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The Rust source files in a folder and its subfolders, joined.
fn source(folder: &Path, out: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            source(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_dependency_is_used() {
    let metadata = metadata();
    let mut named = BTreeSet::new();
    let mut unused = Vec::new();
    for package in metadata.workspace_packages() {
        let mut text = String::new();
        source(
            package.manifest_path.parent().unwrap().as_std_path(),
            &mut text,
        );
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        let words: HashSet<&str> = text.split(|letter| !is_part(letter)).collect();
        for dependency in &package.dependencies {
            let word = dependency.rename.as_ref().unwrap_or(&dependency.name);
            if !words.contains(word.replace('-', "_").as_str()) {
                unused.push(format!("{} does not use {word}", package.name));
            }
            named.insert(dependency.name.clone());
        }
    }
    let manifest = metadata.workspace_root.join("Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    let (_, listed) = manifest.split_once("[workspace.dependencies]").unwrap();
    let lines = listed.lines().take_while(|line| !line.starts_with('['));
    for (name, _) in lines.filter_map(|line| line.split_once(" = ")) {
        if !named.contains(name) {
            unused.push(format!("no crate depends on {name}"));
        }
    }
    assert!(unused.is_empty(), "{unused:#?}");
}

/// The first versions without known vulnerabilities, with advisories of those before where they have a number; a dependency may
/// also be absent.
const FLOORS: [(&str, &str, &str); 13] = [
    ("bytes", "1.11.1", ""),
    ("h2", "0.4.16", "RUSTSEC-2026-0258"),
    ("hickory-proto", "0.26.1", "RUSTSEC-2026-0118"),
    ("libp2p-gossipsub", "0.49.5", "CVE-2026-33040"),
    ("libp2p-quic", "0.13.1", "GHSA-5hq8-qhww-jm7q"),
    ("libp2p-rendezvous", "0.17.1", "CVE-2026-35405"),
    ("protobuf", "3.7.2", ""),
    ("quinn-proto", "0.11.18", "RUSTSEC-2026-0338"),
    ("rustls", "0.23.46", ""),
    ("rustls-webpki", "0.103.13", ""),
    ("tar", "0.4.45", "RUSTSEC-2026-0067"),
    ("time", "0.3.47", ""),
    ("yamux", "0.13.10", "CVE-2026-32314"),
];

/// Names and versions of all packages of `Cargo.lock`, for whatever system.
fn locked() -> Vec<(String, Version)> {
    let text = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let value = |package: &str, key: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix(key));
        line.and_then(|line| line.split('"').nth(1))
            .map(str::to_owned)
    };
    let packages = text.split("[[package]]").skip(1);
    packages
        .map(|package| {
            let version = value(package, "version = ").unwrap();
            (value(package, "name = ").unwrap(), version.parse().unwrap())
        })
        .collect()
}

#[test]
fn no_dependency_has_a_known_vulnerability() {
    let locked = locked();
    assert!(locked.len() > 100);
    let mut wrong = Vec::new();
    for (name, floor, advisory) in FLOORS {
        let floor: Version = floor.parse().unwrap();
        for (found, version) in &locked {
            if found == name && *version < floor {
                wrong.push(format!("{name} {version} is older than {floor} {advisory}"));
            }
        }
    }
    // Banned for every system, not just for the one that the metadata is of.
    for banned in listed("\ndeny = [") {
        if locked.iter().any(|(found, _)| *found == banned) {
            wrong.push(format!("{banned} is banned"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn licence_expressions_are_read() {
    let allowed = ["MIT".to_owned(), "ISC".to_owned()];
    for (expression, met) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND ISC", true),
        ("(GPL-2.0 OR GPL-3.0) AND ISC", false),
        ("ISC AND (MIT OR Apache-2.0)", true),
        ("none", false),
    ] {
        assert_eq!(is_met(expression, &allowed), met, "{expression}");
    }
}
