//! What operators use: metrics, health, Unix sockets, TLS, logs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use cairn_testkit::http::Answer;
use cairn_testkit::rpc::Rpc;
use cairn_testkit::server::Daemon;
use serde_json::json;

use crate::support::{ask, repository};

fn get(base: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
    ask(base, "GET", target, headers)
}

fn metrics(daemon: &Daemon) -> String {
    let answer = get(&daemon.rpc(), "/metrics", &[]);
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    answer.text()
}

/// The value of a series, 0 where there is none yet.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| {
        line.strip_prefix(series)
            .filter(|rest| rest.starts_with(' '))
    });
    line.map_or(0.0, |rest| rest.trim().parse().unwrap())
}

#[test]
fn metrics_count_by_endpoint_and_never_by_what_clients_send() {
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    let rpc = Rpc::new(&daemon.rpc());
    let cid = rpc.add(b"counted", "pin=false").unwrap();
    rpc.cat(&cid).unwrap();
    let count = |series: &str| {
        metrics(&daemon)
            .lines()
            .filter(|line| line.starts_with(series))
            .count()
    };
    let before = count("cairn_http_requests_total");
    for at in 0..20 {
        let _ = rpc.request(&format!("no/such/{at}"), None);
        let _ = rpc.request(&format!("cat/{cid}?offset={at}"), None);
        get(&daemon.rpc(), &format!("/elsewhere/{at}"), &[]);
        get(&daemon.gateway().unwrap(), &format!("/ipfs/no{at}"), &[]);
    }
    let after = count("cairn_http_requests_total");
    assert!(after <= before + 4, "{before} to {after} series");

    let text = metrics(&daemon);
    let counted = |class: &str, endpoint: &str| {
        let series = format!(
            "cairn_http_requests_total{{face=\"rpc\",endpoint=\"{endpoint}\",class=\"{class}\"}}"
        );
        value(&text, &series)
    };
    assert!(counted("2xx", "add") >= 1.0, "{text}");
    assert!(counted("2xx", "cat") >= 21.0, "{text}");
    assert!(counted("4xx", "other") >= 40.0, "{text}");
    let seconds = "cairn_http_request_seconds_count{face=\"rpc\",endpoint=\"add\"}";
    assert!(value(&text, seconds) >= 1.0, "{text}");
    assert!(value(&text, "cairn_http_received_bytes_total{face=\"rpc\"}") > 0.0);
    assert!(value(&text, "cairn_http_sent_bytes_total{face=\"rpc\"}") > 0.0);
    assert!(value(&text, "cairn_http_connections{face=\"rpc\"}") >= 1.0);
    let blocks = value(&text, "cairn_store_blocks");
    assert!(blocks > 0.0);

    rpc.call("repo/gc", None).unwrap();
    let text = metrics(&daemon);
    assert_eq!(value(&text, "cairn_gc_runs_total{outcome=\"done\"}"), 1.0);
    assert!(value(&text, "cairn_gc_removed_blocks_total") >= 1.0);
    assert!(value(&text, "cairn_store_blocks") < blocks);

    let kubos = get(&daemon.rpc(), "/debug/metrics/prometheus", &[]);
    assert_eq!(kubos.status, 200);
    let open = get(
        &daemon.rpc(),
        "/metrics",
        &[("Accept", "application/openmetrics-text;version=1.0.0")],
    );
    assert!(open.text().ends_with("# EOF\n"));
}

