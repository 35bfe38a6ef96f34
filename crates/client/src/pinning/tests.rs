//! Calls against small routers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use cairn_primitives::Cid;
use cairn_wire::pinning::Status;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{PinningError, PinningService};
use crate::kubo::Retry;
use crate::rest::Rest;
use crate::transport::InProcess;

/// A response: status, headers and body.
type Scripted = (u16, &'static [(&'static str, &'static str)], Value);

/// What the server saw of a request.
#[derive(Debug)]
struct Seen {
    method: String,
    target: String,
    headers: HeaderMap,
}

#[derive(Clone, Default)]
struct Script {
    responses: Arc<Mutex<VecDeque<Scripted>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// A service that sends these responses in order, and what it sees.
fn service(responses: Vec<Scripted>) -> (PinningService, Script) {
    let script = Script::default();
    *script.responses.lock().unwrap() = responses.into();
    let served = script.clone();
    let router = Router::new().fallback(move |request: Request| {
        let served = served.clone();
        async move {
            served.seen.lock().unwrap().push(Seen {
                method: request.method().to_string(),
                target: request.uri().to_string(),
                headers: request.headers().clone(),
            });
            let next = served.responses.lock().unwrap().pop_front();
            let (status, headers, body) = next.expect("more requests than responses");
            let mut response = http::Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(*name, *value);
            }
            response
                .body(axum::body::Body::from(match body {
                    Value::String(text) => text,
                    json => json.to_string(),
                }))
                .unwrap()
        }
    });
    let rest = Rest::new(InProcess::new(router), "").with_retry(Retry::SERVICES);
    (PinningService::new(rest), script)
}

impl Script {
    fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

fn pin(status: &str) -> Value {
    json!({
        "requestid": "a/b",
        "status": status,
        "created": "2026-07-27T17:32:28.276Z",
        "pin": {"cid": "bafkqabtimvwgy3yk", "name": null, "meta": null},
        "delegates": ["/ip4/203.0.113.1/tcp/4001/p2p/12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d", "/new/protocol"],
        "info": {"status_details": "waiting for a provider", "dag_size": "12", "pinned_until": "2026-08-27T17:32:28Z"},
    })
}

fn failure(reason: &str) -> Value {
    json!({"error": {"reason": reason, "details": "because"}})
}

fn cid() -> Cid {
    "bafkqabtimvwgy3yk".parse().unwrap()
}

#[tokio::test]
async fn results_are_typed() {
    let (service, script) = service(vec![(202, &[], pin("queued"))]);
    let added = service.add(&cid()).name("n").meta("k", "v").await.unwrap();
    assert_eq!(added.cid, cid());
    assert_eq!(added.status, Status::Queued);
    assert_eq!(added.name, None);
    assert_eq!(added.delegates.len(), 1, "an unknown protocol is left out");
    assert_eq!(added.status_details(), Some("waiting for a provider"));
    assert_eq!(added.dag_size(), Some(12));
    assert_eq!(added.raw_size(), None);
    assert!(added.pinned_until().unwrap() > added.created);
    assert_eq!(added.to_record().created, "2026-07-27T17:32:28.276Z");
    let seen = script.seen.lock().unwrap();
    let key = seen[0].headers["idempotency-key"].to_str().unwrap();
    assert_eq!(key.len(), 32);
}

#[tokio::test]
async fn every_filter_is_sent() {
    let empty = json!({"count": 0, "results": []});
    let (service, script) = service(vec![(200, &[], empty)]);
    let time = crate::time::rfc3339("2026-07-27T17:32:28.5Z").unwrap();
    let page = service
        .list()
        .cid(&cid())
        .name("a b")
        .name_match(super::NameMatch::IPartial)
        .status(Status::Queued)
        .status(Status::Failed)
        .before(time)
        .after(std::time::UNIX_EPOCH)
        .limit(7)
        .meta("k", "v")
        .await
        .unwrap();
    assert_eq!(page.count, 0);
    let seen = script.seen.lock().unwrap();
    let (_, query) = seen[0].target.split_once('?').unwrap();
    let query = cairn_wire::rest::Query::parse(query).unwrap();
    let pairs: Vec<_> = query.pairs().collect();
    assert_eq!(
        pairs,
        [
            ("cid", "bafkqabtimvwgy3yk"),
            ("name", "a b"),
            ("match", "ipartial"),
            ("status", "queued,failed"),
            ("before", "2026-07-27T17:32:28.500Z"),
            ("after", "1970-01-01T00:00:00.000Z"),
            ("limit", "7"),
            ("meta", "{\"k\":\"v\"}"),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn refused_requests_are_repeated_when_the_service_allows_it() {
    let (service, script) = service(vec![
        (429, &[("retry-after", "7")], failure("RATE_LIMITED")),
        (503, &[], "<html>busy</html>".into()),
        (202, &[], pin("queued")),
    ]);
    let begun = Instant::now();
    service.add(&cid()).await.unwrap();
    assert_eq!(script.count(), 3);
    assert!(begun.elapsed() >= Duration::from_secs(7));
    let seen = script.seen.lock().unwrap();
    let keys: Vec<_> = seen
        .iter()
        .map(|seen| &seen.headers["idempotency-key"])
        .collect();
    assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "{keys:?}");
}

#[tokio::test(start_paused = true)]
async fn a_used_up_limit_is_waited_for() {
    const USED_UP: &[(&str, &str)] = &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "20")];
    let (service, _) = service(vec![(202, USED_UP, pin("queued")), (202, &[], Value::Null)]);
    let begun = Instant::now();
    let added = service.add(&cid()).await.unwrap();
    service.delete(&added.id).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn retries_end() {
    let busy = || (503, &[][..], failure("BUSY"));
    let (service, script) = service((0..20).map(|_| busy()).collect());
    let error = service.get(&"a".into()).await.unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(error.reason(), Some("BUSY"));
    assert_eq!(script.count(), 11);
}

#[tokio::test(start_paused = true)]
async fn a_delay_beyond_the_limit_is_not_waited_for() {
    let (service, script) = service(vec![(
        429,
        &[("retry-after", "86400")],
        failure("RATE_LIMITED"),
    )]);
    let begun = Instant::now();
    let error = service.get(&"a".into()).await.unwrap_err();
    let PinningError::Refused(refusal) = error else {
        panic!("{error}");
    };
    assert_eq!(refusal.retry_after, Some(Duration::from_secs(86_400)));
    assert_eq!(script.count(), 1);
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_done_is_only_repeated_if_it_is_idempotent() {
    let responses = || {
        vec![
            (502, &[][..], "bad gateway".into()),
            (202, &[], pin("queued")),
        ]
    };
    let (service_one, script) = service(responses());
    let error = service_one.add(&cid()).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::BAD_GATEWAY));
    assert_eq!(script.count(), 1);

    let (service_two, script) = service(responses());
    let service_two = service_two.with_idempotent_adds(true);
    service_two.add(&cid()).await.unwrap();
    assert_eq!(script.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_repeated_delete_finds_that_it_was_done() {
    for lost in [502, 503] {
        let (service, script) = service(vec![
            (lost, &[], "the backend is gone".into()),
            (404, &[], failure("NOT_FOUND")),
        ]);
        service.delete(&"a".into()).await.unwrap();
        assert_eq!(script.count(), 2);
    }
    // One that never was there, and one that was refused before it was looked for.
    let (service_one, _) = service(vec![(404, &[], failure("NOT_FOUND"))]);
    let error = service_one.delete(&"a".into()).await.unwrap_err();
    assert!(error.is_not_found());
    let (service_two, _) = service(vec![
        (429, &[], failure("RATE_LIMITED")),
        (404, &[], failure("NOT_FOUND")),
    ]);
    let error = service_two.delete(&"a".into()).await.unwrap_err();
    assert!(error.is_not_found());
}

#[tokio::test]
async fn what_a_service_does_not_implement_is_not_tried_again() {
    // With an error of the API, and with a page of a proxy.
    for body in [failure("NOT_IMPLEMENTED"), "<html>".into()] {
        let (service, script) = service(vec![(501, &[], body)]);
        let error = service.get(&"a".into()).await.unwrap_err();
        assert!(!error.is_retryable(), "{error}");
        assert_eq!(script.count(), 1);
    }
}

#[tokio::test]
async fn refusals_are_typed() {
    let (service, _) = service(vec![
        (404, &[], failure("NOT_FOUND")),
        (401, &[], failure("UNAUTHORIZED")),
    ]);
    let error = service.get(&"a".into()).await.unwrap_err();
    assert!(error.is_not_found() && !error.is_retryable());
    assert_eq!(
        error.to_string(),
        "the service refused the request: because"
    );
    let error = service.delete(&"a".into()).await.unwrap_err();
    assert!(error.is_unauthorized());
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_success_failure_or_the_time_limit() {
    let (service_one, script) = service(vec![
        (200, &[], pin("queued")),
        (200, &[], pin("pinning")),
        (200, &[], pin("pinned")),
    ]);
    let steps = Arc::new(Mutex::new(Vec::new()));
    let noted = steps.clone();
    let pinned = service_one
        .wait_until_pinned(&"a/b".into())
        .on_progress(move |pin| noted.lock().unwrap().push(pin.status))
        .await
        .unwrap();
    assert_eq!(pinned.status, Status::Pinned);
    assert_eq!(
        *steps.lock().unwrap(),
        [Status::Queued, Status::Pinning, Status::Pinned]
    );
    {
        let seen = script.seen.lock().unwrap();
        assert!(
            seen.iter()
                .all(|seen| seen.target == "/pins/a%2Fb" && seen.method == "GET")
        );
    }

    let (service_two, _) = service(vec![(200, &[], pin("failed"))]);
    let failed = service_two
        .wait_until_pinned(&"a".into())
        .await
        .unwrap_err();
    assert_eq!(
        failed.to_string(),
        "the service could not pin bafkqabtimvwgy3yk: waiting for a provider"
    );

    let (service_three, script) =
        service((0..100).map(|_| (200, &[][..], pin("queued"))).collect());
    let begun = Instant::now();
    let late = service_three
        .wait_until_pinned(&"a".into())
        .within(Duration::from_secs(60))
        .await
        .unwrap_err();
    assert!(matches!(late, PinningError::Unfinished { .. }), "{late}");
    assert_eq!(begun.elapsed().as_secs(), 60);
    assert!(script.count() < 20);
}
