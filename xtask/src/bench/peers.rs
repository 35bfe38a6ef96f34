//! `cargo xtask bench peers`: how fast nodes fetch from each other, on loopback.
//!
//! Each fetch is a recursive pin by a new node that is connected to the serving ones, and to nobody else. The time is that of
//! the pin; the CPU times are those of the processes meanwhile, which say more than the time on a busy machine.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use cairn_testkit::fixture::SeededRng;
use cairn_testkit::http::{self, Request};
use cairn_testkit::rpc::Rpc;
use cairn_testkit::server::{Daemon, Repository};
use clap::Args;
use serde_json::{Value, json};

use crate::process::{announce, release_binary};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often each fetch runs; the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// The size of the large file, in MiB; 0 leaves it out.
    #[arg(long, default_value_t = 512)]
    mib: usize,
    /// The number of small files in the tree; 0 leaves it out.
    #[arg(long, default_value_t = 10_000)]
    files: usize,
    /// Nodes that serve each fetch.
    #[arg(long, default_value_t = 1)]
    servers: usize,
    /// The time after which a fetch is given up, in seconds. It counts as that long.
    #[arg(long, default_value_t = 120)]
    limit: u64,
    /// Where nodes listen, without its address: `tcp/0` or `udp/0/quic-v1`.
    #[arg(long, default_value = "tcp/0")]
    transport: String,
    /// The program to time, instead of this repository's own release build.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// A program with Kubo's command line, to fetch from and to serve in turn.
    #[arg(long)]
    rival: Option<PathBuf>,
    /// Another build of this program, measured as the rival is, but only from itself.
    #[arg(long)]
    before: Option<PathBuf>,
}

/// A program under measurement.
struct Program {
    name: &'static str,
    binary: PathBuf,
}

/// Content, and its CID once a node has it.
struct Content {
    name: String,
    bytes: u64,
    path: PathBuf,
    cid: String,
}

/// A node that serves.
struct Server {
    daemon: Daemon,
    address: String,
    /// Its directory goes with it.
    _repository: Repository,
}

/// One fetch.
#[derive(Clone, Copy, Default)]
struct Figures {
    seconds: f64,
    server_cpu: f64,
    client_cpu: f64,
    client_peak_mib: f64,
    gave_up: bool,
}

/// A client and the program that it fetches from, by their places in the list.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Pair {
    client: usize,
    server: usize,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let own = options.binary.clone().map_or_else(release_binary, Ok)?;
    let mut programs = vec![Program {
        name: "cairn",
        binary: own,
    }];
    let mut pairs = vec![Pair {
        client: 0,
        server: 0,
    }];
    let mut add = |name, binary: &PathBuf| {
        let binary = binary.clone();
        programs.push(Program { name, binary });
        programs.len() - 1
    };
    if let Some(binary) = &options.before {
        let before = add("before", binary);
        pairs.push(Pair {
            client: before,
            server: before,
        });
    }
    if let Some(binary) = &options.rival {
        let rival = add("rival", binary);
        for (client, server) in [(rival, rival), (rival, 0), (0, rival)] {
            pairs.push(Pair { client, server });
        }
    }
    let folder = tempfile::tempdir()?;
    announce("content");
    let mut contents = contents(folder.path(), options)?;
    ensure!(!contents.is_empty(), "there is nothing to fetch");
    let mut servers = Vec::new();
    for program in &programs {
        servers.push(serve(program, &mut contents, options)?);
    }
    announce(&format!(
        "peers, {} rounds, {} serving",
        options.rounds, options.servers
    ));
    let rounds = options.rounds.max(1);
    let mut measured = vec![vec![Vec::new(); pairs.len()]; contents.len()];
    for round in 0..rounds {
        for (content, measured) in contents.iter().zip(&mut measured) {
            for (pair, measured) in pairs.iter().zip(measured.iter_mut()) {
                let (Some(client), Some(servers)) =
                    (programs.get(pair.client), servers.get(pair.server))
                else {
                    continue;
                };
                let figures = fetch(client, servers, content, options)?;
                eprintln!(
                    "round {}: {} in {:.2} s, {}",
                    round + 1,
                    content.name,
                    figures.seconds,
                    label(&programs, *pair)
                );
                measured.push(figures);
            }
        }
    }
    for (content, measured) in contents.iter().zip(&measured) {
        print(content, &programs, &pairs, measured);
    }
    Ok(())
}

fn label(programs: &[Program], pair: Pair) -> String {
    let name = |place: usize| programs.get(place).map_or("", |program| program.name);
    format!("{} from {}", name(pair.client), name(pair.server))
}

/// Writes what is fetched.
fn contents(folder: &Path, options: &Options) -> Result<Vec<Content>> {
    let mut contents = Vec::new();
    if options.mib > 0 {
        let path = folder.join("file");
        let bytes = (options.mib as u64) << 20;
        write_file(&path, &mut SeededRng::new(1), bytes)?;
        contents.push(Content {
            name: format!("a file of {} MiB", options.mib),
            bytes,
            path,
            cid: String::new(),
        });
    }
    if options.files > 0 {
        let path = folder.join("tree");
        let mut rng = SeededRng::new(2);
        let mut bytes = 0;
        for file in 0..options.files {
            let folder = path.join(format!("folder {:03}", file / 100));
            std::fs::create_dir_all(&folder)?;
            let size = rng.within(512, 8192);
            bytes += size;
            write_file(&folder.join(format!("file {file}")), &mut rng, size)?;
        }
        contents.push(Content {
            name: format!("a tree of {} files", options.files),
            bytes,
            path,
            cid: String::new(),
        });
    }
    Ok(contents)
}

