//! The SDK against the daemon: every method, with its options, and the examples.

mod add;
mod content;
mod embedded;
mod every_method;
mod examples;
mod files;
mod names;
mod network;
mod node;
mod pins;

use cairn_client::Kubo;
use cairn_testkit::server::{Daemon, Repository};

/// The CID of `hello\n`.
const HELLO: &str = "QmZULkCELmmk5XNfCgTnCyFgAVxBRBXyDHGGMVoLFLiXEN";

/// A daemon with a repository of its own, and a client of it.
struct Server {
    kubo: Kubo,
    address: String,
    _daemon: Daemon,
    _repository: Repository,
}

impl Server {
    async fn start() -> Self {
        let (repository, daemon) = tokio::task::spawn_blocking(|| {
            let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
            repository
                .configure(|config| config["Experimental"]["FilestoreEnabled"] = true.into())
                .unwrap();
            let daemon = repository.start(&["--offline"]).unwrap();
            (repository, daemon)
        })
        .await
        .unwrap();
        let address = format!("{}/http", daemon.rpc_multiaddr().unwrap());
        Self {
            kubo: Kubo::connect(&address).await.unwrap(),
            address,
            _daemon: daemon,
            _repository: repository,
        }
    }
}
