//! `object/new` and `object/put`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cairn_dag::import::EXCHANGE_LIMIT;
use cairn_dag::object;
use cairn_dag::pin::Below;
use cairn_primitives::codec::dag_pb::{Link, Node};
use cairn_primitives::multihash::{HashFunction, SHA2_256};
use cairn_primitives::unixfs::{BuildError, CidMaker, NodeKind, UnixFs};
use cairn_primitives::{Cid, Version};
use cairn_store::Hold;
use cairn_wire::kubo::object::ObjectCid;
use cairn_wire::kubo::object::new::ObjectNew;
use cairn_wire::kubo::object::put::ObjectPut;
use serde::{Deserialize, Deserializer};

use super::super::super::files::Files;
use super::super::super::{Answer, Call, Failure, Handler};

impl Handler for ObjectNew {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let form = call.old_cids()?;
        let node = match self.template.as_deref() {
            None | Some("empty") => Node::default(),
            Some("unixfs-dir") => Node {
                links: Vec::new(),
                data: Some(UnixFs::new(NodeKind::Directory).encode()),
            },
            Some(other) => {
                return Err(Failure::normal(format!(
                    "template '{other}' not found: expected unixfs-dir"
                )));
            }
        };
        let hold = call.node().store().hold();
        let cid = put(&call, &hold, &node).await?;
        Ok(ObjectCid {
            hash: form.show(&cid),
        })
    }
}

impl Handler for ObjectPut {
    async fn handle(self, (call, mut files): (Call, Files)) -> Result<Answer<Self>, Failure> {
        let form = call.old_cids()?;
        if files.next().await?.is_none() {
            return Err(Failure::normal("expected a file argument"));
        }
        let large = || Failure::normal(format!("the input is longer than {EXCHANGE_LIMIT} bytes"));
        let data = files.whole(EXCHANGE_LIMIT, large).await?;
        let node = match &*self.inputenc {
            "json" => from_json(&data, &self.datafieldenc)?,
            "protobuf" => Node::decode(&data)?,
            _ => return Err(Failure::normal("unknown object encoding")),
        };
        let hold = call.node().store().hold();
        let cid = put(&call, &hold, &node).await?;
        if self.pin {
            let root = std::slice::from_ref(&cid);
            call.node()
                .pins()
                .add_written(&hold, root, "", Below::Unknown)
                .await?;
        }
        Ok(ObjectCid {
            hash: form.show(&cid),
        })
    }
}

/// Stores a node under a CIDv0, as Kubo 0.7 did.
async fn put(call: &Call, hold: &Hold, node: &Node) -> Result<Cid, Failure> {
    let sha2 = HashFunction::from_code(SHA2_256).map_err(BuildError::from);
    let maker = sha2.and_then(|sha2| CidMaker::new(Version::V0, sha2));
    let maker = maker.map_err(|error| Failure::normal(error.to_string()))?;
    Ok(object::put(&call.blocks(), hold, &maker, node, EXCHANGE_LIMIT).await?)
}

/// A node as JSON. As in Kubo, other keys are refused, since they would be lost.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonNode {
    #[serde(rename = "Data", alias = "data", default, deserialize_with = "or_null")]
    data: String,
    #[serde(
        rename = "Links",
        alias = "links",
        default,
        deserialize_with = "or_null"
    )]
    links: Vec<JsonLink>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonLink {
    #[serde(rename = "Name", alias = "name", default)]
    name: String,
    #[serde(rename = "Hash", alias = "hash", default)]
    hash: String,
    #[serde(rename = "Size", alias = "size", default)]
    size: u64,
}

fn or_null<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

fn from_json(text: &[u8], data_encoding: &str) -> Result<Node, Failure> {
    let node: JsonNode = serde_json::from_slice(text)
        .map_err(|error| Failure::normal(format!("the input is not a node as JSON: {error}")))?;
    let data = match data_encoding {
        "text" => Bytes::from(node.data),
        "base64" => STANDARD
            .decode(&node.data)
            .map_err(|error| Failure::normal(format!("the data is not base64: {error}")))?
            .into(),
        _ => return Err(super::unknown_encoding()),
    };
    let link = |link: JsonLink| {
        Ok::<_, Failure>(Link {
            cid: link.hash.parse()?,
            name: Some(link.name.into()),
            size: Some(link.size),
        })
    };
    Ok(Node {
        links: node.links.into_iter().map(link).collect::<Result<_, _>>()?,
        data: Some(data),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_read_from_json() {
        let cid = "QmXg9Pp2ytZ14xgmQjYEiHjVjMFXzCVVEcRTWJBmLgR39V";
        let text = format!(r#"{{"Data":"é","Links":[{{"Name":"n","Hash":"{cid}","Size":8}}]}}"#);
        let node = from_json(text.as_bytes(), "text").unwrap();
        assert_eq!(node.data.as_deref(), Some("é".as_bytes()));
        assert_eq!(node.links[0].cid.to_string(), cid);
        assert_eq!(node.links[0].size, Some(8));
        let node = from_json(br#"{"Data":"/w==","Links":null}"#, "base64").unwrap();
        assert_eq!(node.data.as_deref(), Some(&[0xff][..]));
        for (text, encoding) in [
            ("{}", "rot13"),
            (r#"{"Data":"%"}"#, "base64"),
            (r#"{"Date":""}"#, "text"),
            (r#"{"Links":[{"Hash":"zz"}]}"#, "text"),
            ("[", "text"),
        ] {
            assert!(from_json(text.as_bytes(), encoding).is_err(), "{text}");
        }
    }
}
