//! An nginx of a test's own: in a temporary directory, on a port of 127.0.0.1, stopped when it is dropped.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// What to say where it is not installed.
const ABSENT: &str = "nginx is not installed (Debian: `apt-get install nginx-light`)";

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running nginx.
#[derive(Debug)]
pub struct Nginx {
    process: Child,
    folder: tempfile::TempDir,
    port: u16,
}

/// The program, if it is installed.
#[must_use]
pub fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian keeps it where the paths of users do not lead.
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join("nginx"))
        .find(|program| program.is_file())
}

impl Nginx {
    /// Starts it with this configuration inside of `server`. Where it is not installed the test is skipped, which is said on
    /// the standard error, whether it is captured or not.
    ///
    /// # Panics
    /// When it is installed and does not start.
    #[must_use]
    #[allow(clippy::panic, reason = "a test that cannot go on has failed")]
    pub fn start_or_skip(server: &str) -> Option<Self> {
        let Some(program) = installed() else {
            let _ = writeln!(std::io::stderr(), "SKIPPED a test: {ABSENT}");
            return None;
        };
        match Self::start(&program, server) {
            Ok(nginx) => Some(nginx),
            Err(error) => panic!("nginx does not start: {error:#}"),
        }
    }

    fn start(program: &PathBuf, server: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("cairn-nginx").tempdir()?;
        let place = folder.path().display();
        // The port is free until somebody else takes it.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        // As root it would serve as another user, who may not enter the folder.
        let user = if rustix::process::geteuid().is_root() {
            "user root;"
        } else {
            ""
        };
        let configuration = format!(
            "daemon off;\n{user}\nworker_processes 1;\npid {place}/pid;\nerror_log {place}/error.log info;\n\
             events {{ worker_connections 64; }}\n\
             http {{\naccess_log off;\nclient_body_temp_path {place}/body;\nproxy_temp_path {place}/proxy;\n\
             fastcgi_temp_path {place}/fastcgi;\nuwsgi_temp_path {place}/uwsgi;\nscgi_temp_path {place}/scgi;\n\
             server {{\nlisten 127.0.0.1:{port};\n{server}\n}}\n}}\n"
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration)?;
        let mut process = Command::new(program)
            .arg("-c")
            .arg(&file)
            .arg("-p")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("said"))?)
            .spawn()
            .context("running nginx")?;
        let until = Instant::now() + PATIENCE;
        loop {
            let ended = process.try_wait()?;
            if ended.is_none() && TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(Self {
                    process,
                    folder,
                    port,
                });
            }
            if ended.is_some() || Instant::now() > until {
                drop(process.kill());
                let said = std::fs::read_to_string(folder.path().join("said"));
                bail!("{}", said.unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Its address as `http://host:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its master ends the workers.
        if let Some(pid) = rustix::process::Pid::from_raw(self.process.id().cast_signed()) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        drop(self.process.wait());
    }
}