fn write_file(path: &Path, rng: &mut SeededRng, bytes: u64) -> Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    let mut left = bytes;
    while left > 0 {
        let next = rng.bits().to_le_bytes();
        let take = left.min(next.len() as u64);
        file.write_all(next.get(..take as usize).unwrap_or_default())?;
        left -= take;
    }
    file.flush()
        .with_context(|| format!("writing {}", path.display()))
}

/// A repository of a node that meets only the peers that it is told to connect to.
fn repository(program: &Program, options: &Options) -> Result<Repository> {
    let repository = Repository::init(&program.binary)?.with_env("IPFS_TELEMETRY", "off");
    repository.configure(|config| {
        config["Addresses"]["Swarm"] = json!([format!(
            "/ip4/127.0.0.1/{}",
            options.transport.trim_start_matches('/')
        )]);
        config["AutoConf"]["Enabled"] = false.into();
        config["Bootstrap"] = json!([]);
        config["Discovery"]["MDNS"]["Enabled"] = false.into();
        config["Routing"]["Type"] = "none".into();
    })?;
    Ok(repository)
}

/// Starts the serving nodes of a program, with all contents.
fn serve(program: &Program, contents: &mut [Content], options: &Options) -> Result<Vec<Server>> {
    let mut servers = Vec::new();
    for _ in 0..options.servers.max(1) {
        let repository = repository(program, options)?;
        let daemon = repository.start(&[])?;
        for content in contents.iter_mut() {
            let path = content.path.to_str().context("a path that is not UTF-8")?;
            let printed = repository.run(&["add", "-r", "-Q", path])?;
            let cid = printed.trim();
            ensure!(
                content.cid.is_empty() || content.cid == cid,
                "{} has another CID at {}: {cid}, not {}",
                content.name,
                program.name,
                content.cid
            );
            cid.clone_into(&mut content.cid);
        }
        let rpc = Rpc::new(&daemon.rpc());
        let id: Value = serde_json::from_str(&rpc.call("id", None)?.text())?;
        let addresses = id["Addresses"].as_array().context("no addresses")?;
        let mut addresses = addresses.iter().filter_map(Value::as_str);
        let address = addresses
            .find(|address| address.starts_with("/ip4/127.0.0.1/"))
            .context("the node does not listen on loopback")?
            .to_owned();
        servers.push(Server {
            daemon,
            address,
            _repository: repository,
        });
    }
    Ok(servers)
}

fn fetch(
    client: &Program,
    servers: &[Server],
    content: &Content,
    options: &Options,
) -> Result<Figures> {
    let repository = repository(client, options)?;
    let daemon = repository.start(&[])?;
    let rpc = Rpc::new(&daemon.rpc());
    for server in servers {
        rpc.call(&format!("swarm/connect?arg={}", server.address), None)?;
    }
    let server_cpu = || -> Result<Duration> {
        let times = servers.iter().map(|server| server.daemon.cpu_time());
        times.sum()
    };
    let before = (daemon.cpu_time()?, server_cpu()?);
    let limit = Duration::from_secs(options.limit);
    let target = format!("/api/v0/pin/add?arg={}&progress=false", content.cid);
    let request = Request {
        timeout: limit,
        ..Request::new("POST", &target)
    };
    let start = Instant::now();
    let answer = http::exchange(&daemon.rpc(), &request);
    let took = start.elapsed();
    let gave_up = answer.is_err() && took >= limit;
    if !gave_up {
        let answer = answer?;
        ensure!(
            answer.status == 200 && answer.text().contains(&content.cid),
            "the pin failed: {}\n{}",
            answer.text(),
            daemon.log()
        );
    }
    Ok(Figures {
        seconds: took.as_secs_f64(),
        server_cpu: server_cpu()?.saturating_sub(before.1).as_secs_f64(),
        client_cpu: daemon.cpu_time()?.saturating_sub(before.0).as_secs_f64(),
        client_peak_mib: daemon.memory("VmHWM")? as f64 / f64::from(1 << 20),
        gave_up,
    })
}

fn print(content: &Content, programs: &[Program], pairs: &[Pair], measured: &[Vec<Figures>]) {
    let median = |figures: &[Figures], figure: fn(&Figures) -> f64| {
        super::median(figures.iter().map(figure).collect())
    };
    println!("\n{}, {} bytes", content.name, content.bytes);
    println!(
        "{:20} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>6}",
        "median", "s", "min s", "max s", "MiB/s", "cpu s:", "serving", "peak MiB", "ratio"
    );
    // What Kubo needs from Kubo, or else what this program needs from itself.
    let reference = pairs
        .iter()
        .zip(measured)
        .rfind(|(pair, _)| pair.client == pair.server)
        .map(|(_, figures)| median(figures, |figures| figures.seconds))
        .unwrap_or_default();
    for (pair, figures) in pairs.iter().zip(measured) {
        let seconds = median(figures, |figures| figures.seconds);
        let all = figures.iter().map(|figures| figures.seconds);
        let least = all.clone().fold(f64::INFINITY, f64::min);
        let most = all.fold(0.0, f64::max);
        let stalls = figures.iter().filter(|figures| figures.gave_up).count();
        println!(
            "{:20} {seconds:8.3} {least:8.3} {most:8.3} {:8.1} {:8.2} {:8.2} {:8.0} {:6.2}{}",
            label(programs, *pair),
            content.bytes as f64 / f64::from(1 << 20) / seconds,
            median(figures, |figures| figures.client_cpu),
            median(figures, |figures| figures.server_cpu),
            median(figures, |figures| figures.client_peak_mib),
            reference / seconds,
            if stalls > 0 {
                format!("  {stalls} of {} given up", figures.len())
            } else {
                String::new()
            }
        );
    }
}
