//! Where the node listens, and what its HTTP faces answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::unused::{UnusedKeys, Section};
use crate::config::values::{Flag, Secret, StringOrList, none};
use crate::config::{OptionalDuration, Size};

/// Where the node listens, as multiaddrs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Addresses {
    /// For peers.
    pub swarm: Option<Vec<String>>,
    /// What peers are told instead of what was found out.
    pub announce: Option<Vec<String>>,
    /// What peers are told besides.
    pub append_announce: Option<Vec<String>>,
    /// What peers are not known: addresses and address ranges.
    pub no_announce: Option<Vec<String>>,
    /// For the RPC.
    #[serde(rename = "API")]
    pub api: StringOrList,
    /// For the gateway.
    pub gateway: StringOrList,
    /// For the cluster's REST API; see [`Addresses::face`].
    #[serde(skip_serializing_if = "none")]
    pub cluster: Option<StringOrList>,
    /// For the pinning service; see [`Addresses::face`].
    #[serde(skip_serializing_if = "none")]
    pub pinning: Option<StringOrList>,
    /// For the upload API; see [`Addresses::face`].
    #[serde(skip_serializing_if = "none")]
    pub upload: Option<StringOrList>,
}

impl Section for Addresses {
    const UNUSED: UnusedKeys = UnusedKeys::Keys(&[
        "Swarm",
        "Announce",
        "AppendAnnounce",
        "NoAnnounce",
        "Cluster",
        "Pinning",
        "Upload",
    ]);
}

/// What one credential of the RPC opens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct RpcAuthScope {
    /// The secret: `bearer:TOKEN`, `basic:USER:PASSWORD`, or a token alone.
    pub auth_secret: Secret,
    /// Paths that it opens, such as `/api/v0`.
    pub allowed_paths: Option<Vec<String>>,
}

/// The RPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Api {
    /// Headers of every answer.
    #[serde(rename = "HTTPHeaders")]
    pub http_headers: Option<BTreeMap<String, Vec<String>>>,
    /// Credentials by the user's name; with any, every request needs one.
    #[serde(skip_serializing_if = "none")]
    pub authorizations: Option<BTreeMap<String, RpcAuthScope>>,
    /// Form of the answers that changed over the years: `current`, or `0.7` for the clients of then.
    #[serde(skip_serializing_if = "none")]
    pub compat: Option<String>,
    /// Names in `Host` that are answered besides addresses and `localhost`; any when absent. Cairn's own.
    #[serde(skip_serializing_if = "none")]
    pub allowed_hosts: Option<Vec<String>>,
}

impl Section for Api {
    const UNUSED: UnusedKeys = UnusedKeys::None;
}

/// How one host name is served.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct GatewaySpec {
    /// Paths that it serves, such as `/ipfs`.
    pub paths: Option<Vec<String>>,
    /// Whether each root gets an origin of its own.
    pub use_subdomains: bool,
    /// Whether names are not looked up in the DNS.
    #[serde(rename = "NoDNSLink")]
    pub no_dnslink: bool,
    /// Whether a DNS name becomes one label, for wildcard certificates.
    #[serde(rename = "InlineDNSLink")]
    pub inline_dnslink: Flag,
    /// Whether files are served as such, or verifiable blocks only.
    pub deserialized_responses: Flag,
}

