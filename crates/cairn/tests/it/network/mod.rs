//! Commands about peers, over a network that a test implements: the forms of the answers are those that Kubo 0.42 gave while
//! online (`kubo-0.42.0-online` among the recordings).

mod fake;
mod lookups;
mod messages;
mod routing_v1;
mod swarm;

use std::sync::Arc;

use cairn_client::{InProcess, Kubo, Part, Records, Upload};
use cairn_http::kubo::Rpc;
use cairn_node::{InitOptions, Node, NodeOptions, Repo};
use cairn_wire::kubo::SPECS;
use cairn_wire::{Values, shape::BodyKind};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use fake::Fake;

struct Online {
    _folder: tempfile::TempDir,
    node: Arc<Node>,
    network: Arc<Fake>,
    kubo: Kubo,
}

impl Online {
    async fn start(compat: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = InitOptions {
            profile: Some("test".into()),
            empty_repo: true,
            ..InitOptions::default()
        };
        Repo::init(folder.path(), &options).await.unwrap();
        let node = Node::open(folder.path(), NodeOptions::default())
            .await
            .unwrap();
        let node = Arc::new(node);
        if compat {
            let version = Value::from("0.7");
            node.config_file().set("API.Compat", version).unwrap();
        }
        let network = Arc::new(Fake::new());
        node.set_network(Some(network.clone()));
        let rpc = Rpc::in_process(Arc::clone(&node), CancellationToken::new());
        let router = cairn_http::kubo::router(Arc::new(rpc));
        Self {
            _folder: folder,
            node,
            network,
            kubo: Kubo::new(InProcess::new(router)),
        }
    }

    /// The records that a command answers, or its error.
    async fn call(&self, command: &str, data: Option<&'static [u8]>) -> Result<Vec<Value>, String> {
        let (path, query) = command.split_once('?').unwrap_or((command, ""));
        let known =
            |spec: &&cairn_wire::kubo::Spec| spec.path == path || spec.aliases.contains(&path);
        let spec = SPECS.iter().find(known).unwrap();
        let values = Values::from_query(query).unwrap();
        let upload = match spec.body {
            BodyKind::Nothing => None,
            _ => Some(Upload::one(Part::bytes("f", data.unwrap_or_default()))),
        };
        let answer = self.kubo.send(spec, values, upload).await;
        let mut records = Records::<Value>::new(answer.map_err(|error| error.to_string())?);
        let mut all = Vec::new();
        loop {
            match records.next().await {
                Ok(Some(record)) => all.push(record),
                Ok(None) => return Ok(all),
                Err(error) => return Err(format!("{error} after {all:?}")),
            }
        }
    }

    /// The one record of an answer.
    async fn one(&self, command: &str) -> Value {
        let mut records = self.call(command, None).await.unwrap();
        assert_eq!(records.len(), 1, "{command}: {records:?}");
        records.remove(0)
    }

    async fn refused(&self, command: &str) -> String {
        self.call(command, None).await.unwrap_err()
    }
}
