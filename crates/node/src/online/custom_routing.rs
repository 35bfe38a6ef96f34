//! `Routing.Type=custom`: `Routing.Routers` and `Routing.Methods` as routers of the methods.
//!
//! As in Kubo, each method must have a router. A router is used by name, also within others, but not within itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cairn_network::routing::{Branch, Branches, Custom, DhtMode, Tree};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::sections::{Router, Routing};
use crate::config::{GoDuration, OptionalDuration};

/// The methods, all of which must be there.
const METHODS: [&str; 5] = [
    "provide",
    "find-peers",
    "find-providers",
    "get-ipns",
    "put-ipns",
];

/// Routers that a method may reach, each use counted; further ones are refused.
const MAX_ROUTERS: usize = 256;

/// Why custom routers cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CustomRoutingError {
    /// A setting of other routing types is on.
    #[error(
        "Routing.AcceleratedDHTClient option is set even tho Routing.Type is custom, using custom .AcceleratedDHTClient needs to be set on DHT routers individually"
    )]
    Accelerated,
    /// A method has no router.
    #[error("method name {0:?} is missing from Routing.Methods config param")]
    MissingMethod(&'static str),
    /// There is no such method.
    #[error("method name {0:?} is not a supported method on Routing.Methods config param")]
    UnknownMethod(String),
    /// There is no such router.
    #[error("config for router with name {0:?} not found")]
    NoRouter(String),
    /// A router is used within itself.
    #[error("dependency loop creating router with name {0:?}")]
    Loop(String),
    /// There is no such type of router.
    #[error("unknown router type {0:?}")]
    UnknownType(String),
    /// A router has no URL.
    #[error("configuration param 'Endpoint' is needed for http delegated routing types")]
    NoEndpoint,
    /// A DHT has no such mode.
    #[error("invalid DHT mode: {0:?}")]
    Mode(String),
    /// A method reaches too many routers.
    #[error("Routing.Routers: a method reaches more than {MAX_ROUTERS} routers")]
    TooMany,
    /// A part of the configuration does not have the form that its type has.
    #[error("Routing.Routers or Routing.Methods: {name:?} is not valid")]
    Form {
        /// The router or method.
        name: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Method {
    #[serde(default)]
    router_name: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct HttpParameters {
    endpoint: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct DhtParameters {
    mode: String,
    #[serde(rename = "AcceleratedDHTClient")]
    accelerated: bool,
    #[serde(rename = "PublicIPNetwork")]
    public: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct BranchesParameters {
    routers: Vec<BranchParameters>,
    timeout: OptionalDuration,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct BranchParameters {
    router_name: String,
    timeout: OptionalDuration,
    ignore_errors: bool,
    execute_after: OptionalDuration,
}

/// The routers of all methods.
pub(super) fn custom(config: &Routing) -> Result<Custom, CustomRoutingError> {
    if config.accelerated_dht_client == Some(true) {
        return Err(CustomRoutingError::Accelerated);
    }
    let none = BTreeMap::new();
    let methods = config.methods.as_ref().unwrap_or(&none);
    if let Some(missing) = METHODS
        .into_iter()
        .find(|name| !methods.contains_key(*name))
    {
        return Err(CustomRoutingError::MissingMethod(missing));
    }
    let is_known = |name: &String| METHODS.contains(&name.as_str());
    if let Some(unknown) = methods.keys().find(|name| !is_known(name)) {
        return Err(CustomRoutingError::UnknownMethod(unknown.clone()));
    }
    let no_routers = BTreeMap::new();
    let routers = config.routers.as_ref().unwrap_or(&no_routers);
    let tree = |name: &'static str| {
        let method: Method = parse(name, methods.get(name))?;
        let mut builder = Builder {
            routers,
            open: Vec::new(),
            built: 0,
        };
        builder.build(&method.router_name)
    };
    Ok(Custom {
        provide: tree("provide")?,
        find_providers: tree("find-providers")?,
        find_peers: tree("find-peers")?,
        get_ipns: tree("get-ipns")?,
        put_ipns: tree("put-ipns")?,
    })
}

fn parse<T: DeserializeOwned>(name: &str, value: Option<&Value>) -> Result<T, CustomRoutingError> {
    let value = value
        .filter(|value| !value.is_null())
        .cloned()
        .unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    serde_json::from_value(value).map_err(|source| CustomRoutingError::Form {
        name: name.to_owned(),
        source,
    })
}

/// Builds the router of one method.
struct Builder<'a> {
    routers: &'a BTreeMap<String, Router>,
    /// The routers within which the next one is.
    open: Vec<String>,
    built: usize,
}

impl Builder<'_> {
    fn build(&mut self, name: &str) -> Result<Arc<Tree>, CustomRoutingError> {
        if self.open.iter().any(|open| open == name) {
            return Err(CustomRoutingError::Loop(name.to_owned()));
        }
        let routers = self.routers;
        let router = routers
            .get(name)
            .ok_or_else(|| CustomRoutingError::NoRouter(name.to_owned()))?;
        self.built += 1;
        if self.built > MAX_ROUTERS {
            return Err(CustomRoutingError::TooMany);
        }
        let parameters = router.parameters.as_ref();
        let tree = match router.kind.as_str() {
            "http" => {
                let http: HttpParameters = parse(name, parameters)?;
                if http.endpoint.is_empty() {
                    return Err(CustomRoutingError::NoEndpoint);
                }
                Tree::Http(http.endpoint)
            }
            "dht" => dht(&parse(name, parameters)?)?,
            "parallel" => Tree::Parallel(self.branches(name, parameters)?),
            "sequential" => Tree::Sequential(self.branches(name, parameters)?),
            other => return Err(CustomRoutingError::UnknownType(other.to_owned())),
        };
        Ok(Arc::new(tree))
    }

    fn branches(
        &mut self,
        name: &str,
        parameters: Option<&Value>,
    ) -> Result<Branches, CustomRoutingError> {
        let parameters: BranchesParameters = parse(name, parameters)?;
        self.open.push(name.to_owned());
        let mut routers = Vec::with_capacity(parameters.routers.len());
        for branch in parameters.routers {
            routers.push(Branch {
                router: self.build(&branch.router_name)?,
                timeout: timeout(branch.timeout),
                after: branch
                    .execute_after
                    .0
                    .map_or(Duration::ZERO, GoDuration::to_std),
                ignore_errors: branch.ignore_errors,
            });
        }
        self.open.pop();
        Ok(Branches {
            routers,
            timeout: timeout(parameters.timeout),
        })
    }
}

/// A timeout; zero is none.
fn timeout(set: OptionalDuration) -> Option<Duration> {
    set.0
        .map(GoDuration::to_std)
        .filter(|timeout| !timeout.is_zero())
}

fn dht(parameters: &DhtParameters) -> Result<Tree, CustomRoutingError> {
    if parameters.accelerated {
        tracing::warn!(
            "the accelerated DHT client does not exist here: lookups are those of the usual one"
        );
        return Ok(Tree::Wan(DhtMode::Client));
    }
    let mode = match parameters.mode.as_str() {
        "auto" => DhtMode::Auto,
        "client" => DhtMode::Client,
        "server" => DhtMode::Server,
        other => return Err(CustomRoutingError::Mode(other.to_owned())),
    };
    Ok(if parameters.public {
        Tree::Wan(mode)
    } else {
        Tree::Lan(mode)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The example of Kubo's documentation, with an HTTP router.
    fn example() -> Value {
        json!({
            "Type": "custom",
            "Routers": {
                "WanDHT": { "Type": "dht", "Parameters": { "Mode": "auto", "PublicIPNetwork": true, "AcceleratedDHTClient": false } },
                "LanDHT": { "Type": "dht", "Parameters": { "Mode": "server", "PublicIPNetwork": false } },
                "Http": { "Type": "http", "Parameters": { "Endpoint": "http://127.0.0.1:1" } },
                "ParallelHelper": { "Type": "parallel", "Parameters": { "Routers": [
                    { "RouterName": "LanDHT", "IgnoreErrors": true, "Timeout": "3s" },
                    { "RouterName": "WanDHT", "IgnoreErrors": false, "Timeout": "5m", "ExecuteAfter": "2s" },
                ] } },
                "Sequence": { "Type": "sequential", "Parameters": { "Timeout": "1h", "Routers": [
                    { "RouterName": "Http" }, { "RouterName": "ParallelHelper" },
                ] } },
            },
            "Methods": {
                "find-peers": { "RouterName": "ParallelHelper" },
                "find-providers": { "RouterName": "Sequence" },
                "get-ipns": { "RouterName": "Http" },
                "provide": { "RouterName": "WanDHT" },
                "put-ipns": { "RouterName": "LanDHT" },
            },
        })
    }

    fn read(config: Value) -> Result<Custom, CustomRoutingError> {
        custom(&serde_json::from_value(config).unwrap())
    }

    #[test]
    fn routers_are_composed_by_name() {
        let custom = read(example()).unwrap();
        assert_eq!(*custom.provide, Tree::Wan(DhtMode::Auto));
        assert_eq!(*custom.put_ipns, Tree::Lan(DhtMode::Server));
        let Tree::Sequential(sequence) = &*custom.find_providers else {
            panic!("{custom:?}");
        };
        assert_eq!(sequence.timeout, Some(Duration::from_secs(3600)));
        assert_eq!(*sequence.routers[0].router, *custom.get_ipns);
        assert_eq!(sequence.routers[1].router, custom.find_peers);
        let Tree::Parallel(parallel) = &*custom.find_peers else {
            panic!("{custom:?}");
        };
        let [lan, wan] = &parallel.routers[..] else {
            panic!("{parallel:?}");
        };
        assert_eq!(
            (lan.timeout, lan.ignore_errors),
            (Some(Duration::from_secs(3)), true)
        );
        assert_eq!(
            (wan.after, wan.ignore_errors),
            (Duration::from_secs(2), false)
        );
        assert_eq!(custom.provider_urls(), ["http://127.0.0.1:1"]);
    }

    #[test]
    fn errors_are_those_of_kubo() {
        for (path, value, text) in [
            (
                "/Methods/provide",
                Value::Null,
                "config for router with name \"\" not found",
            ),
            (
                "/Methods/provide/RouterName",
                json!("no"),
                "config for router with name \"no\" not found",
            ),
            (
                "/Routers/Http/Type",
                json!("tcp"),
                "unknown router type \"tcp\"",
            ),
            (
                "/Routers/Http/Parameters/Endpoint",
                json!(""),
                "configuration param 'Endpoint' is needed for http delegated routing types",
            ),
            (
                "/Routers/WanDHT/Parameters/Mode",
                json!("x"),
                "invalid DHT mode: \"x\"",
            ),
            (
                "/Routers/ParallelHelper/Parameters/Routers/0/RouterName",
                json!("Sequence"),
                "dependency loop creating router with name \"ParallelHelper\"",
            ),
        ] {
            let mut config = example();
            *config.pointer_mut(path).unwrap() = value;
            // Methods are read in the order of the settings: all but one stay as they are.
            let error = read(config).unwrap_err().to_string();
            let is_loop = text.contains("loop") && error.contains("dependency loop");
            assert!(error == text || is_loop, "{path}: {error}");
        }
        let mut config = example();
        config["Methods"]
            .as_object_mut()
            .unwrap()
            .remove("get-ipns");
        assert_eq!(
            read(config).unwrap_err().to_string(),
            "method name \"get-ipns\" is missing from Routing.Methods config param"
        );
        let mut config = example();
        config["Methods"]["other"] = json!({});
        assert_eq!(
            read(config).unwrap_err().to_string(),
            "method name \"other\" is not a supported method on Routing.Methods config param"
        );
        let mut config = example();
        config["AcceleratedDHTClient"] = true.into();
        assert!(matches!(read(config), Err(CustomRoutingError::Accelerated)));
    }
}
