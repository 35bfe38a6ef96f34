//! The environment of the process. Nothing else reads environment variables.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

/// The variables that are used.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// `IPFS_PATH`: the repository.
    pub(crate) repository: Option<PathBuf>,
    /// The home directory.
    pub(crate) home: Option<PathBuf>,
    /// `CAIRN_LOG`, or Kubo's `GOLOG_LOG_LEVEL`: the log filter.
    pub(crate) log: Option<String>,
    /// `CAIRN_LOG_FORMAT`, or Kubo's `GOLOG_LOG_FMT`: `json` for JSON lines.
    pub(crate) log_format: Option<String>,
    /// `CAIRN_API_CA`: the trusted certificates of servers.
    pub(crate) api_ca: Option<PathBuf>,
    /// `CAIRN_API_AUTH`: the credential for the server.
    pub(crate) api_auth: Option<String>,
    /// `CAIRN_API_AUTH_FILE`: a file with the credential.
    pub(crate) api_auth_file: Option<PathBuf>,
    /// `CAIRN_SERVICE_TOKEN`: the access token for a service.
    pub(crate) service_token: Option<String>,
    /// `CAIRN_CLUSTER_HOST`: the addresses of peers of a cluster, separated by commas.
    pub(crate) cluster_hosts: Option<String>,
    /// `CLUSTER_CREDENTIALS`, as for `ipfs-cluster-ctl`: a user of the cluster, `NAME:PASSWORD`.
    pub(crate) cluster_credentials: Option<String>,
    /// `LIBP2P_FORCE_PNET`: whether the daemon starts only in a private network.
    pub(crate) force_private: bool,
    /// `NO_COLOR`: <https://no-color.org/>.
    pub(crate) no_color: bool,
    /// `VISUAL` or `EDITOR`.
    pub(crate) editor: Option<OsString>,
}

impl Environment {
    /// Reads them.
    pub(crate) fn read() -> Self {
        let given = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let text = |name: &str| given(name).and_then(|value| value.into_string().ok());
        Self {
            repository: given("IPFS_PATH").map(PathBuf::from),
            home: env::home_dir(),
            log: text("CAIRN_LOG").or_else(|| text("GOLOG_LOG_LEVEL")),
            log_format: text("CAIRN_LOG_FORMAT").or_else(|| text("GOLOG_LOG_FMT")),
            api_ca: given("CAIRN_API_CA").map(PathBuf::from),
            api_auth: text("CAIRN_API_AUTH"),
            api_auth_file: given("CAIRN_API_AUTH_FILE").map(PathBuf::from),
            service_token: text("CAIRN_SERVICE_TOKEN"),
            cluster_hosts: text("CAIRN_CLUSTER_HOST"),
            cluster_credentials: text("CLUSTER_CREDENTIALS"),
            force_private: given("LIBP2P_FORCE_PNET").is_some_and(|value| value == "1"),
            no_color: given("NO_COLOR").is_some(),
            editor: given("VISUAL").or_else(|| given("EDITOR")),
        }
    }
}
