//! The few calls of the Kubo RPC that tests make themselves, over [`crate::http`] and nothing of Cairn's own.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::http::{self, Answer};
use crate::recording::BOUNDARY_KUBO;
use crate::replay::json_values;

/// A client of one server.
#[derive(Debug, Clone)]
pub struct Rpc {
    base: String,
    timeout: Duration,
}

/// A multipart body with one file called `f`.
#[must_use]
pub fn one_file(data: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY_KUBO}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    [
        head.as_bytes(),
        data,
        format!("\r\n--{BOUNDARY_KUBO}--\r\n").as_bytes(),
    ]
    .concat()
}

/// The headers of a multipart request.
#[must_use]
pub fn multipart_headers() -> Vec<(String, String)> {
    vec![(
        "Content-Type".to_owned(),
        format!("multipart/form-data; boundary={BOUNDARY_KUBO}"),
    )]
}

impl Rpc {
    /// A client of the server at `base` (`http://host:port`).
    #[must_use]
    pub fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            timeout: Duration::from_secs(60),
        }
    }

    /// The same client with another time to wait for each answer; a minute where nothing is said.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Asks `command` (with its query), with one file as its body where there is `data`.
    ///
    /// # Errors
    /// No answer came.
    pub fn request(&self, command: &str, data: Option<&[u8]>) -> Result<Answer> {
        let target = format!("/api/v0/{command}");
        let body = data.map(one_file);
        let headers = if body.is_some() {
            multipart_headers()
        } else {
            Vec::new()
        };
        let request = http::Request {
            headers: &headers,
            body: body.as_deref(),
            timeout: self.timeout,
            ..http::Request::new("POST", &target)
        };
        http::exchange(&self.base, &request).with_context(|| format!("asking {command}"))
    }

    /// As [`Rpc::request`], and only a whole, successful answer is good.
    ///
    /// # Errors
    /// No answer came, it tells of a failure, or it was cut.
    pub fn call(&self, command: &str, data: Option<&[u8]>) -> Result<Answer> {
        let answer = self.request(command, data)?;
        ensure!(
            answer.status == 200,
            "{command}: {} {}",
            answer.status,
            answer.text()
        );
        ensure!(
            !answer.aborted,
            "{command}: the answer was cut after {} bytes",
            answer.body.len()
        );
        if let Some(error) = answer
            .trailers
            .get("x-stream-error")
            .filter(|error| !error.is_empty())
        {
            anyhow::bail!("{command}: {error}");
        }
        Ok(answer)
    }

    /// A string field of the answer's last JSON value.
    fn field(&self, command: &str, data: Option<&[u8]>, field: &str) -> Result<String> {
        let answer = self.call(command, data)?;
        let values =
            json_values(&answer.text()).with_context(|| format!("{command}: {}", answer.text()))?;
        let value = values
            .last()
            .and_then(|value| value.get(field))
            .and_then(Value::as_str);
        value
            .map(str::to_owned)
            .with_context(|| format!("{command}: no {field} in {}", answer.text()))
    }

    /// Adds a file and returns its CID; `options` is a query (`pin=false&…`).
    ///
    /// # Errors
    /// As [`Rpc::call`].
    pub fn add(&self, data: &[u8], options: &str) -> Result<String> {
        self.field(&format!("add?{options}"), Some(data), "Hash")
    }

    /// Puts a block and returns its CID.
    ///
    /// # Errors
    /// As [`Rpc::call`].
    pub fn block_put(&self, data: &[u8], options: &str) -> Result<String> {
        self.field(&format!("block/put?{options}"), Some(data), "Key")
    }

    /// A file's bytes.
    ///
    /// # Errors
    /// As [`Rpc::call`].
    pub fn cat(&self, cid: &str) -> Result<Vec<u8>> {
        Ok(self.call(&format!("cat?arg={cid}"), None)?.body)
    }

    /// A block's bytes.
    ///
    /// # Errors
    /// As [`Rpc::call`].
    pub fn block_get(&self, cid: &str) -> Result<Vec<u8>> {
        Ok(self.call(&format!("block/get?arg={cid}"), None)?.body)
    }

    /// The CIDs that are pinned recursively.
    ///
    /// # Errors
    /// As [`Rpc::call`].
    pub fn recursive_pins(&self) -> Result<BTreeSet<String>> {
        let answer = self.call("pin/ls?type=recursive&quiet=true", None)?;
        let values = json_values(&answer.text()).context("reading the pins")?;
        let keys = values
            .first()
            .and_then(|value| value.get("Keys"))
            .and_then(Value::as_object);
        Ok(keys
            .context("no Keys in the list of pins")?
            .keys()
            .cloned()
            .collect())
    }

    /// Collects garbage.
    ///
    /// # Errors
    /// As [`Rpc::call`].
    pub fn collect(&self) -> Result<()> {
        self.call("repo/gc?silent=true", None).map(drop)
    }

    /// Reads and hashes every block.
    ///
    /// # Errors
    /// As [`Rpc::call`]; a damaged block is one of those.
    pub fn verify(&self) -> Result<()> {
        let answer = self.call("repo/verify", None)?;
        let values = json_values(&answer.text()).context("reading the verification")?;
        let last = values
            .last()
            .and_then(|value| value["Msg"].as_str())
            .unwrap_or_default();
        ensure!(last.contains("complete"), "repo/verify: {}", answer.text());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_holds_its_file() {
        let body = one_file(b"\x00data");
        let text = String::from_utf8_lossy(&body).into_owned();
        assert!(
            text.contains("filename=\"f\"")
                && text.ends_with(&format!("\r\n\r\n\0data\r\n--{BOUNDARY_KUBO}--\r\n")),
            "{text}"
        );
    }
}
