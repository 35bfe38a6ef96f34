//! The target of a command: a daemon, or a node opened in this process.

use std::io;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cairn_client::{Address, Http, HttpOptions, InProcess, Kubo, Retry, Roots};
use cairn_node::{Access, Node, NodeError, NodeOptions, RepoError};
use cairn_primitives::credentials::basic;
use http::HeaderValue;
use tokio_util::sync::CancellationToken;

use crate::error::Problem;
use crate::globals::Globals;
use crate::remote_pins;

/// The file of a repository with the address of its daemon.
pub(crate) const API_FILE: &str = "api";
/// Maximum size of that file, in bytes.
const API_FILE_LIMIT: u64 = 4096;
/// Timeout for checking whether a daemon listens.
const PROBE: Duration = Duration::from_secs(5);

/// A connection to a daemon, or an opened node.
#[derive(Debug)]
pub(crate) struct Session {
    /// Speaks to it.
    pub(crate) kubo: Kubo,
    node: Option<Arc<Node>>,
}

impl Session {
    /// The named server, or the repository's daemon, or the repository itself.
    pub(crate) async fn open(globals: &Globals) -> Result<Self, Problem> {
        if let Some(daemon) = Self::daemon(globals)? {
            return Ok(daemon);
        }
        let node = open_node(globals).await?;
        let rpc = cairn_http::kubo::Rpc::in_process(node.clone(), CancellationToken::new());
        let rpc = Arc::new(rpc.with_remote_pins(Arc::new(remote_pins::Client::default())));
        let kubo = Kubo::new(InProcess::new(cairn_http::kubo::router(rpc)));
        Ok(Self {
            kubo: with_options(kubo, globals)?,
            node: Some(node),
        })
    }

    /// For commands that need no repository.
    pub(crate) fn standalone(globals: &Globals) -> Result<Self, Problem> {
        let kubo = Kubo::new(InProcess::new(cairn_http::kubo::standalone_router()));
        Ok(Self {
            kubo: with_options(kubo, globals)?,
            node: None,
        })
    }

    /// The named server, or the repository's daemon if one runs.
    pub(crate) fn daemon(globals: &Globals) -> Result<Option<Self>, Problem> {
        let address = match &globals.api {
            Some(given) => Some(
                given
                    .parse::<Address>()
                    .map_err(|error| Problem::usage(error.to_string()))?,
            ),
            None => running_daemon(globals.repository()?)?,
        };
        let Some(address) = address else {
            return Ok(None);
        };
        // No retries: a user wants to see an error at once.
        let kubo = Kubo::new(http(&address, globals)?).with_retry(Retry::NEVER);
        Ok(Some(Self {
            kubo: with_options(kubo, globals)?,
            node: None,
        }))
    }

    /// Whether a daemon answers, not a node opened in this process.
    pub(crate) fn is_daemon(&self) -> bool {
        self.node.is_none()
    }

    /// Closes it; the node's data is on disk then.
    pub(crate) async fn close(self) -> Result<(), Problem> {
        drop(self.kubo);
        match self.node {
            Some(node) => node.shutdown().await.map_err(|error| node_problem(&error)),
            None => Ok(()),
        }
    }
}

/// Opens the repository for this process; read-only if it cannot be written.
async fn open_node(globals: &Globals) -> Result<Arc<Node>, Problem> {
    let repository = globals.repository()?;
    let opened = match Node::open(repository, NodeOptions::default()).await {
        Err(error) if is_not_writable(&error) => {
            let options = NodeOptions {
                access: Access::ReadOnly,
                ..NodeOptions::default()
            };
            // If it cannot be read either, the error of writing is more useful.
            Node::open(repository, options).await.map_err(|_| error)
        }
        opened => opened,
    };
    opened.map(Arc::new).map_err(|error| node_problem(&error))
}

fn is_not_writable(error: &NodeError) -> bool {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        if let Some(error) = error
            .downcast_ref::<io::Error>()
            .or_else(|| error.downcast_ref::<Arc<io::Error>>().map(AsRef::as_ref))
        {
            return matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
            );
        }
        next = error.source();
    }
    false
}

/// An error of the node with its hint.
pub(crate) fn node_problem(error: &NodeError) -> Problem {
    let problem = Problem::from_error(error);
    if let NodeError::Repo(RepoError::Locked { path, pid }) = error
        && !path.join(API_FILE).exists()
    {
        // Only a daemon writes the file.
        let process = pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
        return problem.hint(format!(
            "another command{process} is using the repository: wait until it has ended"
        ));
    }
    match error.hint() {
        Some(hint) => problem.hint(hint.replace("`cairn ", "`{program} ")),
        None => problem,
    }
}

