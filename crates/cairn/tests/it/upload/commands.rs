//! `cairn upload` and `cairn uploads` against a daemon.

use std::process::Output;

use serde_json::Value;

use super::Server;

/// Runs a command of the program with the server's token.
fn cairn(server: &Server, arguments: &[&str]) -> Output {
    let service = server.daemon.upload().unwrap();
    let mut command = server.repository.command();
    command
        .args(arguments)
        .args(["--service", &service])
        .env("CAIRN_SERVICE_TOKEN", &server.token);
    command.output().unwrap()
}

/// What a successful command prints.
fn text(server: &Server, arguments: &[&str]) -> String {
    let output = cairn(server, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(server: &Server, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--json"]].concat();
    serde_json::from_str(&text(server, &arguments)).unwrap()
}

pub(crate) fn a_directory_is_uploaded_in_parts_and_managed(server: &Server) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("photos");
    std::fs::create_dir_all(root.join("more")).unwrap();
    for index in 0..3_u32 {
        let numbers = (0..5_u32 << 18).map(|at| at.wrapping_mul(4).wrapping_add(index));
        let content: Vec<u8> = numbers.flat_map(u32::to_le_bytes).collect();
        std::fs::write(root.join(format!("more/{index}.jpg")), content).unwrap();
    }
    std::fs::write(root.join("notes.txt"), "hello\n").unwrap();
    let path = root.to_str().unwrap();

    let only = text(server, &["upload", path, "--only-hash"]);
    let upload = json(
        server,
        &["upload", path, "--name", "holidays", "--part-size", "8MiB"],
    );
    let cid = upload["cid"].as_str().unwrap();
    assert_eq!(only.trim_end(), cid);
    assert_eq!(upload["name"], "holidays");
    assert_eq!(upload["pin"]["status"], "pinned");
    let parts = upload["parts"].as_array().unwrap();
    assert!(parts.len() >= 2, "{parts:?}");
    // The same as the node computes.
    let mut added = server.repository.command();
    let added = added
        .args(["add", "-rQ", "--only-hash", "--cid-version=1", path])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(added.stdout).unwrap().trim_end(), cid);

    let one = text(server, &["upload", &format!("{path}/notes.txt")]);
    let listed = text(server, &["uploads", "ls"]);
    let lines: Vec<Vec<&str>> = listed
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(lines.len(), 2, "{listed}");
    assert_eq!(lines[0][0], one.trim_end());
    assert_eq!((lines[1][0], lines[1][1]), (cid, "pinned"));
    assert_eq!(lines[1][4], "holidays");
    let newest = text(server, &["uploads", "ls", "--limit", "1", "--json"]);
    assert_eq!(newest.lines().count(), 1);

    assert_eq!(
        json(server, &["uploads", "check", cid])["pin"]["status"],
        "pinned"
    );
    text(server, &["uploads", "rename", cid, "old"]);
    assert_eq!(json(server, &["uploads", "status", cid])["name"], "old");
    assert_eq!(text(server, &["uploads", "rm", cid]), format!("{cid}\n"));
    let gone = cairn(server, &["uploads", "status", cid]);
    assert_eq!(gone.status.code(), Some(1));
    let error = String::from_utf8_lossy(&gone.stderr);
    assert!(
        error.contains(&format!("there is no upload {cid}")),
        "{error}"
    );
}

pub(crate) fn cars_and_nfts_are_uploaded(server: &Server) {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("my cat.png");
    std::fs::write(&image, "picture").unwrap();
    let metadata = folder.path().join("nft.json");
    std::fs::write(&metadata, "{\"name\": \"n\", \"zeta\": 1, \"image\": null}").unwrap();
    let stored = json(
        server,
        &[
            "uploads",
            "store",
            metadata.to_str().unwrap(),
            "--file",
            &format!("image={}", image.display()),
        ],
    );
    let url = stored["data"]["image"].as_str().unwrap();
    assert!(
        url.starts_with("ipfs://") && url.ends_with("/my cat.png"),
        "{url}"
    );
    let keys: Vec<&String> = stored["data"].as_object().unwrap().keys().collect();
    assert_eq!(keys[..3], ["name", "zeta", "image"]);

    let cid = text(server, &["upload", image.to_str().unwrap(), "--wrap"]);
    let mut export = server.repository.command();
    let car = export
        .args([
            "dag",
            "export",
            "--progress=false",
            cid.trim_end(),
            "--api",
            &server.daemon.rpc(),
        ])
        .output()
        .unwrap();
    assert!(car.status.success(), "{car:?}");
    let path = folder.path().join("folder.car");
    std::fs::write(&path, car.stdout).unwrap();
    text(server, &["uploads", "rm", cid.trim_end()]);
    let again = text(server, &["upload", "--car", path.to_str().unwrap()]);
    assert_eq!(again, cid);
    std::fs::write(&path, "no archive").unwrap();
    let refused = cairn(server, &["upload", "--car", path.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("the CAR is invalid"));
}

#[test]
fn wrong_tokens_and_command_lines_are_explained() {
    let server = Server::start();
    let service = server.daemon.upload().unwrap();
    for (arguments, token, code, expected) in [
        (&["uploads", "ls"][..], "nonsense", 1, "--token-file"),
        (&["uploads", "status"], "", 2, "the argument CID is missing"),
        (&["uploads", "status", "Qm1"], "", 2, "\"Qm1\" is not a CID"),
        (&["upload"], "", 2, "the argument PATH is missing"),
        (
            &["upload", "/nonexistent"],
            &server.token,
            1,
            "/nonexistent",
        ),
    ] {
        let mut command = server.repository.command();
        command
            .args(arguments)
            .args(["--service", &service])
            .env("CAIRN_SERVICE_TOKEN", token);
        let output = command.output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {output:?}"
        );
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
}
