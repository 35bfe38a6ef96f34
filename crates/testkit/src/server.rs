//! A program under test: a repository of its own in a temporary directory, a daemon that is started, killed and
//! restarted, and what it said kept for the failure message.
//!
//! Any program with Kubo's command line fits: Cairn, and Kubo itself.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use multiaddr::{Multiaddr, Protocol};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

mod log;

use log::{Log, keep};

/// A repository as it was when Kubo's recordings were made: fresh, `Experimental.FilestoreEnabled`, `AutoConf` off.
///
/// # Errors
/// As [`Repository::init`].
pub fn recorded_repository(binary: impl Into<PathBuf>) -> Result<Repository> {
    let repository = Repository::init(binary)?;
    repository.configure(|config| {
        config["Experimental"]["FilestoreEnabled"] = true.into();
        config["AutoConf"]["Enabled"] = false.into();
    })?;
    Ok(repository)
}

/// What the daemon prints once it answers.
const READY: &str = "Daemon is ready";
/// How long a daemon may take to be ready.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// A repository of a program under test. The directory goes when this is dropped.
#[derive(Debug)]
pub struct Repository {
    binary: PathBuf,
    directory: TempDir,
    environment: Vec<(String, String)>,
}

impl Repository {
    /// Makes a repository with `init --profile=test` and listeners on free loopback ports alone.
    ///
    /// # Errors
    /// The program cannot be run or refuses.
    pub fn init(binary: impl Into<PathBuf>) -> Result<Self> {
        let repository = Self::absent(binary)?;
        repository.run(&["init", "--profile=test"])?;
        repository.configure(|config| {
            config["Addresses"]["API"] = "/ip4/127.0.0.1/tcp/0".into();
            config["Addresses"]["Gateway"] = "/ip4/127.0.0.1/tcp/0".into();
        })?;
        Ok(repository)
    }

    /// A place for a repository that does not exist yet.
    ///
    /// # Errors
    /// No temporary directory can be made.
    pub fn absent(binary: impl Into<PathBuf>) -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("cairn-test-")
            .tempdir()
            .context("making a directory")?;
        Ok(Self {
            binary: binary.into(),
            directory,
            environment: Vec::new(),
        })
    }

    /// Where it is: `IPFS_PATH`.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.directory.path().join("repo")
    }

    /// A command of the program on this repository, ready for arguments.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .env("IPFS_PATH", self.path())
            .env("HOME", self.directory.path())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// The same with an environment variable for every command.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs a command to its end and returns what it printed.
    ///
    /// # Errors
    /// It cannot be run or fails; what it printed is told.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self
            .command()
            .args(arguments)
            .output()
            .with_context(|| format!("running {}", self.binary.display()))?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "{} {} failed with {}\n{printed}{}",
            self.binary.display(),
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(printed)
    }

    /// Makes a token of the services with the arguments of `token create`.
    ///
    /// # Errors
    /// As [`Repository::run`].
    pub fn token(&self, arguments: &[&str]) -> Result<String> {
        let token = self.run(&[&["token", "create"], arguments].concat())?;
        Ok(token.trim().to_owned())
    }

    /// Runs a command to its end with this standard input, however it ends.
    ///
    /// # Errors
    /// It cannot be run, or does not read its input.
    pub fn output(&self, arguments: &[&str], input: &[u8]) -> Result<Output> {
        let mut child = self
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("running {}", self.binary.display()))?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input).context("writing its input")?;
        }
        Ok(child.wait_with_output()?)
    }

    /// Edits the configuration file.
    ///
    /// # Errors
    /// It cannot be read or written, or is not JSON.
    pub fn configure(&self, edit: impl FnOnce(&mut Value)) -> Result<()> {
        let path = self.path().join("config");
        let text = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let mut config =
            serde_json::from_slice(&text).with_context(|| format!("reading {}", path.display()))?;
        edit(&mut config);
        let mut text = serde_json::to_vec_pretty(&config)?;
        text.push(b'\n');
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
    }

    /// The RPC address in the `api` file; `None` where there is no such file.
    ///
    /// # Errors
    /// It cannot be read, or holds no address.
    pub fn api_file(&self) -> Result<Option<SocketAddr>> {
        match std::fs::read_to_string(self.path().join("api")) {
            Ok(text) => socket_address(text.trim())
                .with_context(|| format!("not an address: {text:?}"))
                .map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context("reading the api file"),
        }
    }

    /// Starts `daemon` with further arguments and waits until it is ready.
    ///
    /// # Errors
    /// It ends first or is not ready in time; what it said is told.
    pub fn start(&self, arguments: &[&str]) -> Result<Daemon> {
        let daemon = self.spawn(arguments)?;
        daemon.wait_ready(START_PATIENCE)
    }

    /// Starts `daemon` with further arguments and does not wait.
    ///
    /// # Errors
    /// It cannot be run.
    pub fn spawn(&self, arguments: &[&str]) -> Result<Daemon> {
        let mut command = self.command();
        command
            .arg("daemon")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = command
            .spawn()
            .with_context(|| format!("running {}", self.binary.display()))?;
        let log = Arc::new(Log::default());
        if let Some(stdout) = child.stdout.take() {
            keep(stdout, &log);
        }
        if let Some(stderr) = child.stderr.take() {
            keep(stderr, &log);
        }
        Ok(Daemon {
            child,
            log,
            started,
            ready_after: Duration::ZERO,
            rpc: None,
            gateway: None,
            pinning: None,
            upload: None,
            cluster: None,
        })
    }

    /// Keeps the directory when this is dropped, for a look afterwards, and tells where it is.
    #[must_use]
    pub fn keep(self) -> PathBuf {
        self.directory.keep()
    }
}

