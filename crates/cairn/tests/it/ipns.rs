//! Keys and names: on the command line, over HTTP, through a kill, and after a lost database.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use cairn_testkit::dns::{DnsServer, TTL};
use cairn_testkit::http::{self, Answer, Request};
use cairn_testkit::rpc::Rpc;
use cairn_testkit::server::{Daemon, Repository};
use serde_json::Value;

use crate::support::repository;

const EMPTY: &str = "/ipfs/QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn";

fn prints(repository: &Repository, line: &str) -> String {
    let arguments: Vec<_> = line.split(' ').collect();
    repository.run(&arguments).unwrap().trim_end().to_owned()
}

fn output(repository: &Repository, arguments: &[&str], input: &[u8]) -> Output {
    repository.output(arguments, input).unwrap()
}

/// What a command that has to fail says.
fn refused(repository: &Repository, line: &str) -> String {
    let output = output(repository, &line.split(' ').collect::<Vec<_>>(), b"");
    assert!(!output.status.success(), "{line} was not refused");
    String::from_utf8(output.stderr).unwrap()
}

fn get(daemon: &Daemon, target: &str) -> Answer {
    let gateway = daemon.gateway().unwrap();
    http::exchange(&gateway, &Request::new("GET", target)).unwrap()
}

fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

/// A folder beside the repository.
fn beside(repository: &Repository, name: &str) -> String {
    let path = repository.path().with_file_name(name);
    path.to_str().unwrap().to_owned()
}

fn add(repository: &Repository, text: &str) -> String {
    let file = beside(repository, "content");
    std::fs::write(&file, text).unwrap();
    let cid = prints(repository, &format!("add -Q {file}"));
    format!("/ipfs/{cid}")
}

#[test]
fn keys_are_managed_as_with_ipfs() {
    let repository = repository();
    let id = prints(&repository, "key gen mine");
    assert!(id.starts_with("k51"), "{id}");
    assert_eq!(prints(&repository, "key ls"), "self\nmine");
    let listed = repository.run(&["key", "list", "-l"]).unwrap();
    assert_eq!(
        listed.lines().nth(1).unwrap().trim_end(),
        format!("{id} mine")
    );
    assert_eq!(
        prints(&repository, "key rename mine yours"),
        format!("Key {id} renamed to yours")
    );
    let peer = prints(&repository, "key ls --ipns-base=b58mh -l");
    assert!(peer.contains("12D3Koo"), "{peer}");

    // Both formats go out and in again, and only the owner reads the files.
    for (format, extension) in [
        ("libp2p-protobuf-cleartext", "key"),
        ("pem-pkcs8-cleartext", "pem"),
    ] {
        let file = beside(&repository, &format!("exported.{extension}"));
        std::fs::write(&file, "was readable").unwrap();
        prints(
            &repository,
            &format!("key export yours -f {format} -o {file}"),
        );
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = format!("again-{extension}");
        assert_eq!(
            prints(
                &repository,
                &format!("key import -f {format} {again} {file}")
            ),
            id
        );
    }
    let other = beside(&repository, "exported.pem");
    let mistaken = refused(&repository, &format!("key import wrong {other}"));
    assert!(
        mistaken.contains("try again with format=pem-pkcs8-cleartext"),
        "{mistaken}"
    );
    assert!(refused(&repository, "key export self").contains("cannot export key with name 'self'"));
    assert!(refused(&repository, "key export absent").contains("'absent' doesn't exist"));
    assert!(refused(&repository, "key rm self").contains("the node's own key"));
    assert_eq!(
        prints(&repository, "key rm yours again-key"),
        "yours\nagain-key"
    );
    let json = repository.run(&["--json", "key", "ls"]).unwrap();
    assert!(json.contains("again-pem"), "{json}");

    let signed = output(&repository, &["key", "sign"], b"data");
    let signed: Value = serde_json::from_slice(&signed.stdout).unwrap();
    let signature = signed["Signature"].as_str().unwrap().to_owned();
    for (data, valid) in [(&b"data"[..], true), (b"other", false)] {
        let id = signed["Key"]["Id"].as_str().unwrap();
        let arguments = ["key", "verify", "--key", id, "-s", &signature];
        let verified = output(&repository, &arguments, data);
        let verified: Value = serde_json::from_slice(&verified.stdout).unwrap();
        assert_eq!(verified["SignatureValid"], valid);
    }
}

