//! REST endpoints from their declarations: mounted, called, described, run from the command line.

mod calls;
mod cli;
mod declared;

use std::collections::BTreeMap;

use cairn_client::InProcess;
use cairn_client::rest::{CallError, Rest};
use cairn_http::mount_endpoints;
use cairn_http::rest::{Answer, Attempt, ErrorResponse, Handler, Input, Service};
use cairn_wire::pinning::{
    AddPin, DeletePin, Failure, GetPin, GetPins, Pin, PinResults, PinStatus, Pinning, ReplacePin,
    Status, TextMatchingStrategy,
};
use cairn_wire::rest::{Access, Fault, Scheme};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

const TOKEN: &str = "a-token";

#[derive(Clone)]
struct Pins;

impl Service for Pins {
    type Api = Pinning;
    type Caller = &'static str;

    async fn authenticate(
        &self,
        attempt: Attempt<'_>,
        headers: &mut HeaderMap,
    ) -> Result<&'static str, Fault> {
        assert!(matches!(
            attempt.access,
            Access::Scope("pins:read" | "pins:write")
        ));
        headers.insert("x-ratelimit-limit", 7.into());
        let given = attempt.credential?;
        if given.scheme == Scheme::Bearer && given.secret == TOKEN {
            Ok("someone")
        } else {
            Err(Fault::Unauthorized)
        }
    }
}

impl Handler<Pins> for GetPin {
    async fn handle(self, call: Input<Pins, Self>) -> Result<Answer<Self>, ErrorResponse<Pinning>> {
        assert_eq!(call.caller, "someone");
        if self.requestid != "known/1" {
            return Err(ErrorResponse {
                status: 404,
                body: Failure::new("NOT_FOUND", "no pin request has this id"),
            });
        }
        Ok(pin(&self.requestid))
    }
}

impl Handler<Pins> for GetPins {
    async fn handle(self, _: Input<Pins, Self>) -> Result<Answer<Self>, ErrorResponse<Pinning>> {
        let mut found = pin("known/1");
        // What was asked for comes back, so that the test sees what arrived.
        found.info = BTreeMap::from([("asked".to_owned(), format!("{self:?}"))]);
        Ok(PinResults {
            count: 7,
            results: vec![found],
        })
    }
}

impl Handler<Pins> for AddPin {
    async fn handle(self, call: Input<Pins, Self>) -> Result<Answer<Self>, ErrorResponse<Pinning>> {
        Ok(PinStatus {
            pin: call.body,
            ..pin("new")
        })
    }
}

impl Handler<Pins> for ReplacePin {
    async fn handle(self, call: Input<Pins, Self>) -> Result<Answer<Self>, ErrorResponse<Pinning>> {
        Ok(PinStatus {
            pin: call.body,
            ..pin(&format!("{}-replaced", self.requestid))
        })
    }
}

impl Handler<Pins> for DeletePin {
    async fn handle(self, _: Input<Pins, Self>) -> Result<Answer<Self>, ErrorResponse<Pinning>> {
        Ok(())
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
        delegates: vec![
            "/ip4/203.0.113.1/tcp/4001/p2p/12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d"
                .to_owned(),
        ],
        info: BTreeMap::new(),
    }
}

fn router() -> axum::Router {
    cairn_wire::pinning_endpoints!(mount_endpoints).into_router(Pins)
}

