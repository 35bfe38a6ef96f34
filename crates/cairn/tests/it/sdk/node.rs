//! The server itself: version, identity, configuration, end.

use std::time::Duration;

use cairn_client::version::Supported;
use cairn_client::{Error, ErrorKind, Kubo, Retry};
use serde_json::json;

use super::{HELLO, Server};

#[tokio::test]
async fn the_server_tells_of_itself() {
    let server = Server::start().await;
    let kubo = &server.kubo;
    let version = kubo.apply_workarounds().await.unwrap();
    assert_eq!(version.version, "0.42.0");
    assert_eq!(version, kubo.version().await.unwrap());
    let old = Kubo::builder(&server.address).supported(Supported::default().below("0.8.0"));
    assert!(matches!(old.connect().await, Err(Error::Version(error)) if error.current == "0.42.0"));
    assert!(!kubo.version_deps().await.unwrap().is_empty());
    let peer = kubo.id().await.unwrap();
    assert!(peer.id.starts_with("12D3Koo") && !peer.agent_version.is_empty());
    assert_eq!(kubo.id_of(&peer.id).await.unwrap().id, peer.id);
    assert!(
        kubo.id()
            .peerid_base("base36")
            .await
            .unwrap()
            .id
            .starts_with('k')
    );
    let commands = kubo.commands().flags(true).await.unwrap();
    let pin = commands
        .subcommands
        .iter()
        .find(|command| command.name == "pin")
        .unwrap();
    assert!(
        pin.subcommands
            .iter()
            .any(|command| command.name == "ls" && !command.options.is_empty())
    );
    assert!(kubo.diag().sys().await.unwrap().is_object());
    let wrapped = kubo
        .add(b"hello\n")
        .wrap_with_directory(true)
        .await
        .unwrap()
        .cid;
    let path = format!("/ipfs/{wrapped}/{HELLO}");
    assert_eq!(kubo.resolve(&path).await.unwrap(), format!("/ipfs/{HELLO}"));
    assert_eq!(
        kubo.resolve(&path).recursive(true).await.unwrap(),
        format!("/ipfs/{HELLO}")
    );
}

#[tokio::test]
async fn the_configuration() {
    let server = Server::start().await;
    let config = server.kubo.config();
    config
        .set("Gateway.RootRedirect", "/elsewhere")
        .unwrap()
        .await
        .unwrap();
    assert_eq!(
        config.value("Gateway.RootRedirect").await.unwrap(),
        "/elsewhere"
    );
    let set = config.set("Gateway.NoFetch", &true).unwrap().await.unwrap();
    assert_eq!(set, json!(true));
    let mut all = config.get().await.unwrap();
    assert_eq!(all["Gateway"]["RootRedirect"], "/elsewhere");
    all["Gateway"]["RootRedirect"] = json!("/again");
    config.replace(&all).unwrap().await.unwrap();
    assert_eq!(
        config.value("Gateway.RootRedirect").await.unwrap(),
        "/again"
    );
    let effect = config.apply_profile("server").dry_run(true).await.unwrap();
    assert_ne!(effect.before, effect.after);
    assert!(
        config
            .value("No.Such.Key")
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test]
async fn after_it_was_stopped_nobody_answers() {
    let server = Server::start().await;
    let kubo = Kubo::builder(&server.address)
        .retry(Retry::NEVER)
        .build()
        .unwrap();
    kubo.stop().await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            if let Err(error) = kubo.version().await {
                return error;
            }
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(ended.await.unwrap().kind(), ErrorKind::Connection);
}