#[test]
fn rsa_keys_of_any_size_publish() {
    let repository = repository();
    let id = prints(&repository, "key gen --type=rsa --size=2304 big");
    assert!(id.starts_with("k2k4"), "{id}");
    let path = add(&repository, "by rsa");
    prints(
        &repository,
        &format!("name publish --allow-offline -Q --key={id} {path}"),
    );
    assert_eq!(prints(&repository, &format!("name resolve {id}")), path);
    let record = beside(&repository, "record");
    let bytes = repository
        .command()
        .args(["name", "get", &id])
        .output()
        .unwrap();
    std::fs::write(&record, bytes.stdout).unwrap();
    let shown = prints(
        &repository,
        &format!("name inspect --verify={id} --dump=false {record}"),
    );
    assert!(shown.contains("Valid: true"), "{shown}");
    assert!(
        refused(&repository, "key gen --type=rsa --size=1024 x").contains("the minimum is 2048")
    );
    assert!(
        refused(&repository, "key gen --type=rsa --size=9000 x").contains("the maximum is 8192")
    );
}

#[test]
fn the_identity_is_replaced_and_the_old_one_kept() {
    let repository = repository();
    let own = |repository: &Repository| prints(repository, "id --peerid-base=base36 -f <id>");
    let old = own(&repository);
    let path = add(&repository, "of the old identity");
    prints(&repository, &format!("name publish --allow-offline {path}"));
    {
        let _daemon = repository.start(&["--offline"]).unwrap();
        refused(&repository, "key rotate -o before");
    }
    assert!(refused(&repository, "key rotate").contains("oldkey"));
    refused(&repository, "key rotate -o self");
    let said = prints(&repository, "key rotate -o before");
    assert!(
        said.contains("generating ED25519 keypair...done\npeer identity: 12D3Koo"),
        "{said}"
    );
    let new = own(&repository);
    assert_ne!(old, new);
    let listed = prints(&repository, "key ls -l");
    assert!(listed.contains(&format!("{old} before")), "{listed}");
    // The old name goes on.
    let later = add(&repository, "later");
    prints(
        &repository,
        &format!("name publish --allow-offline -k before {later}"),
    );
    assert_eq!(prints(&repository, &format!("name resolve {old}")), later);
    refused(&repository, "key rotate -o before");
    assert_eq!(own(&repository), new);
    let said = prints(&repository, "key rotate -o second -t rsa -s 2048");
    assert!(
        said.contains("generating 2048-bit RSA keypair...done"),
        "{said}"
    );
    assert!(own(&repository).starts_with("k2k4"));
}

#[test]
fn a_published_name_outlives_a_kill() {
    let repository = repository();
    let (first, second) = (add(&repository, "first"), add(&repository, "second"));
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    assert_eq!(
        json(&rpc.call("name/resolve", None).unwrap())["Path"],
        EMPTY
    );
    for path in [&first, &second] {
        rpc.call(&format!("name/publish?arg={path}&allow-offline=true"), None)
            .unwrap();
    }
    daemon.kill().unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    let name = json(&rpc.call("id?peerid-base=base36", None).unwrap());
    let name = name["ID"].as_str().unwrap().to_owned();
    let resolved = json(&rpc.call("name/resolve", None).unwrap());
    assert_eq!(resolved["Path"], second.as_str());
    for command in ["resolve", "name/resolve", "ls", "cat"] {
        rpc.call(&format!("{command}?arg=/ipns/{name}"), None)
            .unwrap();
    }
    let page = get(&daemon, &format!("/ipns/{name}"));
    assert_eq!((page.status, &page.body[..]), (200, &b"second"[..]));
    // Caches ask again when the record may have changed.
    let cache = page.header("cache-control").unwrap();
    assert!(
        cache.starts_with("public, max-age=") && cache != "public, max-age=29030400, immutable",
        "{cache}"
    );
    let absent = "k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r";
    assert_eq!(get(&daemon, &format!("/ipns/{absent}")).status, 500);
}

/// The sequence number of a record.
fn sequence(repository: &Repository, record: &[u8]) -> u64 {
    let shown = output(repository, &["--json", "name", "inspect"], record);
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    shown["Entry"]["Sequence"].as_u64().unwrap()
}

fn record(repository: &Repository, name: &str) -> Vec<u8> {
    let got = output(repository, &["name", "get", name], b"");
    assert!(
        got.status.success(),
        "{}",
        String::from_utf8_lossy(&got.stderr)
    );
    got.stdout
}

