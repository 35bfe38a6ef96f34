//! Keys and names.

use std::time::Duration;

use cairn_client::ErrorKind;

use super::{HELLO, Server};

#[tokio::test]
async fn keys() {
    let server = Server::start().await;
    let keys = server.kubo.keys();
    let made = keys.generate("notes").kind("ed25519").await.unwrap();
    assert_eq!(made.name, "notes");
    assert!(made.id.starts_with("k51"));
    let listed = keys.ls().long(true).await.unwrap();
    assert!(listed.contains(&made) && listed.iter().any(|key| key.name == "self"));
    let other = keys.ls().ipns_base("b58mh").await.unwrap();
    assert!(other.iter().any(|key| key.id.starts_with("12D3Koo")));
    let again = keys.generate("notes").await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Response);

    let signed = keys.sign(b"a message").key("notes").await.unwrap();
    assert_eq!(signed.key.name, "notes");
    let verified = keys
        .verify(b"a message", &signed.signature)
        .key("notes")
        .await;
    assert!(verified.unwrap().valid);
    let verified = keys
        .verify(b"another", &signed.signature)
        .key("notes")
        .await;
    assert!(!verified.unwrap().valid);

    let renamed = keys.rename("notes", "old").force(true).await.unwrap();
    assert_eq!(
        (
            renamed.was.as_str(),
            renamed.now.as_str(),
            renamed.overwrite
        ),
        ("notes", "old", false)
    );
    assert_eq!(renamed.id, made.id);
    let removed = keys.rm("old").await.unwrap();
    assert_eq!(removed[0].id, made.id);
    assert!(keys.rm("old").await.unwrap_err().is_not_found());
    assert!(keys.import("broken", b"no key").await.is_err());
}

#[tokio::test]
async fn names() {
    let server = Server::start().await;
    let (kubo, names) = (&server.kubo, server.kubo.names());
    kubo.add_str("hello\n").await.unwrap();
    let path = format!("/ipfs/{HELLO}");
    let offline = names.publish(&path).await.unwrap_err();
    assert_eq!(offline.kind(), ErrorKind::Response);
    let published = names
        .publish(&path)
        .allow_offline(true)
        .lifetime(Duration::from_secs(3600))
        .ttl("1m")
        .await
        .unwrap();
    assert_eq!(published.value, path);
    assert_eq!(names.resolve(&published.name).await.unwrap(), path);
    assert_eq!(names.resolve_own().nocache(true).await.unwrap(), path);
    let streamed = names
        .resolve(&published.name)
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(streamed, [path.as_str()]);
    let content = kubo
        .cat(format!("/ipns/{}", published.name))
        .to_string(99)
        .await
        .unwrap();
    assert_eq!(content, "hello\n");

    let record = names.get(&published.name).to_vec(10 << 10).await.unwrap();
    let inspected = names
        .inspect(record.clone())
        .verify(&published.name)
        .dump(false)
        .await
        .unwrap();
    assert_eq!(inspected.value.as_deref(), Some(path.as_str()));
    assert_eq!(inspected.ttl, Some(Duration::from_secs(60)));
    assert_eq!(
        (inspected.size, inspected.validation),
        (record.len(), Some(Ok(())))
    );
    assert!(inspected.validity.unwrap() > std::time::SystemTime::now());
    let put = names
        .put(&published.name, b"no record".to_vec())
        .allow_offline(true)
        .await;
    assert_eq!(put.unwrap_err().kind(), ErrorKind::Response);

    kubo.keys().generate("other").await.unwrap();
    let other = names
        .publish(format!("/ipns/{}", published.name))
        .key("other");
    let other = other.allow_offline(true).resolve(false).await.unwrap();
    // One step, or all.
    assert_eq!(
        names.resolve(&other.name).await.unwrap(),
        format!("/ipns/{}", published.name)
    );
    assert_eq!(
        names.resolve(&other.name).recursive(true).await.unwrap(),
        path
    );
    let step = kubo
        .resolve(format!("/ipns/{}", other.name))
        .recursive(true)
        .await
        .unwrap();
    assert_eq!(step, path);

    let unknown = names
        .resolve("k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8")
        .await;
    assert!(unknown.is_err());
    assert!(
        kubo.dns("name.invalid")
            .timeout(Duration::from_secs(60))
            .await
            .is_err()
    );
    let _ = names.pubsub_state().await;
    let _ = names.pubsub_subs().await;
    let _ = names.pubsub_cancel(&published.name).await;
}
