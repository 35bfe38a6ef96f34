//! The services for many users: their database, their backend.

use std::sync::Arc;
use std::time::Duration;

use cairn_node::Node;
use cairn_services::backend::{Backend, Embedded};
use cairn_services::{Context, ServiceSettings, Services};
use cairn_store::shared::{self, DatabaseUrl, SharedError, SharedRows};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cluster_link::HttpLink;
use crate::error::Problem;
use crate::kubo_backend::KuboBackend;

/// What to do when the database is missing or damaged.
const REPAIR: &str = "restore it from a backup (it is configured under `Database.URL`), or run `{program} repo repair`: it makes an empty one, renames a damaged one, and keeps all content pinned";

/// How long the database may take to close.
const CLOSE: Duration = Duration::from_millis(500);

/// The services of the daemon, and their tasks.
pub(super) struct RunningServices {
    services: Arc<Services>,
    /// Once they run.
    tasks: Option<JoinHandle<()>>,
    stop: CancellationToken,
}

impl RunningServices {
    /// Opens the shared rows of `Database.URL`. A PostgreSQL database that is away does not keep the daemon from starting.
    pub(super) async fn open(node: &Arc<Node>) -> Result<Self, Problem> {
        let config = node.config();
        let url = config
            .database
            .location()
            .map_err(|error| problem(&error))?;
        check_present(node, &url)?;
        let rows = shared::open_or_wait(&url, node.repo().path())
            .await
            .map_err(|error| problem(&error))?;
        remember(node, &url, &*rows).await?;
        let backend: Arc<dyn Backend> = match &config.backend.kubo {
            Some(address) => {
                let kubo = KuboBackend::new(address, Arc::clone(node)).map_err(|error| {
                    Problem::failed("cannot use the backend of the services")
                        .because(&error)
                        .hint("`Backend.Kubo` is the address of Kubo's RPC, as in /ip4/127.0.0.1/tcp/5001")
                })?;
                Arc::new(kubo)
            }
            None => Arc::new(Embedded::new(Arc::clone(node))),
        };
        let peer = node.identity().peer_id().to_string();
        let context = Context::new(rows, backend, peer).in_repository(Arc::clone(node));
        let services = Services::new(
            context,
            &ServiceSettings::from_config(&config),
            Arc::new(HttpLink),
        );
        Ok(Self {
            services,
            tasks: None,
            stop: CancellationToken::new(),
        })
    }

    /// Starts the tasks. The faces are open by then: other peers of the cluster connect as soon as this one has joined.
    pub(super) fn run(&mut self) {
        let services = Arc::clone(&self.services);
        self.tasks = Some(tokio::spawn(services.run(self.stop.clone())));
    }

    /// The services.
    pub(super) fn services(&self) -> &Arc<Services> {
        &self.services
    }

    /// Tells the tasks to stop.
    pub(super) fn begin_stop(&self) {
        self.stop.cancel();
    }

    /// Stops the tasks, and closes the database.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        if let Some(tasks) = self.tasks
            && let Err(error) = tasks.await
        {
            tracing::error!(%error, "the tasks of the services failed");
        }
        match tokio::time::timeout(CLOSE, self.services.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "cannot close the shared rows"),
            Err(_) => tracing::warn!("the shared rows did not close in time"),
        }
    }
}

/// Refuses a file that is missing although the repository's pins belong to one: an empty database wants none of them.
fn check_present(node: &Node, url: &DatabaseUrl) -> Result<(), Problem> {
    let DatabaseUrl::Sqlite(file) = url else {
        return Ok(());
    };
    let file = node.repo().path().join(file);
    let known = node.repo().database();
    let known = known.map_err(|error| Problem::from_error(&error))?;
    if known.is_none() || file.exists() {
        return Ok(());
    }
    let problem = format!(
        "the database of the services, {}, is missing",
        file.display()
    );
    Err(Problem::failed(problem).hint(REPAIR))
}

/// Remembers which database the pins belong to, before there is one. Of PostgreSQL, which may be away, the reconciler
/// does it.
async fn remember(node: &Node, url: &DatabaseUrl, rows: &dyn SharedRows) -> Result<(), Problem> {
    let known = node.repo().database();
    if known
        .map_err(|error| Problem::from_error(&error))?
        .is_some()
    {
        return Ok(());
    }
    if let DatabaseUrl::Sqlite(_) = url {
        let id = rows.identity().await.map_err(|error| problem(&error))?;
        let remembered = node.repo().set_database(&id);
        remembered.map_err(|error| Problem::from_error(&error))?;
    }
    Ok(())
}

fn problem(error: &SharedError) -> Problem {
    let problem = Problem::failed("cannot open the database of the services").because(error);
    match error {
        SharedError::Newer { .. } => {
            problem.hint("install the version of Cairn that wrote it, or a newer one")
        }
        SharedError::File(_) | SharedError::Database { .. } | SharedError::Damaged { .. } => {
            problem.hint(REPAIR)
        }
        _ => problem.hint("it is configured under `Database.URL`"),
    }
}