#[test]
fn a_lost_database_takes_no_sequence_number_back() {
    let repository = repository();
    let id = prints(&repository, "key gen mine");
    for text in ["a", "b", "c"] {
        let path = add(&repository, text);
        prints(
            &repository,
            &format!("name publish --allow-offline -k mine {path}"),
        );
    }
    let before = record(&repository, &id);
    assert_eq!(sequence(&repository, &before), 2);
    for file in ["rows.sqlite", "rows.sqlite-wal", "rows.sqlite-shm"] {
        let _ = std::fs::remove_file(repository.path().join(file));
    }
    refused(&repository, "name resolve");
    let said = prints(&repository, "repo repair");
    assert!(said.contains("Restored 2 IPNS records"), "{said}");
    assert_eq!(record(&repository, &id), before);
    let path = add(&repository, "d");
    prints(
        &repository,
        &format!("name publish --allow-offline -k mine {path}"),
    );
    assert_eq!(sequence(&repository, &record(&repository, &id)), 3);
}

#[test]
fn records_move_between_nodes() {
    let (one, other) = (repository(), repository());
    let id = prints(&one, "key gen mine");
    let path = add(&one, "moved");
    prints(
        &one,
        &format!("name publish --allow-offline -k mine {path}"),
    );
    let old = record(&one, &id);
    prints(
        &one,
        &format!("name publish --allow-offline -k mine --sequence=7 {path}"),
    );
    let new = record(&one, &id);
    let put = |bytes: &[u8], options: &[&str]| {
        let mut arguments = vec!["name", "put", &id];
        arguments.extend(options);
        output(&other, &arguments, bytes)
    };
    let unasked = put(&new, &[]);
    let said = String::from_utf8(unasked.stderr).unwrap();
    assert!(said.contains("can't put while offline"), "{said}");
    let done = put(&new, &["--allow-offline"]);
    assert_eq!(String::from_utf8(done.stdout).unwrap().trim(), id);
    assert_eq!(prints(&other, &format!("name resolve {id}")), path);
    // The same once more is no harm; what is older is.
    assert!(put(&new, &["--allow-offline", "-q"]).status.success());
    for (options, reason) in [
        (
            &["--allow-offline"][..],
            "existing IPNS record has sequence 7 >= new record sequence 0",
        ),
        (
            &["--allow-offline", "--force"],
            "a newer record of the name is there already",
        ),
    ] {
        let said = String::from_utf8(put(&old, options).stderr).unwrap();
        assert!(said.contains(reason), "{said}");
    }
    for (bytes, reason) in [
        (&b"junk"[..], "record is malformed"),
        (b"", "record is empty"),
        (&[0; 11_000], "record exceeds maximum size of 10240 bytes"),
    ] {
        let said = String::from_utf8(put(bytes, &["--allow-offline"]).stderr).unwrap();
        assert!(said.contains(reason), "{said}");
    }
    let forged = prints(&other, "key gen forged");
    let arguments = ["name", "put", &forged, "--allow-offline"];
    let said = String::from_utf8(output(&other, &arguments, &new).stderr).unwrap();
    assert!(
        said.contains("record validation failed: signature verification failed"),
        "{said}"
    );
    // What is shown of a record.
    let verify = format!("--verify={id}");
    let shown = output(&other, &["name", "inspect", &verify], &new);
    let shown = String::from_utf8(shown.stdout).unwrap();
    for line in [
        format!("Value:          \"{path}\""),
        "Validity Type:  0".to_owned(),
        "Sequence:       7".to_owned(),
        "TTL:            5m0s".to_owned(),
        "Signature Type: V1+V2".to_owned(),
        " Valid: true".to_owned(),
        format!(" Name:  {id}"),
        "Hex Dump:".to_owned(),
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
    }
}

#[test]
fn records_are_stored_by_key_without_peers() {
    let (one, other) = (repository(), repository());
    let id = prints(&one, "key gen mine");
    let path = add(&one, "stored by key");
    prints(
        &one,
        &format!("name publish --allow-offline -k mine {path}"),
    );
    let valid = record(&one, &id);
    let put = |record: &[u8], options: &[&str]| {
        let file = beside(&other, "record");
        std::fs::write(&file, record).unwrap();
        let key = format!("/ipns/{id}");
        let mut arguments = vec!["routing", "put", &key, &file];
        arguments.extend(options);
        output(&other, &arguments, b"")
    };
    let said = String::from_utf8(put(&valid, &[]).stderr).unwrap();
    assert!(said.contains("pass `--allow-offline`"), "{said}");
    // Unlike Kubo, which keeps any bytes.
    let said = String::from_utf8(put(b"junk", &["--allow-offline"]).stderr).unwrap();
    assert!(said.contains("record"), "{said}");
    assert!(refused(&other, &format!("name resolve {id}")).contains(&id));

    let daemon = other.start(&["--offline"]).unwrap();
    let done = put(&valid, &["--allow-offline"]);
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert_eq!(prints(&other, &format!("name resolve {id}")), path);
    daemon.kill().unwrap();
    assert_eq!(prints(&other, &format!("name resolve {id}")), path);
    assert_eq!(record(&other, &id), valid);
}

