//! A REST endpoint from its declaration: mounted, called, described.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use cairn_client::InProcess;
use cairn_client::rest::{CallError, Rest};
use cairn_http::rest::{Answer, Credential, Handler, Input, Mount, Refusal, Service};
use cairn_wire::pinning::{Failure, GetPin, Pin, PinStatus, Pinning, Status};
use cairn_wire::rest::openapi::Document;
use cairn_wire::rest::{Access, Fault, Scheme};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

const TOKEN: &str = "a-token";

#[derive(Clone)]
struct Pins;

impl Service for Pins {
    type Api = Pinning;
    type Caller = &'static str;

    async fn authenticate(
        &self,
        credential: Option<Credential<'_>>,
        access: Access,
    ) -> Result<&'static str, Fault> {
        assert_eq!(access, Access::Scope("pins:read"));
        match credential {
            Some(given) if given.scheme == Scheme::Bearer && given.secret == TOKEN => Ok("someone"),
            _ => Err(Fault::Unauthorized),
        }
    }
}

impl Handler<Pins> for GetPin {
    async fn handle(self, call: Input<Pins, Self>) -> Result<Answer<Self>, Refusal<Pinning>> {
        assert_eq!(call.caller, "someone");
        if self.requestid != "known/1" {
            return Err(Refusal {
                status: 404,
                body: Failure::new("NOT_FOUND", "no pin request has this id"),
            });
        }
        Ok(pin(&self.requestid))
    }
}

fn pin(requestid: &str) -> PinStatus {
    PinStatus {
        requestid: requestid.to_owned(),
        status: Status::Pinned,
        created: "2026-07-27T17:32:28.276Z".to_owned(),
        pin: Pin {
            cid: "bafkqabtimvwgy3yk".to_owned(),
            ..Pin::default()
        },
        delegates: vec!["/ip4/203.0.113.1/tcp/4001/p2p/QmServicePeerId".to_owned()],
        info: BTreeMap::new(),
    }
}

fn client(token: Option<&str>) -> Rest<Pinning> {
    let router = Mount::default().with::<GetPin>().into_router(Pins);
    let client = Rest::new(InProcess::new(router), "");
    match token {
        Some(token) => {
            let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
            client.with_authorization(value)
        }
        None => client,
    }
}

fn get(requestid: &str) -> GetPin {
    GetPin {
        requestid: requestid.to_owned(),
    }
}

#[tokio::test]
async fn a_declared_endpoint_is_mounted_and_called() {
    let found = client(Some(TOKEN)).call(&get("known/1")).await.unwrap();
    assert_eq!(found, pin("known/1"));
}

#[tokio::test]
async fn refusals_come_in_the_form_of_the_api() {
    for (token, id, status, reason) in [
        (Some(TOKEN), "unknown", StatusCode::NOT_FOUND, "NOT_FOUND"),
        (None, "known/1", StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
        (
            Some("no"),
            "known/1",
            StatusCode::UNAUTHORIZED,
            "UNAUTHORIZED",
        ),
    ] {
        match client(token).call(&get(id)).await {
            Err(CallError::Refused {
                status: told,
                error,
            }) => {
                assert_eq!((told, error.error.reason.as_str()), (status, reason));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused_in_the_form_of_the_api() {
    use axum::body::Body;
    use cairn_client::transport::{Transport as _, empty};
    let router = Mount::default().with::<GetPin>().into_router(Pins);
    let transport = InProcess::new(router);
    for (method, path, status, reason) in [
        ("GET", "/nothing", 404, "NOT_FOUND"),
        ("DELETE", "/pins/a", 405, "METHOD_NOT_ALLOWED"),
    ] {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .body(empty())
            .unwrap();
        let response = transport.send(request).await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        let bytes = axum::body::to_bytes(Body::new(response.into_body()), 4096)
            .await
            .unwrap();
        let failure: Failure = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(failure.error.reason, reason);
    }
}

#[test]
fn a_declared_endpoint_is_described() {
    let document = Document::default().with::<GetPin>().finish::<Pinning>();
    let operation = &document["paths"]["/pins/{requestid}"]["get"];
    // As in the API's own document.
    assert_eq!(operation["operationId"], "getPinByRequestId");
    assert_eq!(operation["parameters"][0]["name"], "requestid");
    assert_eq!(operation["parameters"][0]["in"], "path");
    assert_eq!(operation["parameters"][0]["required"], true);
    assert_eq!(
        operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/PinStatus"
    );
    for status in ["400", "401", "404", "409", "500"] {
        assert_eq!(
            operation["responses"][status]["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/Failure",
            "{status}"
        );
    }
    let schema = &document["components"]["schemas"]["PinStatus"];
    let required: Vec<&Value> = schema["required"].as_array().unwrap().iter().collect();
    for field in ["requestid", "status", "created", "pin", "delegates"] {
        assert!(required.contains(&&json!(field)), "{field}");
    }
    assert!(!required.contains(&&json!("info")));
    assert_eq!(schema["properties"]["created"]["format"], "date-time");
    assert_eq!(
        document["components"]["securitySchemes"]["bearer"],
        json!({ "type": "http", "scheme": "bearer" })
    );
    assert_eq!(document["openapi"], "3.1.0");
}
