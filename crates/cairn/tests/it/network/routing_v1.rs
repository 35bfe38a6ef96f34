//! `/routing/v1` on the gateway.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use cairn_http::gateway;
use cairn_primitives::ContentPath;
use cairn_primitives::ipns::{Record, RecordOptions};
use cairn_primitives::keys::Keypair;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::Online;
use super::fake::{ADDRESS, PEER};

const LINES: &str = "application/x-ndjson";
const RECORD: &str = "application/vnd.ipfs.ipns-record";

struct Answer {
    status: StatusCode,
    kind: String,
    cache: String,
    body: Vec<u8>,
}

impl Online {
    async fn routed(&self, request: Request<Body>) -> Answer {
        let service = gateway::service(Arc::clone(&self.node));
        let (head, body) = service.call(request).await.into_parts();
        let text = |name: &str| {
            let value = head.headers.get(name).map(|value| value.to_str().unwrap());
            value.unwrap_or_default().to_owned()
        };
        Answer {
            status: head.status,
            kind: text("content-type"),
            cache: text("cache-control"),
            body: axum::body::to_bytes(body, 1 << 20).await.unwrap().to_vec(),
        }
    }

    async fn ask(&self, path: &str, accept: Option<&str>) -> Answer {
        let mut request = Request::get(format!("/routing/v1/{path}"));
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        self.routed(request.body(Body::empty()).unwrap()).await
    }
}

#[tokio::test]
async fn peers_and_providers_are_listed() {
    let online = Online::start(false).await;
    let record = json!({ "Schema": "peer", "ID": PEER, "Addrs": [ADDRESS] });
    let key = PEER.parse::<cairn_primitives::PeerId>().unwrap().to_cid();
    for (path, name) in [
        ("providers/bafkqaaa".to_owned(), "Providers"),
        (format!("peers/{PEER}"), "Peers"),
        (format!("peers/{key}"), "Peers"),
    ] {
        let whole = online.ask(&path, None).await;
        assert_eq!(
            (whole.status, &*whole.kind),
            (StatusCode::OK, "application/json")
        );
        let body: Value = serde_json::from_slice(&whole.body).unwrap();
        assert_eq!(body, json!({ name: [record] }), "{path}");
        assert!(whole.cache.starts_with("public, max-age=300, "));
        let lines = online.ask(&path, Some(LINES)).await;
        assert_eq!((lines.status, &*lines.kind), (StatusCode::OK, LINES));
        let line: Value = serde_json::from_slice(&lines.body).unwrap();
        assert_eq!(line, record);
        let none = online.ask(&format!("{path}?filter-addrs=ws"), None).await;
        let body: Value = serde_json::from_slice(&none.body).unwrap();
        assert_eq!(body, json!({ name: [] }));
        assert!(none.cache.starts_with("public, max-age=15, "));
    }
    let closest = online.ask(&format!("dht/closest/peers/{key}"), None).await;
    let body: Value = serde_json::from_slice(&closest.body).unwrap();
    assert_eq!(body["Peers"][0]["ID"], PEER);
    for (path, accept, status) in [
        ("providers/zz", None, 400),
        ("peers/zz", None, 400),
        ("ipns/zz", None, 400),
        ("other/zz", None, 404),
        ("providers/bafkqaaa", Some("text/html"), 400),
    ] {
        assert_eq!(online.ask(path, accept).await.status, status, "{path}");
    }
    // Without peers nothing is found, which is no error.
    online.node.set_network(None);
    let none = online.ask("providers/bafkqaaa", None).await;
    assert_eq!(none.body, br#"{"Providers":[]}"#);
    let off = Value::from(false);
    online
        .node
        .config_file()
        .set("Gateway.ExposeRoutingAPI", off)
        .unwrap();
    assert_eq!(online.ask("providers/bafkqaaa", None).await.status, 404);
}

#[tokio::test]
async fn ipns_records_are_sent_and_taken() {
    let online = Online::start(false).await;
    let key = Keypair::from_ed25519_seed(&[5; 32]);
    let name = key.peer_id().to_base36();
    let value = ContentPath::new("/ipfs/bafkqaaa").unwrap();
    let until = SystemTime::now() + Duration::from_secs(3600);
    let record = Record::sign(&key, &value, &RecordOptions::new(1, until)).unwrap();
    let bytes = record.as_bytes().to_vec();
    let none = online.ask(&format!("ipns/{name}"), None).await;
    assert_eq!(
        (none.status.as_u16(), &none.kind[..10]),
        (200, "text/plain")
    );
    let put = |name: &str, kind: &str, bytes: &[u8]| {
        let request = Request::put(format!("/routing/v1/ipns/{name}"));
        let body = Body::from(bytes.to_vec());
        online.routed(request.header("content-type", kind).body(body).unwrap())
    };
    let other = Keypair::from_ed25519_seed(&[6; 32]).peer_id().to_base36();
    for (name, kind, bytes, status) in [
        (&name, "text/plain", &bytes[..], 406),
        (&name, RECORD, b"nonsense", 400),
        (&name, RECORD, &[0; 11 << 10], 400),
        (&other, RECORD, &bytes, 400),
        (&name, RECORD, &bytes, 200),
    ] {
        assert_eq!(put(name, kind, bytes).await.status.as_u16(), status);
    }
    let found = online
        .call(&format!("routing/get?arg=/ipns/{name}"), None)
        .await;
    assert_eq!(found.unwrap().len(), 1);
    // What the node keeps itself is answered as well.
    let names = online.node.name_system();
    names
        .put(&key.peer_id(), record.as_bytes(), true)
        .await
        .unwrap();
    let found = online.ask(&format!("ipns/{name}"), Some(RECORD)).await;
    assert_eq!((found.status.as_u16(), &*found.kind), (200, RECORD));
    assert_eq!(found.body, bytes);
    assert!(found.cache.starts_with("public, max-age="));
    let html = online.ask(&format!("ipns/{name}"), Some("text/html")).await;
    assert_eq!(html.status.as_u16(), 406);
}