#[test]
fn publishing_refuses_what_cannot_be_meant() {
    let repository = repository();
    let path = add(&repository, "content");
    for (options, reason) in [
        ("", "can't publish while offline"),
        (" --allow-offline --allow-delegated", "cannot use both"),
        (" --allow-delegated", "no delegated publishers configured"),
        (" --allow-offline --ttl=x", "invalid duration"),
        (
            " --allow-offline -k absent",
            "no key by the given name was found",
        ),
        (" --allow-offline --sequence=0", "is not greater than 0"),
    ] {
        let said = refused(&repository, &format!("name publish{options} {path}"));
        assert!(said.contains(reason), "{options}: {said}");
    }
    let absent = "/ipfs/bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
    refused(
        &repository,
        &format!("name publish --allow-offline {absent}"),
    );
    prints(
        &repository,
        &format!("name publish --allow-offline --resolve=false {absent}"),
    );
    assert_eq!(prints(&repository, "name resolve"), absent);
    assert_eq!(prints(&repository, "name pubsub state"), "disabled");
    assert!(refused(&repository, "name pubsub subs").contains("not enabled"));
}

#[test]
fn domains_are_looked_up() {
    let repository = repository();
    let path = add(&repository, "by domain");
    let link = format!("dnslink={path}");
    let long = format!("x{}", "=".repeat(300));
    let server = DnsServer::start(&[
        ("_dnslink.example.org", &["v=spf1 -all", &long, &link]),
        ("_dnslink.alias.org", &["dnslink=/ipns/example.org"]),
        ("_dnslink.loop.org", &["dnslink=/ipns/loop.org"]),
        ("_dnslink.two.org", &[&link, "dnslink=/ipns/example.org"]),
    ])
    .unwrap();
    repository
        .configure(|config| config["DNS"]["Resolvers"] = serde_json::json!({".": server.url()}))
        .unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    let path_of = |command: &str| json(&rpc.call(command, None).unwrap())["Path"].clone();
    assert_eq!(path_of("dns?arg=example.org"), path.as_str());
    assert_eq!(path_of("dns?arg=alias.org"), path.as_str());
    assert_eq!(
        path_of("dns?arg=alias.org&recursive=false"),
        "/ipns/example.org"
    );
    assert_eq!(path_of("name/resolve?arg=alias.org"), path.as_str());
    assert_eq!(path_of("resolve?arg=/ipns/alias.org"), path.as_str());
    let read = rpc.call("cat?arg=/ipns/alias.org", None).unwrap();
    assert_eq!(read.body, b"by domain");
    let asked = server.asked();
    let page = get(&daemon, "/ipns/example.org");
    assert_eq!((page.status, &page.body[..]), (200, &b"by domain"[..]));
    let age = page.header("cache-control").unwrap();
    let age: u32 = age
        .strip_prefix("public, max-age=")
        .unwrap()
        .parse()
        .unwrap();
    assert!(age <= TTL, "{age}");
    // It was known.
    assert_eq!(server.asked(), asked);
    path_of("name/resolve?arg=example.org&nocache=true");
    assert!(server.asked() > asked);
    for (domain, reason) in [
        ("absent.org", "could not find a TXT record"),
        ("two.org", "more than one IPFS content path"),
        ("loop.org", "recursion limit exceeded"),
    ] {
        let answer = rpc
            .request(&format!("name/resolve?arg={domain}"), None)
            .unwrap();
        assert_eq!(answer.status, 500);
        assert!(answer.text().contains(reason), "{}", answer.text());
    }
    assert_eq!(get(&daemon, "/ipns/absent.org").status, 500);
}

#[test]
fn a_resolver_that_cannot_be_is_told() {
    let repository = repository();
    repository
        .configure(|config| {
            config["DNS"]["Resolvers"] = serde_json::json!({"eth.": "quic://127.0.0.1"});
        })
        .unwrap();
    let said = refused(&repository, "name resolve name.eth");
    assert!(
        said.contains("quic") && said.contains("DNS.Resolvers"),
        "{said}"
    );
}

#[test]
fn keys_of_kubo_can_be_copied_in() {
    let repository = repository();
    let keystore = repository.path().join("keystore");
    let id = prints(&repository, "key gen mine");
    let file = keystore.join("key_nvuw4zi");
    assert!(Path::new(&file).exists());
    // Under another name, as a copy of a file.
    std::fs::copy(&file, keystore.join("key_mnxxa6i")).unwrap();
    let listed = prints(&repository, "key ls -l");
    assert!(listed.contains(&format!("{id} copy")), "{listed}");
}
