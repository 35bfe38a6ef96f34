//! The upload API of a daemon, over HTTP.

pub(crate) mod blocks;
mod cars;
mod commands;
mod cut;
mod files;
mod lists;
mod store;

use cairn_testkit::http::{self, Answer, Request};
use cairn_testkit::postgres::Cluster;
use cairn_testkit::rpc::Rpc;
use cairn_testkit::server::{Daemon, Repository};
use cairn_testkit::wait::until;
use serde_json::{Value, json};

pub(crate) use self::blocks::{car, leaf, node};

/// Cases for every database and backend.
macro_rules! cases {
    ($($module:ident::$case:ident),+ $(,)?) => {
        mod sqlite {
            $( #[test]
            fn $case() {
                super::$module::$case(&super::Server::start());
            } )+
        }

        const CASES: &[(&str, fn(&Server))] = &[$( (stringify!($case), $module::$case) ),+];
    };
}

cases! {
    cars::a_car_is_stored_whole,
    cars::cars_that_are_wrong_are_refused,
    cars::parts_are_pinned_until_all_have_arrived,
    cars::an_upload_that_stays_incomplete_is_released_with_its_parts,
    cars::a_car_of_unixfs_has_the_size_of_its_dag,
    commands::a_directory_is_uploaded_in_parts_and_managed,
    commands::cars_and_nfts_are_uploaded,
    cut::a_cut_upload_leaves_nothing,
    files::a_file_is_stored_listed_renamed_checked_and_removed,
    files::files_have_the_cids_of_the_hosted_service,
    files::a_form_is_a_directory,
    files::accounts_are_apart_and_share_blocks,
    files::pins_are_those_of_the_pinning_service,
    lists::uploads_are_listed_with_the_newest_first,
    store::metadata_and_files_are_stored,
    store::metadata_needs_no_files_and_must_have_their_places,
}

#[test]
fn all_cases_hold_with_postgres() {
    let Some(cluster) = Cluster::start_or_skip() else {
        return;
    };
    for (name, case) in CASES {
        eprintln!("{name}");
        let url = cluster.database().unwrap();
        case(&Server::start_with(|config| {
            config["Database"] = json!({ "URL": url });
        }));
    }
}

#[test]
fn all_cases_hold_with_kubo_as_the_backend() {
    for (name, case) in CASES {
        eprintln!("{name}");
        case(&Server::start_before_kubo());
    }
}

/// The media type of every JSON answer.
const JSON: &str = "application/json;charset=UTF-8";

/// A daemon with the upload API, and a token for it.
pub(crate) struct Server {
    // Before its repository, which the daemon uses until it ends.
    pub(crate) daemon: Daemon,
    pub(crate) repository: Repository,
    pub(crate) token: String,
    /// The node that stores its content, if that is another one.
    kubo: Option<(Daemon, Repository)>,
}