fn client(token: Option<&str>) -> Rest<Pinning> {
    let client = Rest::new(InProcess::new(router()), "");
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
                ..
            }) => {
                assert_eq!((told, error.error.reason.as_str()), (status, reason));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn pins_are_listed_added_replaced_and_removed() {
    let client = client(Some(TOKEN));
    let asked = GetPins {
        cid: vec!["a".to_owned(), "b".to_owned()],
        name: Some("n m,".to_owned()),
        r#match: Some(TextMatchingStrategy::IPartial),
        status: vec![Status::Queued, Status::Failed],
        before: Some("2020-07-27T17:32:28Z".to_owned()),
        after: Some("2020-07-26T17:32:28Z".to_owned()),
        limit: 1000,
        meta: Some(BTreeMap::from([("app".to_owned(), "{}&".to_owned())])),
    };
    for asked in [asked, GetPins::new()] {
        let page = client.call(&asked).await.unwrap();
        assert_eq!(page.count, 7);
        assert_eq!(page.results[0].info["asked"], format!("{asked:?}"));
    }
    let wrong = GetPins {
        limit: 1001,
        ..GetPins::new()
    };
    match client.call(&wrong).await {
        Err(CallError::Refused { status, .. }) => assert_eq!(status, StatusCode::BAD_REQUEST),
        other => panic!("{other:?}"),
    }
    let wanted = Pin {
        cid: "c".to_owned(),
        ..Pin::default()
    };
    let added = client.send(&AddPin::new(), &wanted).await.unwrap();
    assert_eq!((added.requestid.as_str(), &added.pin), ("new", &wanted));
    let requestid = "a/b".to_owned();
    let replace = ReplacePin {
        requestid: requestid.clone(),
    };
    let replaced = client.send(&replace, &wanted).await.unwrap();
    assert_eq!(replaced.requestid, "a/b-replaced");
    client.call(&DeletePin { requestid }).await.unwrap();
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused_in_the_form_of_the_api() {
    use axum::body::Body;
    use cairn_client::transport::{Transport as _, empty};
    let transport = InProcess::new(router());
    for (method, path, status, reason) in [
        ("GET", "/nothing", 404, "NOT_FOUND"),
        ("PUT", "/pins/a", 405, "METHOD_NOT_ALLOWED"),
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

/// What the API's own document says, <https://github.com/ipfs/pinning-services-api-spec> at version 1.0.0.
#[test]
fn a_declared_endpoint_is_described_as_in_its_specification() {
    let document = cairn_wire::pinning::openapi();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["title"], "IPFS Pinning Service API");
    assert_eq!(document["info"]["version"], "1.0.0");
    let operation = &document["paths"]["/pins/{requestid}"]["get"];
    assert_eq!(operation["operationId"], "getPinByRequestId");
    let parameters = operation["parameters"].as_array().unwrap();
    assert_eq!(parameters.len(), 1);
    assert_eq!(parameters[0]["name"], "requestid");
    assert_eq!(parameters[0]["in"], "path");
    assert_eq!(parameters[0]["required"], true);
    assert_eq!(parameters[0]["schema"], json!({ "type": "string" }));
    assert!(operation.get("requestBody").is_none());

    let responses = operation["responses"].as_object().unwrap();
    let mut statuses: Vec<&str> = responses.keys().map(String::as_str).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, ["200", "400", "401", "404", "409", "4XX", "5XX"]);
    for (status, response) in responses {
        let record = if status == "200" {
            "PinStatus"
        } else {
            "Failure"
        };
        assert_eq!(
            response["content"],
            json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{record}") } } }),
            "{status}"
        );
    }

    let text = || json!({ "type": "string" });
    let several = |least: Option<u8>| {
        let mut list =
            json!({ "type": "array", "items": text(), "uniqueItems": true, "maxItems": 20 });
        if let Some(least) = least {
            list["minItems"] = least.into();
        }
        list
    };
    let map = || json!({ "type": "object", "additionalProperties": text() });
    let of = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    for (name, required, properties) in [
        (
            "PinStatus",
            &["requestid", "status", "created", "pin", "delegates"][..],
            json!({
                "requestid": text(),
                "status": of("Status"),
                "created": { "type": "string", "format": "date-time" },
                "pin": of("Pin"),
                "delegates": several(Some(1)),
                "info": map(),
            }),
        ),
        (
            "Pin",
            &["cid"][..],
            json!({
                "cid": text(),
                "name": { "type": "string", "maxLength": 255 },
                "origins": several(None),
                "meta": map(),
            }),
        ),
        (
            "FailureError",
            &["reason"][..],
            json!({ "reason": text(), "details": text() }),
        ),
    ] {
        let schema = &document["components"]["schemas"][name];
        assert_eq!(schema["type"], "object", "{name}");
        assert_eq!(schema["required"], json!(required), "{name}");
        let mut found = schema["properties"].clone();
        for field in found.as_object_mut().unwrap().values_mut() {
            field.as_object_mut().unwrap().remove("description");
        }
        assert_eq!(found, properties, "{name}");
    }
    assert_eq!(
        document["components"]["schemas"]["Failure"]["required"],
        json!(["error"])
    );
    let status = &document["components"]["schemas"]["Status"];
    let values: Vec<&Value> = status["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["const"])
        .collect();
    assert_eq!(
        json!(values),
        json!(["queued", "pinning", "pinned", "failed"])
    );

    assert_eq!(
        document["components"]["securitySchemes"]["bearer"],
        json!({ "type": "http", "scheme": "bearer" })
    );
    let security = operation["security"].as_array().unwrap();
    assert_eq!(security.len(), 1);
    assert!(security[0].get("bearer").is_some());
}
