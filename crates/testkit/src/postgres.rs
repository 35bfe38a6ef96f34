//! A PostgreSQL server of a test's own: in a temporary directory, on a port of 127.0.0.1, stopped when it is dropped.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// Set to any value: tests that need PostgreSQL fail where it is not installed, instead of being skipped.
pub const REQUIRED: &str = "CAIRN_TEST_POSTGRES";

/// What to say where it is not installed.
const ABSENT: &str = "PostgreSQL is not installed (Debian: `apt-get install postgresql`; else put `initdb` on the PATH)";

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server.
#[derive(Debug)]
pub struct Cluster {
    bin: PathBuf,
    folder: tempfile::TempDir,
    user: Option<(u32, u32)>,
    port: u16,
    server: Option<Child>,
    databases: AtomicU32,
}

/// The folder of PostgreSQL's programs, of the newest version that is installed.
#[must_use]
pub fn installed() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut versions: Vec<(u32, PathBuf)> = debian
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, bin)| bin.join("initdb").is_file())
        .collect();
    versions.sort();
    let newest = versions.pop().map(|(_, bin)| bin);
    newest.or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| folder.join("initdb").is_file())
    })
}

/// The folder of PostgreSQL's programs. Where there is none the test is skipped, which is said on the standard error, whether it
/// is captured or not.
///
/// # Panics
/// When none is installed and [`REQUIRED`] is set.
#[must_use]
pub fn installed_or_skip() -> Option<PathBuf> {
    let found = installed();
    if found.is_none() {
        assert!(std::env::var_os(REQUIRED).is_none(), "{ABSENT}");
        let _ = writeln!(std::io::stderr(), "SKIPPED a test: {ABSENT}");
    }
    found
}

/// User and group of an account of this machine.
fn account(name: &str) -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = users
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

impl Cluster {
    /// Starts a server. Where none is installed the test is skipped, which is said on the standard error, whether it is captured
    /// or not.
    ///
    /// # Panics
    /// When a server is installed and does not start, or when none is installed and [`REQUIRED`] is set.
    #[must_use]
    #[allow(clippy::panic, reason = "a test that cannot go on has failed")]
    pub fn start_or_skip() -> Option<Self> {
        let bin = installed_or_skip()?;
        match Self::start(&bin) {
            Ok(cluster) => Some(cluster),
            Err(error) => panic!("PostgreSQL in {} does not start: {error:#}", bin.display()),
        }
    }

    /// Starts a server.
    ///
    /// # Errors
    /// When none is installed, or it does not start.
    pub fn new() -> Result<Self> {
        Self::start(&installed().context(ABSENT)?)
    }

    fn start(bin: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("cairn-postgres")
            .tempdir()?;
        // PostgreSQL refuses to run as root.
        let user = if rustix::process::geteuid().is_root() {
            let user = account("postgres").or_else(|| account("nobody"));
            let (uid, gid) = user.context("there is no user `postgres` or `nobody`")?;
            std::os::unix::fs::chown(folder.path(), Some(uid), Some(gid))?;
            Some((uid, gid))
        } else {
            None
        };
        let mut cluster = Self {
            bin: bin.to_owned(),
            folder,
            user,
            port: 0,
            server: None,
            databases: AtomicU32::new(0),
        };
        let data = cluster.data();
        cluster.run("initdb", |initdb| {
            initdb
                .arg("--pgdata")
                .arg(data)
                .args(["--username=cairn", "--auth=trust", "--no-sync"])
                .args(["--encoding=UTF8", "--locale=C"])
        })?;
        // The port is free until somebody else takes it.
        let mut last = None;
        for _ in 0..5 {
            cluster.port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
                .local_addr()?
                .port();
            match cluster.restart() {
                Ok(()) => return Ok(cluster),
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("no attempt to start it")?)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        #[cfg(unix)]
        if let Some((uid, gid)) = self.user {
            use std::os::unix::process::CommandExt as _;
            command.uid(uid).gid(gid);
        }
        // A place that the user may enter, and nothing of the caller's settings.
        command.current_dir(self.folder.path()).env_clear();
        command.stdin(Stdio::null());
        command
    }

    fn run(
        &self,
        program: &str,
        arguments: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Result<()> {
        let mut command = self.command(program);
        let output = arguments(&mut command)
            .output()
            .with_context(|| format!("running {program}"))?;
        if !output.status.success() {
            bail!(
                "{program} failed: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(())
    }

    /// Starts the server again, on the same port.
    ///
    /// # Errors
    /// When it ends at once, or does not answer within a minute.
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        let log = self.folder.path().join("log");
        let mut command = self.command("postgres");
        command
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string(), "-k"])
            .arg(self.folder.path())
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log)?);
        let server = command.spawn().context("starting postgres")?;
        let server = self.server.insert(server);
        let until = Instant::now() + PATIENCE;
        loop {
            let ended = server.try_wait()?;
            let asked = Command::new(self.bin.join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
                .status()?;
            if ended.is_none() && asked.success() {
                return Ok(());
            }
            if ended.is_some() || Instant::now() > until {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                bail!("postgres did not start: {said}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops the server at once: connections are cut.
    ///
    /// # Errors
    /// When it cannot be determined, or does not end.
    pub fn stop(&mut self) -> Result<()> {
        let Some(mut server) = self.server.take() else {
            return Ok(());
        };
        if let Some(pid) = rustix::process::Pid::from_raw(server.id().cast_signed()) {
            // Its fast shutdown.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        }
        let until = Instant::now() + PATIENCE;
        while server.try_wait()?.is_none() {
            if Instant::now() > until {
                server.kill()?;
                server.wait()?;
                bail!("postgres did not stop");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Makes an empty database; its URL.
    ///
    /// # Errors
    /// What `createdb` says.
    pub fn database(&self) -> Result<String> {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let port = self.port.to_string();
        self.run("createdb", |command| {
            command.args(["-h", "127.0.0.1", "-U", "cairn", "-p", &port, &name])
        })?;
        Ok(format!("postgres://cairn@127.0.0.1:{port}/{name}"))
    }

    /// Runs SQL in a database.
    ///
    /// # Errors
    /// What `psql` says.
    pub fn execute(&self, url: &str, sql: &str) -> Result<()> {
        self.run("psql", |command| {
            command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, url])
        })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            let _ = writeln!(std::io::stderr(), "stopping PostgreSQL: {error:#}");
        }
    }
}