/// A request to the upload API.
pub(crate) struct Call<'a> {
    method: &'a str,
    target: &'a str,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    pub(crate) fn start_with(configure: impl FnOnce(&mut Value)) -> Self {
        let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
        repository
            .configure(|config| {
                config["Addresses"]["Upload"] = "/ip4/127.0.0.1/tcp/0".into();
                config["Accounts"]["UploadRate"] = "unlimited".into();
                configure(config);
            })
            .unwrap();
        let daemon = repository.start(&["--offline"]).unwrap();
        let token = token(&repository, &["tests", "--scope", "upload"]);
        Self {
            daemon,
            repository,
            token,
            kubo: None,
        }
    }

    /// One whose content is stored by another node.
    fn start_before_kubo() -> Self {
        let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
        let kubo = repository.start(&["--offline"]).unwrap();
        let address = kubo.rpc_multiaddr().unwrap();
        let server = Self::start_with(|config| config["Backend"] = json!({ "Kubo": address }));
        Self {
            kubo: Some((kubo, repository)),
            ..server
        }
    }

    /// A request with the server's token.
    pub(crate) fn call<'a>(&self, method: &'a str, target: &'a str) -> Call<'a> {
        Call {
            method,
            target,
            headers: Vec::new(),
            body: None,
        }
        .header("Authorization", &format!("Bearer {}", self.token))
    }

    pub(crate) fn send(&self, call: &Call<'_>) -> Answer {
        let base = self.daemon.upload().expect("an upload server");
        let request = Request {
            headers: &call.headers,
            body: call.body.as_deref(),
            ..Request::new(call.method, call.target)
        };
        http::exchange(&base, &request).unwrap()
    }

    /// Sends a request that succeeds, and returns the `value` of its answer.
    pub(crate) fn value(&self, call: &Call<'_>) -> Value {
        let answer = self.send(call);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some(JSON));
        let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["ok"], true);
        body["value"].take()
    }

    /// Sends a request that is refused, and returns the code and the message.
    pub(crate) fn refusal(&self, call: &Call<'_>, status: u16) -> (String, String) {
        let answer = self.send(call);
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some(JSON));
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["ok"], false);
        let text = |field: &str| body["error"][field].as_str().unwrap().to_owned();
        (text("code"), text("message"))
    }

    /// Uploads bytes.
    pub(crate) fn upload(&self, kind: &str, body: &[u8]) -> Value {
        self.value(&self.call("POST", "/upload").kind(kind).body(body))
    }

    /// How many uploads are listed.
    pub(crate) fn count(&self) -> usize {
        let listed = self.value(&self.call("GET", "/?limit=1000"));
        listed.as_array().unwrap().len()
    }

    /// The RPC of the node that stores the content.
    pub(crate) fn rpc(&self) -> Rpc {
        let kubo = self.kubo.as_ref().map(|(kubo, _)| kubo);
        Rpc::new(&kubo.unwrap_or(&self.daemon).rpc())
    }

    /// A file's bytes, at a path below a CID.
    pub(crate) fn cat(&self, path: &str) -> Vec<u8> {
        self.rpc().cat(path).unwrap()
    }

    /// The JSON answer of a command.
    pub(crate) fn ask(&self, command: &str) -> Value {
        let answer = self.rpc().call(command, None).unwrap();
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// Collects garbage.
    pub(crate) fn collect(&self) {
        self.rpc().collect().unwrap();
    }

    /// Whether the node has a block.
    pub(crate) fn has_block(&self, cid: &str) -> bool {
        let command = format!("block/stat?offline=true&arg={cid}");
        self.rpc().request(&command, None).unwrap().status == 200
    }

    /// How many blocks the node has.
    pub(crate) fn blocks(&self) -> u64 {
        self.ask("repo/stat")["NumObjects"].as_u64().unwrap()
    }

    /// Waits until a condition holds.
    pub(crate) fn wait_until(&self, what: &str, condition: impl FnMut() -> bool) {
        assert!(until(condition), "{what}\n{}", self.daemon.log());
    }
}

/// Makes a token.
pub(crate) fn token(repository: &Repository, arguments: &[&str]) -> String {
    repository.token(arguments).unwrap()
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn kind(self, kind: &str) -> Self {
        self.header("Content-Type", kind)
    }

    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = Some(body.to_vec());
        self
    }

    /// Without the server's token, or with another one.
    pub(crate) fn token(mut self, token: Option<&str>) -> Self {
        self.headers.retain(|(name, _)| name != "Authorization");
        match token {
            Some(token) => self.header("Authorization", &format!("Bearer {token}")),
            None => self,
        }
    }

    /// A form; each part has the fields of its `Content-Disposition`, a media type that may be empty, and bytes.
    pub(crate) fn form(self, parts: &[(&str, &str, &[u8])]) -> Self {
        let mut body = Vec::new();
        for (disposition, kind, data) in parts {
            body.extend_from_slice(b"--bound\r\nContent-Disposition: form-data; ");
            body.extend_from_slice(disposition.as_bytes());
            if !kind.is_empty() {
                body.extend_from_slice(format!("\r\nContent-Type: {kind}").as_bytes());
            }
            body.extend_from_slice(b"\r\n\r\n");
            body.extend_from_slice(data);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--bound--\r\n");
        self.kind("multipart/form-data; boundary=bound").body(&body)
    }
}