/// A daemon that runs. It is killed when this is dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    log: Arc<Log>,
    started: Instant,
    ready_after: Duration,
    rpc: Option<SocketAddr>,
    gateway: Option<SocketAddr>,
    pinning: Option<SocketAddr>,
    upload: Option<SocketAddr>,
    cluster: Option<SocketAddr>,
}

impl Daemon {
    fn wait_ready(mut self, patience: Duration) -> Result<Self> {
        let deadline = Instant::now() + patience;
        loop {
            if self.log.wait_for(READY, Duration::from_millis(50)) {
                break;
            }
            if let Some(status) = self.child.try_wait()? {
                self.log.wait_for(READY, Duration::from_millis(100));
                bail!(
                    "the daemon ended with {status} before it was ready\n{}",
                    self.log()
                );
            }
            if Instant::now() >= deadline {
                bail!(
                    "the daemon was not ready within {} s\n{}",
                    patience.as_secs(),
                    self.log()
                );
            }
        }
        self.ready_after = self.started.elapsed();
        self.rpc = self.log.address("RPC API server listening on ");
        self.gateway = self.log.address("Gateway server listening on ");
        self.pinning = self.log.address("Pinning service listening on ");
        self.upload = self.log.address("Upload server listening on ");
        self.cluster = self.log.address("Cluster server listening on ");
        ensure!(
            self.rpc.is_some(),
            "the daemon did not say where its RPC listens\n{}",
            self.log()
        );
        Ok(self)
    }

    /// The RPC's address as `http://host:port`.
    #[must_use]
    pub fn rpc(&self) -> String {
        self.rpc
            .map(|address| format!("http://{address}"))
            .unwrap_or_default()
    }

    /// The gateway's address as `http://host:port`, where it has one.
    #[must_use]
    pub fn gateway(&self) -> Option<String> {
        self.gateway.map(|address| format!("http://{address}"))
    }

    /// The pinning service's address as `http://host:port`, where it has one.
    #[must_use]
    pub fn pinning(&self) -> Option<String> {
        self.pinning.map(|address| format!("http://{address}"))
    }

    /// The upload server's address as `http://host:port`, where it has one.
    #[must_use]
    pub fn upload(&self) -> Option<String> {
        self.upload.map(|address| format!("http://{address}"))
    }

    /// The cluster server's address as `http://host:port`, where it has one.
    #[must_use]
    pub fn cluster(&self) -> Option<String> {
        self.cluster.map(|address| format!("http://{address}"))
    }

    /// Where the RPC listens.
    #[must_use]
    pub fn rpc_address(&self) -> Option<SocketAddr> {
        self.rpc
    }

    /// Where the RPC listens, as a multiaddr.
    #[must_use]
    pub fn rpc_multiaddr(&self) -> Option<String> {
        let address = self.rpc?;
        let port = Protocol::Tcp(address.port());
        Some(Multiaddr::from(address.ip()).with(port).to_string())
    }