/// The HTTP transport to a server.
fn http(address: &Address, globals: &Globals) -> Result<Http, Problem> {
    let mut options = HttpOptions::default();
    if let Some(roots) = roots(address, globals)? {
        options.roots = roots;
    }
    Ok(Http::with_options(address, &options)?)
}

/// The trusted certificates for a server, if they are not those of the system.
pub(crate) fn roots(address: &Address, globals: &Globals) -> Result<Option<Roots>, Problem> {
    let Some(path) = globals.api_ca.as_ref().filter(|_| address.is_tls()) else {
        return Ok(None);
    };
    let failed = |error: &dyn std::error::Error| {
        Problem::failed(format!("cannot read certificates from {}", path.display())).because(error)
    };
    let text = std::fs::read(path).map_err(|error| failed(&error))?;
    Roots::from_pem(&text)
        .map(Some)
        .map_err(|error| failed(&error))
}

fn with_options(mut kubo: Kubo, globals: &Globals) -> Result<Kubo, Problem> {
    // Whoever types a command ends it as well.
    kubo = kubo.with_timeout(None);
    for (name, value) in &globals.passed_on {
        kubo = kubo.with_option(*name, value.clone());
    }
    if let Some(secret) = &globals.api_auth {
        kubo = kubo.with_authorization(authorization(secret)?);
    }
    Ok(kubo)
}

/// A credential as a header: `basic:USER:PASSWORD`, `bearer:TOKEN`, or a token.
fn authorization(secret: &str) -> Result<HeaderValue, Problem> {
    let value = match secret.split_once(':') {
        Some(("basic", login)) => format!("Basic {}", basic::from_setting(login)),
        Some(("bearer", token)) => format!("Bearer {token}"),
        _ => format!("Bearer {secret}"),
    };
    HeaderValue::from_str(&value)
        .map_err(|_| Problem::usage("--api-auth contains characters that are invalid in a header"))
}

/// The repository's daemon, if it listens.
fn running_daemon(repository: &Path) -> Result<Option<Address>, Problem> {
    let path = repository.join(API_FILE);
    let text = match read_small(&path) {
        Ok(text) => text,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => {
            return Err(Problem::failed(format!("cannot read {}", path.display())).because(&error));
        }
    };
    let address: Address = text.parse().map_err(|error| {
        Problem::failed(format!(
            "{} does not contain the address of the daemon",
            path.display()
        ))
        .because(&error)
    })?;
    if is_listening(&address) {
        return Ok(Some(address));
    }
    eprintln!(
        "warning: nobody listens on {address}, though {} says so; going on without a daemon",
        path.display()
    );
    Ok(None)
}

/// Reads a file with an address.
pub(crate) fn read_small(path: &Path) -> io::Result<String> {
    use io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)?
        .take(API_FILE_LIMIT)
        .read_to_string(&mut text)?;
    Ok(text)
}

/// Whether a daemon listens. If this is unknown, it is assumed, and the request may fail.
fn is_listening(address: &Address) -> bool {
    use std::net::ToSocketAddrs as _;
    let refused = |error: io::Error| {
        matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound
        )
    };
    match address {
        Address::Unix(path) => !std::os::unix::net::UnixStream::connect(path).is_err_and(refused),
        Address::Url(url) => {
            let place = url
                .split_once("://")
                .map_or(url.as_str(), |(_, place)| place);
            let Some(place) = place
                .split('/')
                .next()
                .and_then(|place| place.to_socket_addrs().ok())
                .and_then(|mut all| all.next())
            else {
                return true;
            };
            !TcpStream::connect_timeout(&place, PROBE).is_err_and(refused)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_become_headers() {
        for (secret, header) in [
            ("bearer:abc", "Bearer abc"),
            ("abc", "Bearer abc"),
            ("basic:u:p", "Basic dTpw"),
            ("basic:user:pass", "Basic dXNlcjpwYXNz"),
            ("basic:dTpw", "Basic dTpw"),
        ] {
            assert_eq!(authorization(secret).unwrap().to_str().unwrap(), header);
        }
        assert!(authorization("bearer:a\nb").is_err());
    }
}
