//! Daemons whose services are tested, with their content in this program or in Kubo.

use std::path::Path;

use anyhow::{Context as _, Result};
use cairn_testkit::server::{Daemon, Repository, recorded_repository};
use serde_json::Value;

use super::said;

/// Where the services of a daemon store their content.
#[derive(Clone, Copy)]
pub(super) enum Backend<'a> {
    Embedded,
    /// Another daemon of this program, through its RPC.
    Kubo(&'a Path),
}

/// A daemon whose services are tested.
pub(super) struct Served {
    // Before their repositories, which the daemons use until they end.
    pub(super) daemon: Daemon,
    kubo: Option<Daemon>,
    repository: Repository,
    _kubo_repository: Option<Repository>,
}

impl Served {
    pub(super) fn start(
        binary: &Path,
        backend: Backend<'_>,
        configure: impl FnOnce(&mut Value),
    ) -> Result<Self> {
        let (kubo_repository, kubo) = match backend {
            Backend::Embedded => (None, None),
            Backend::Kubo(program) => {
                let repository = recorded_repository(program)?;
                let daemon = repository.start(&["--offline"])?;
                (Some(repository), Some(daemon))
            }
        };
        let repository = Repository::init(binary)?;
        let address = kubo.as_ref().and_then(Daemon::rpc_multiaddr);
        repository.configure(|config| {
            if let Some(address) = address {
                config["Backend"] = serde_json::json!({ "Kubo": address });
            }
            configure(config);
        })?;
        Ok(Self {
            daemon: repository.start(&["--offline"])?,
            kubo,
            repository,
            _kubo_repository: kubo_repository,
        })
    }

    /// A token of its default account.
    pub(super) fn token(&self, name: &str, scope: &str) -> Result<String> {
        self.repository.token(&[name, "--scope", scope])
    }

    /// The gateway of the node that has the content.
    pub(super) fn gateway(&self) -> Result<String> {
        let node = self.kubo.as_ref().unwrap_or(&self.daemon);
        node.gateway().context("no gateway")
    }

    /// What the daemons printed, for the error of a test.
    pub(super) fn said(&self) -> String {
        match &self.kubo {
            Some(kubo) => format!("{}\nits backend: {}", said(&self.daemon), said(kubo)),
            None => said(&self.daemon),
        }
    }
}