    /// From the start of the process until it was ready.
    #[must_use]
    pub fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// The process's id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Memory of the process in bytes, by its name in `/proc/PID/status`: `VmRSS` now, `VmHWM` at most so far.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn memory(&self, name: &str) -> Result<u64> {
        let path = format!("/proc/{}/status", self.pid());
        let status = std::fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
        let value = status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .and_then(|value| value.split_whitespace().next())
            .with_context(|| format!("no {name} in {path}"))?;
        Ok(value.parse::<u64>()? << 10)
    }

    /// Processor time that the process has used so far, in user and in kernel mode.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn cpu_time(&self) -> Result<Duration> {
        /// What Linux counts in when it shows times to programs.
        const TICK: Duration = Duration::from_millis(10);
        let path = format!("/proc/{}/stat", self.pid());
        let stat = std::fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
        // The name stands in brackets and may hold spaces; `utime` and `stime` are the 14th and 15th field.
        let (_, fields) = stat
            .rsplit_once(')')
            .with_context(|| format!("no name in {path}"))?;
        let mut fields = fields.split_whitespace().skip(11);
        let mut ticks = || -> Result<u32> {
            let field = fields.next().with_context(|| format!("{path} is short"))?;
            Ok(field.parse()?)
        };
        Ok(TICK * ticks()? + TICK * ticks()?)
    }

    /// What it has printed so far, both streams together.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Kills it at once, as `kill -9` does, and does not wait for its end.
    ///
    /// # Errors
    /// It cannot be killed.
    pub fn kill_now(&self) -> Result<()> {
        self.signal(Signal::KILL)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.pid())
            .ok()
            .and_then(Pid::from_raw)
            .context("a process id")?;
        kill_process(pid, signal).with_context(|| format!("sending {signal:?}"))
    }

    /// Kills it at once, as `kill -9` does.
    ///
    /// # Errors
    /// It cannot be killed.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill().context("killing the daemon")?;
        self.child.wait().context("waiting for the killed daemon")?;
        Ok(())
    }

    /// Sends `SIGTERM` and waits for the end.
    ///
    /// # Errors
    /// It has not ended within `patience`.
    pub fn terminate(self, patience: Duration) -> Result<(ExitStatus, Duration)> {
        self.signal(Signal::TERM)?;
        self.wait(patience)
    }

    /// Waits for the end, and tells how long it took.
    ///
    /// # Errors
    /// It has not ended within `patience`.
    pub fn wait(mut self, patience: Duration) -> Result<(ExitStatus, Duration)> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok((status, start.elapsed()));
            }
            if start.elapsed() >= patience {
                bail!(
                    "the daemon has not ended within {patience:?}\n{}",
                    self.log()
                );
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The socket address of a multiaddr that starts with an IP address and a TCP port.
#[must_use]
pub fn socket_address(multiaddress: &str) -> Option<SocketAddr> {
    let address: Multiaddr = multiaddress.parse().ok()?;
    let mut parts = address.iter();
    let ip: IpAddr = match parts.next()? {
        Protocol::Ip4(ip) => ip.into(),
        Protocol::Ip6(ip) => ip.into(),
        _ => return None,
    };
    match parts.next()? {
        Protocol::Tcp(port) => Some(SocketAddr::new(ip, port)),
        _ => None,
    }
}

/// The path of a program that stands beside the running test's own: `target/<profile>/NAME`.
///
/// # Errors
/// The running program's path is not known.
pub fn beside_tests(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("finding the running program")?;
    let folder = own
        .parent()
        .and_then(Path::parent)
        .context("finding the target directory")?;
    Ok(folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        assert_eq!(
            socket_address("/ip4/127.0.0.1/tcp/5001"),
            Some("127.0.0.1:5001".parse().unwrap())
        );
        assert_eq!(
            socket_address("/ip6/::1/tcp/1/http"),
            Some("[::1]:1".parse().unwrap())
        );
        for wrong in [
            "",
            "127.0.0.1:1",
            "/ip4/::1/tcp/1",
            "/ip4/127.0.0.1/udp/1",
            "/ip4/127.0.0.1/tcp/x",
        ] {
            assert_eq!(socket_address(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_program_that_ends_at_once_is_told_with_what_it_said() {
        let repository = Repository::absent("/bin/echo").unwrap();
        let error = repository.start(&["--offline"]).unwrap_err().to_string();
        assert!(
            error.contains("before it was ready") && error.contains("daemon --offline"),
            "{error}"
        );
    }
}
