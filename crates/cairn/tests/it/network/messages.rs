//! Messages by topic, and the older forms of answers.

use std::time::Duration;

use cairn_client::Records;
use cairn_wire::Values;
use cairn_wire::kubo::pubsub::sub::{PubsubMessage, PubsubSub};
use cairn_wire::kubo::{Command as _, SPECS};
use serde_json::json;

use super::Online;
use super::fake::{ADDRESS, PEER};

/// The next message of a subscription.
async fn message(messages: &mut Records<PubsubMessage>) -> PubsubMessage {
    let next = tokio::time::timeout(Duration::from_secs(30), messages.next());
    next.await.unwrap().unwrap().unwrap()
}

#[tokio::test]
async fn messages_are_published_and_received() {
    let online = Online::start(false).await;
    let subscribe = Values::from_query("arg=uZ29sZGVu").unwrap();
    // It is answered before there is a message.
    let answer = online
        .kubo
        .send(&PubsubSub::SPEC, subscribe, None)
        .await
        .unwrap();
    let mut messages = Records::<PubsubMessage>::new(answer);
    online
        .call("pubsub/pub?arg=uZ29sZGVu", Some(b"hello\xff"))
        .await
        .unwrap();
    online
        .call("pubsub/pub?arg=ueA", Some(b"of another topic"))
        .await
        .unwrap();
    let first = message(&mut messages).await;
    assert_eq!(first.payload().unwrap(), b"hello\xff");
    assert_eq!((&*first.from, &*first.seqno), (PEER, "uAAE"));
    assert_eq!(first.topic_ids, ["uZ29sZGVu"]);
    assert_eq!(
        online.one("pubsub/ls").await,
        json!({ "Strings": ["uZ29sZGVu"] })
    );
    assert_eq!(
        online.one("pubsub/peers").await,
        json!({ "Strings": [PEER] })
    );
    assert_eq!(online.one("pubsub/reset").await, json!({ "deleted": 2 }));
    let bad = online
        .call("pubsub/pub?arg=golden", Some(b"x"))
        .await
        .unwrap_err();
    assert!(bad.contains("URL arg must be multibase encoded"), "{bad}");
    let wrong = online
        .call("pubsub/pub?arg=mZ29sZGVu", Some(b"x"))
        .await
        .unwrap_err();
    assert!(
        wrong.contains("URL arg must be base64url encoded"),
        "{wrong}"
    );
}

#[tokio::test]
async fn older_forms_for_programs_of_then() {
    let online = Online::start(true).await;
    let target = format!("{ADDRESS}/p2p/{PEER}");
    online.one(&format!("swarm/connect?arg={target}")).await;
    let peers = online.one("swarm/peers").await;
    assert_eq!(peers["Strings"], json!([target]));
    assert_eq!(peers["Peers"][0]["Peer"], PEER);
    assert_eq!(online.one("id").await["ProtocolVersion"], "ipfs/0.1.0");

    let subscribe = Values::from_query("arg=golden").unwrap();
    let answer = online
        .kubo
        .send(&PubsubSub::SPEC, subscribe, None)
        .await
        .unwrap();
    let mut messages = Records::<PubsubMessage>::new(answer);
    // The payload is an argument, and there is no file.
    let publish = SPECS.iter().find(|spec| spec.path == "pubsub/pub").unwrap();
    let values = Values::from_query("arg=golden&arg=hello&arg=again").unwrap();
    online.kubo.send(publish, values, None).await.unwrap();
    for text in ["aGVsbG8=", "YWdhaW4="] {
        let message = message(&mut messages).await;
        assert_eq!(
            (&*message.data, &message.topic_ids[..]),
            (text, &["golden".to_owned()][..])
        );
    }
    assert_eq!(
        online.one("pubsub/ls").await,
        json!({ "Strings": ["golden"] })
    );
    let nothing = online
        .kubo
        .send(publish, Values::from_query("arg=golden").unwrap(), None)
        .await;
    assert!(nothing.is_err());
}