/// The gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Gateway {
    /// Headers of every answer.
    #[serde(rename = "HTTPHeaders")]
    pub http_headers: Option<BTreeMap<String, Vec<String>>>,
    /// Where `/` leads.
    pub root_redirect: String,
    /// Whether it serves only what is here.
    pub no_fetch: bool,
    /// Whether names are not looked up in the DNS.
    #[serde(rename = "NoDNSLink")]
    pub no_dnslink: bool,
    /// Whether files are served as such (default), or verifiable blocks only.
    pub deserialized_responses: Flag,
    /// Whether a block is turned into another codec on request (default: no).
    pub allow_codec_conversion: Flag,
    /// Whether errors are plain text for browsers as well.
    #[serde(rename = "DisableHTMLErrors")]
    pub disable_html_errors: Flag,
    /// How host names are served; `null` takes the rule of a name that has one by default away.
    pub public_gateways: Option<BTreeMap<String, Option<GatewaySpec>>>,
    /// Whether `/routing/v1` is served (default).
    #[serde(rename = "ExposeRoutingAPI")]
    pub expose_routing_api: Flag,
    /// How long a request waits for the next bytes.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub retrieval_timeout: OptionalDuration,
    /// How long a request may take.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub max_request_duration: OptionalDuration,
    /// Requests at once; 0 for no limit.
    #[serde(skip_serializing_if = "none")]
    pub max_concurrent_requests: Option<i64>,
    /// Largest file of which ranges are served; 0 for no limit.
    #[serde(skip_serializing_if = "none")]
    pub max_range_request_file_size: Option<Size>,
    /// Where the error page sends people to find out more.
    #[serde(rename = "DiagnosticServiceURL", skip_serializing_if = "none")]
    pub diagnostic_service_url: Option<String>,
    /// Names in `Host` that are answered besides addresses and `localhost`; any when absent. Cairn's own.
    #[serde(skip_serializing_if = "none")]
    pub allowed_hosts: Option<Vec<String>>,
}

impl Section for Gateway {
    const UNUSED: UnusedKeys = UnusedKeys::Keys(&[
        "RootRedirect",
        "NoDNSLink",
        "DeserializedResponses",
        "AllowCodecConversion",
        "DisableHTMLErrors",
        "PublicGateways",
        "ExposeRoutingAPI",
        "RetrievalTimeout",
        "MaxRequestDuration",
        "MaxConcurrentRequests",
        "MaxRangeRequestFileSize",
        "DiagnosticServiceURL",
    ]);
}

/// The certificate of every address that ends in `/https` or `/tls/http`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Tls {
    /// PEM file with the certificate and those between it and its root; relative to the repository.
    #[serde(skip_serializing_if = "none")]
    pub certificate: Option<String>,
    /// PEM file with the certificate's private key; relative to the repository.
    #[serde(skip_serializing_if = "none")]
    pub key: Option<String>,
}

impl Section for Tls {
    const UNUSED: UnusedKeys = UnusedKeys::None;
}

/// What the pinning, upload and cluster faces store into.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Backend {
    /// Multiaddr of an external Kubo's RPC; this node itself when absent.
    #[serde(skip_serializing_if = "none")]
    pub kubo: Option<String>,
}

impl Section for Backend {
    const UNUSED: UnusedKeys = UnusedKeys::All;
}

/// Where shared rows live.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Database {
    /// `sqlite:PATH` (relative to the repository) or `postgres://…`; a SQLite file in the repository when absent. It may
    /// hold a password.
    #[serde(rename = "URL", skip_serializing_if = "none")]
    pub url: Option<Secret>,
}

impl Section for Database {
    const UNUSED: UnusedKeys = UnusedKeys::All;
}

/// A face of the node that Kubo does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Face {
    /// The cluster's REST API.
    Cluster,
    /// The pinning service.
    Pinning,
    /// The upload API.
    Upload,
}

impl Face {
    /// Port on which it listens unless the file says otherwise.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Cluster => 9094,
            Self::Pinning => 9097,
            Self::Upload => 9098,
        }
    }
}

impl Addresses {
    /// Where a face listens: what the file says; nowhere for an empty address; without a word, the face's port on the
    /// loopback, or a port of the system's choice where the RPC takes one (so that nodes of tests never meet).
    #[must_use]
    pub fn face(&self, face: Face) -> Vec<String> {
        let written = match face {
            Face::Cluster => &self.cluster,
            Face::Pinning => &self.pinning,
            Face::Upload => &self.upload,
        };
        if let Some(addresses) = written {
            return addresses.0.clone();
        }
        let any = self.api.0.iter().any(|address| address.ends_with("/tcp/0"));
        vec![format!(
            "/ip4/127.0.0.1/tcp/{}",
            if any { 0 } else { face.default_port() }
        )]
    }
}
