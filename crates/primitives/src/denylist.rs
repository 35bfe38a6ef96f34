//! Lists of content that a gateway does not serve.
//!
//! Spec: <https://specs.ipfs.tech/compact-denylist-format/>, with the double hashes of the older *badbits* lists.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use crate::bytestring::to_text;
use crate::cid::Cid;
use crate::keys::PeerId;
use crate::multibase;
use crate::multihash::{HashFunction, Multihash, SHA2_256};
use crate::path::ContentPath;

/// Maximum length of a line, in bytes. Longer lines are reported and skipped.
pub const MAX_LINE: usize = 2 << 20;
/// Maximum size of a header, in bytes.
const MAX_HEADER: usize = 1 << 20;
/// Maximum number of rules of one list; the file's further lines are reported as one problem. A rule takes about 100 bytes.
pub const MAX_RULES: usize = 8_000_000;
/// Maximum number of problems that are kept.
const MAX_PROBLEMS: usize = 20;

/// Blocks and directories without content: a list that has them would break programs, so these entries are ignored.
const HARMLESS: [&str; 7] = [
    "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn",
    "bafyaabakaieac",
    "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
    "bafkqaaa",
    "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH",
    "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua",
    "baguqeeraiqjw7i2vwntyuekgvulpp2det2kpwt6cd7tx5ayqybqpmhfk76fa",
];

/// How content is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refusal {
    /// For a reason that is not stated: status 410.
    #[default]
    Gone,
    /// For legal reasons, by the hint `gateway_status=451`: status 451.
    Legal,
}

/// Why a list, or a line of it, is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DenylistError {
    /// The list has a version that is not supported.
    #[error("unsupported version {0:?} of the format")]
    Version(String),
    /// A line is not a rule.
    #[error("line {line} is not a rule")]
    Line {
        /// Number of the line, from 1.
        line: usize,
    },
    /// There are too many rules.
    #[error("the list has more than {MAX_RULES} rules")]
    TooMany,
}

/// What a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Root {
    /// Content, or the key of a name.
    Hash(bool, Multihash),
    Domain(String),
}

/// A rule about the paths below a root.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PathRule {
    /// Without a slash at its front and end.
    path: Box<str>,
    is_prefix: bool,
    /// `None` for an exception.
    refusal: Option<Refusal>,
}

/// The rules of one list.
#[derive(Clone, Debug, Default)]
pub struct Denylist {
    rules: HashMap<Root, Vec<PathRule>>,
    /// Hashes of CIDs, names and paths, `None` for exceptions.
    hashed: HashMap<Multihash, Option<Refusal>>,
    /// The hash functions of [`Self::hashed`] with the lengths of their digests.
    functions: BTreeMap<u64, usize>,
    count: usize,
}

impl Denylist {
    /// Reads a list. Lines that are not rules are skipped; the first few of them are returned.
    ///
    /// # Errors
    /// [`DenylistError::Version`].
    pub fn parse(file: &[u8]) -> Result<(Self, Vec<DenylistError>), DenylistError> {
        let mut list = Self::default();
        let mut problems = Vec::new();
        let (header, body, skipped) = split_header(file);
        let refusal = read_header(header)?;
        for (line, text) in (skipped + 1..).zip(body.split(|&byte| byte == b'\n')) {
            let text = text.trim_ascii();
            if text.is_empty() || text.starts_with(b"#") {
                continue;
            }
            if list.count >= MAX_RULES {
                problems.push(DenylistError::TooMany);
                break;
            }
            let rule = std::str::from_utf8(text).ok();
            let read = rule
                .filter(|text| text.len() < MAX_LINE)
                .and_then(|text| list.add(text, refusal));
            if read.is_none() && problems.len() < MAX_PROBLEMS {
                problems.push(DenylistError::Line { line });
            }
        }
        Ok((list, problems))
    }

    /// The number of rules.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no rules.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether a CID is refused, wherever it is linked.
    #[must_use]
    pub fn refuses_cid(&self, cid: &Cid) -> Option<Refusal> {
        let root = Root::Hash(false, cid.hash().clone());
        self.look_up(&root, "", || [legacy(cid), base58(cid.hash())])
    }

    /// Whether a path is refused before it is resolved.
    #[must_use]
    pub fn refuses_path(&self, path: &ContentPath) -> Option<Refusal> {
        let names: Vec<_> = path.names().map(to_text).collect();
        let below = names.join("/");
        match path.cid() {
            Some(cid) => {
                let root = Root::Hash(false, cid.hash().clone());
                self.look_up(&root, &below, || [legacy(cid), base58(cid.hash())])
            }
            None => {
                let name = path.root();
                if let Ok(key) = name.parse::<PeerId>() {
                    let root = Root::Hash(true, key.hash());
                    self.look_up(&root, &below, || {
                        [legacy(&key.to_cid()), base58(&key.hash())]
                    })
                } else {
                    let name = domain(&name);
                    let root = Root::Domain(name.clone());
                    self.look_up(&root, &below, || {
                        [format!("{name}/"), format!("/ipns/{name}")]
                    })
                }
            }
        }
    }

