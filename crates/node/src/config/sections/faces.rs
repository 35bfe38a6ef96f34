//! Listen addresses and HTTP faces.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::unused::{Section, UnusedKeys};
use crate::config::values::{Flag, Secret, StringOrList, none};
use crate::config::{OptionalDuration, Size};

/// Listen addresses, as multiaddrs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Addresses {
    /// For peers.
    pub swarm: Option<Vec<String>>,
    /// Announced addresses instead of the detected ones.
    pub announce: Option<Vec<String>>,
    /// Additional announced addresses.
    pub append_announce: Option<Vec<String>>,
    /// Addresses and address ranges that are not announced.
    pub no_announce: Option<Vec<String>>,
    /// For the RPC.
    #[serde(rename = "API")]
    pub api: StringOrList,
    /// The gateway.
    pub gateway: StringOrList,
    /// The cluster's REST API; see [`Addresses::face`].
    #[serde(skip_serializing_if = "none")]
    pub cluster: Option<StringOrList>,
    /// The pinning service; see [`Addresses::face`].
    #[serde(skip_serializing_if = "none")]
    pub pinning: Option<StringOrList>,
    /// The upload API; see [`Addresses::face`].
    #[serde(skip_serializing_if = "none")]
    pub upload: Option<StringOrList>,
}

impl Section for Addresses {
    const UNUSED: UnusedKeys = UnusedKeys::None;
}

/// A credential of the RPC and its scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct RpcAuthScope {
    /// The secret: `bearer:TOKEN`, `basic:USER:PASSWORD`, or only a token.
    pub auth_secret: Secret,
    /// Paths that it may call, such as `/api/v0`.
    pub allowed_paths: Option<Vec<String>>,
}

/// The RPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Api {
    /// Headers of every response.
    #[serde(rename = "HTTPHeaders")]
    pub http_headers: Option<BTreeMap<String, Vec<String>>>,
    /// Credentials by user name; if there are any, every request needs one.
    #[serde(skip_serializing_if = "none")]
    pub authorizations: Option<BTreeMap<String, RpcAuthScope>>,
    /// Format of responses that changed over time: `current`, or `0.7` for clients of that version.
    #[serde(skip_serializing_if = "none")]
    pub compat: Option<String>,
    /// Accepted names in `Host`, besides addresses and `localhost`; any if absent. Only in Cairn.
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
    /// Whether each root has its own origin (subdomain gateway).
    pub use_subdomains: bool,
    /// Whether DNSLink is disabled.
    #[serde(rename = "NoDNSLink")]
    pub no_dnslink: bool,
    /// Whether a DNS name is encoded as one label, for wildcard certificates.
    #[serde(rename = "InlineDNSLink")]
    pub inline_dnslink: Flag,
    /// Whether files are served deserialized, or only verifiable blocks.
    pub deserialized_responses: Flag,
}

/// The gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Gateway {
    /// Headers of every response.
    #[serde(rename = "HTTPHeaders")]
    pub http_headers: Option<BTreeMap<String, Vec<String>>>,
    /// Redirect target of `/`.
    pub root_redirect: String,
    /// Whether it serves only local content.
    pub no_fetch: bool,
    /// Whether DNSLink is disabled.
    #[serde(rename = "NoDNSLink")]
    pub no_dnslink: bool,
    /// Whether files are served deserialized (default), or only verifiable blocks.
    pub deserialized_responses: Flag,
    /// Whether blocks are converted to other codecs on request (default: no).
    pub allow_codec_conversion: Flag,
    /// Whether errors are plain text for browsers as well.
    #[serde(rename = "DisableHTMLErrors")]
    pub disable_html_errors: Flag,
    /// Rules by host name; `null` removes a default rule.
    pub public_gateways: Option<BTreeMap<String, Option<GatewaySpec>>>,
    /// Whether `/routing/v1` is served (default).
    #[serde(rename = "ExposeRoutingAPI")]
    pub expose_routing_api: Flag,
    /// Timeout for the next bytes of a response.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub retrieval_timeout: OptionalDuration,
    /// Timeout of a request.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub max_request_duration: OptionalDuration,
    /// Maximum number of concurrent requests; 0 for no limit.
    #[serde(skip_serializing_if = "none")]
    pub max_concurrent_requests: Option<i64>,
    /// Maximum size of files for range requests; 0 for no limit.
    #[serde(skip_serializing_if = "none")]
    pub max_range_request_file_size: Option<Size>,
    /// URL of a diagnostic service, linked from the error page.
    #[serde(rename = "DiagnosticServiceURL", skip_serializing_if = "none")]
    pub diagnostic_service_url: Option<String>,
    /// Accepted names in `Host`, besides addresses and `localhost`; any if absent. Only in Cairn.
    #[serde(skip_serializing_if = "none")]
    pub allowed_hosts: Option<Vec<String>>,
}

impl Section for Gateway {
    const UNUSED: UnusedKeys = UnusedKeys::None;
}

/// The certificate of every address that ends in `/https` or `/tls/http`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Tls {
    /// PEM file with the certificate chain; relative to the repository.
    #[serde(skip_serializing_if = "none")]
    pub certificate: Option<String>,
    /// PEM file with the certificate's private key; relative to the repository.
    #[serde(skip_serializing_if = "none")]
    pub key: Option<String>,
}

impl Section for Tls {
    const UNUSED: UnusedKeys = UnusedKeys::None;
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
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Cluster, Self::Pinning, Self::Upload];

    /// The file of the repository with its address, while the daemon runs.
    #[must_use]
    pub(crate) const fn file(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Pinning => "pinning",
            Self::Upload => "upload",
        }
    }

    /// Its default port.
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
    /// The listen addresses of a face: those in the file; none for an empty address; by default the face's port on
    /// the loopback, or a system-chosen port if the RPC uses one (so that test nodes do not collide).
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
        let chosen = |address: &String| format!("{address}/").contains("/tcp/0/");
        let any = self.api.0.iter().any(chosen);
        vec![format!(
            "/ip4/127.0.0.1/tcp/{}",
            if any { 0 } else { face.default_port() }
        )]
    }
}