#[test]
fn metrics_need_a_credential_where_the_rpc_does_and_probes_do_not() {
    let repository = repository();
    repository
        .configure(|config| {
            config["API"]["Authorizations"] = json!({
                "prometheus": {"AuthSecret": "bearer:scrape", "AllowedPaths": ["/metrics", "/debug/metrics"]},
                "app": {"AuthSecret": "bearer:app", "AllowedPaths": ["/api/v0"]},
            });
        })
        .unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    for (secret, expected) in [
        (None, 403),
        (Some("Bearer app"), 403),
        (Some("Bearer scrape"), 200),
    ] {
        let headers: Vec<_> = secret
            .map(|value| ("Authorization", value))
            .into_iter()
            .collect();
        for target in ["/metrics", "/debug/metrics/prometheus"] {
            let status = get(&daemon.rpc(), target, &headers).status;
            assert_eq!(status, expected, "{target} {secret:?}");
        }
        for probe in ["/livez", "/readyz"] {
            let answer = get(&daemon.rpc(), probe, &headers);
            assert_eq!((answer.status, answer.text().as_str()), (200, "ok\n"));
        }
    }
}

#[test]
fn no_new_request_is_taken_once_a_stop_has_begun() {
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    let address = daemon.rpc_address().unwrap();
    // One connection, kept: the stop, and right after it the probe.
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let requests = "POST /api/v0/shutdown HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n\
                    GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(requests.as_bytes()).unwrap();
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    let said = String::from_utf8_lossy(&said);
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    assert!(!said.contains("ok\n"), "{said}");
    assert!(daemon.wait(Duration::from_secs(5)).unwrap().0.success());
}

#[test]
fn the_rpc_listens_on_a_unix_socket() {
    let repository = repository();
    let socket = repository.path().join("rpc.sock");
    let address = format!("/unix{}", socket.display());
    repository
        .configure(|config| {
            config["Addresses"]["API"] = json!(["/ip4/127.0.0.1/tcp/0", address]);
        })
        .unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    assert!(daemon.log().contains(&format!("listening on {address}")));
    let printed = repository
        .run(&["--api", &address, "id", "--format=<id>"])
        .unwrap();
    assert!(printed.starts_with("12D3Koo"), "{printed}");
    let (status, _) = daemon.terminate(Duration::from_secs(5)).unwrap();
    assert!(status.success());
    assert!(!socket.exists(), "the socket goes with the daemon");
}

#[test]
fn text_is_what_ipfs_prints() {
    let repository = repository();
    let daemon = repository.start(&["--offline"]).unwrap();
    let cid = Rpc::new(&daemon.rpc()).add(b"hello\n", "pin=true").unwrap();
    let post = |target: &str| ask(&daemon.rpc(), "POST", target, &[]).text();
    let pins = post("/api/v0/pin/ls?type=recursive&encoding=text");
    assert!(
        pins.lines().any(|line| line == format!("{cid} recursive")),
        "{pins}"
    );
    let verified = post("/api/v0/repo/verify?encoding=text");
    assert!(
        verified.starts_with("1 blocks processed.\n")
            && verified.ends_with("verify complete, all blocks validated.\n"),
        "{verified}"
    );
}

#[test]
fn tls_without_a_certificate_is_told() {
    let repository = repository();
    repository
        .configure(|config| config["Addresses"]["API"] = "/ip4/127.0.0.1/tcp/0/https".into())
        .unwrap();
    let refused = repository.start(&["--offline"]).unwrap_err().to_string();
    assert!(
        refused.contains("TLS needs a certificate") && refused.contains("TLS.Certificate"),
        "{refused}"
    );
    repository
        .configure(|config| config["TLS"] = json!({"Certificate": "absent.pem"}))
        .unwrap();
    let refused = repository.start(&["--offline"]).unwrap_err().to_string();
    assert!(refused.contains("set together"), "{refused}");
}

#[test]
fn logs_are_json_where_asked_for() {
    let repository = repository();
    repository
        .configure(|config| config["NoSuchSection"] = json!({}))
        .unwrap();
    let daemon = repository
        .start(&["--offline", "--log-format=json"])
        .unwrap();
    let log = daemon.log();
    let told: serde_json::Value = log
        .lines()
        .find(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .unwrap();
    assert_eq!(told["level"], "WARN");
    assert_eq!(told["fields"]["key"], "NoSuchSection");
    assert!(
        repository
            .run(&["id", "--log-format=xml"])
            .unwrap_err()
            .to_string()
            .contains("invalid log format")
    );
}