    /// `keys` are the texts of the root that are hashed, the older form first.
    fn look_up(
        &self,
        root: &Root,
        below: &str,
        keys: impl FnOnce() -> [String; 2],
    ) -> Option<Refusal> {
        let rules = self.rules.get(root).into_iter().flatten();
        // The last rule that matches counts.
        let matching = rules.rev().find(|rule| {
            if rule.is_prefix {
                below.starts_with(&*rule.path)
            } else {
                below == &*rule.path
            }
        });
        if let Some(rule) = matching {
            return rule.refusal;
        }
        if self.functions.is_empty() {
            return None;
        }
        let [legacy, root] = keys();
        let legacy = format!("{legacy}{below}");
        let modern = match below {
            "" => root,
            below => format!("{root}/{below}"),
        };
        for (code, length) in &self.functions {
            for text in [&modern, &legacy] {
                let hash = HashFunction::from_code(*code)
                    .and_then(|function| function.digest_with_length(text.as_bytes(), *length));
                if let Ok(hash) = hash
                    && let Some(refusal) = self.hashed.get(&hash)
                {
                    return *refusal;
                }
            }
        }
        None
    }

    /// Adds the rule of a line.
    fn add(&mut self, line: &str, refusal: Refusal) -> Option<()> {
        let mut fields = line.split_ascii_whitespace();
        let item = fields.next()?;
        let (item, is_exception) = match item.strip_prefix('!') {
            Some(item) => (item, true),
            None => (item, false),
        };
        let refusal = fields.fold(refusal, hint);
        let refusal = (!is_exception).then_some(refusal);
        if let Some(hash) = item.strip_prefix("//") {
            let hash = double_hash(hash)?;
            let length = hash.digest().len();
            // Unknown functions would be rules that never match.
            HashFunction::from_code(hash.code()).ok()?;
            if *self.functions.entry(hash.code()).or_insert(length) != length {
                return None;
            }
            self.hashed.insert(hash, refusal);
            self.count += 1;
            return Some(());
        }
        let (namespace, rest) = item.strip_prefix('/')?.split_once('/')?;
        let (root, below) = rest.split_once('/').unwrap_or((rest, ""));
        let root = match namespace {
            "ipfs" | "ipld" => {
                let cid: Cid = root.parse().ok()?;
                if below.is_empty() && is_harmless(&cid) {
                    return Some(());
                }
                Root::Hash(false, cid.hash().clone())
            }
            "ipns" => match root.parse::<PeerId>() {
                Ok(key) => Root::Hash(true, key.hash().clone()),
                Err(_) => Root::Domain(domain(root)),
            },
            _ => return None,
        };
        let below = percent_encoding::percent_decode_str(below).decode_utf8();
        let below = below.ok()?;
        let (path, is_prefix) = match below.strip_suffix('*') {
            Some(path) => (path, true),
            None => (&*below, false),
        };
        // `/ab/*` is as `/ab*`, as the specification has it.
        let path = path.trim_matches('/').into();
        self.rules.entry(root).or_default().push(PathRule {
            path,
            is_prefix,
            refusal,
        });
        self.count += 1;
        Some(())
    }
}

/// Reads a hint.
fn hint(refusal: Refusal, hint: &str) -> Refusal {
    match hint.split_once('=') {
        Some(("gateway_status", "451")) => Refusal::Legal,
        Some(("gateway_status", "410")) => Refusal::Gone,
        _ => refusal,
    }
}

/// The header, what follows it, and how many lines the header has.
fn split_header(file: &[u8]) -> (&[u8], &[u8], usize) {
    let mut end = 0;
    for (lines, line) in (1..).zip(file.split_inclusive(|&byte| byte == b'\n')) {
        end += line.len();
        if end > MAX_HEADER {
            break;
        }
        if line.trim_ascii_end() == b"---" {
            let (header, body) = file.split_at(end);
            return (header, body, lines);
        }
    }
    (&[], file, 0)
}

/// The hint of a header about its rules. Of YAML it takes no more than a map of texts, which is all that the format has.
fn read_header(header: &[u8]) -> Result<Refusal, DenylistError> {
    let mut refusal = Refusal::default();
    for line in String::from_utf8_lossy(header).lines() {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim().trim_matches(['"', '\'']);
        match key.trim() {
            "version" if !matches!(value, "" | "0" | "1") => {
                return Err(DenylistError::Version(value.to_owned()));
            }
            "gateway_status" => refusal = hint(refusal, &format!("gateway_status={value}")),
            _ => {}
        }
    }
    Ok(refusal)
}

/// A double hash: a multihash in base58, or a sha2-256 in hexadecimal.
fn double_hash(text: &str) -> Option<Multihash> {
    if text.len() == 64
        && let Ok(digest) = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes())
    {
        return Multihash::wrap(SHA2_256, &digest).ok();
    }
    Multihash::from_bytes(&multibase::decode_base58(text).ok()?).ok()
}

/// What the older lists hash of a CID.
fn legacy(cid: &Cid) -> String {
    format!("{}/", cid.to_v1())
}

fn base58(hash: &Multihash) -> String {
    let mut text = String::new();
    multibase::encode_base58(hash.as_bytes(), &mut text);
    text
}

fn domain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn is_harmless(cid: &Cid) -> bool {
    static HASHES: LazyLock<Vec<Multihash>> = LazyLock::new(|| {
        let cids = HARMLESS.iter().filter_map(|text| text.parse::<Cid>().ok());
        cids.map(|cid| cid.hash().clone()).collect()
    });
    HASHES.contains(cid.hash())
}

#[cfg(test)]
mod tests;
