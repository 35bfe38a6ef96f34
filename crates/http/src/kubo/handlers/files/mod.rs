//! `files`: the mutable file system.

mod chcid;
mod chmod;
mod cp;
mod flush;
mod ls;
mod mkdir;
mod mv;
mod read;
mod rm;
mod stat;
mod touch;
mod write;

use cairn_dag::import::{ImportError, OptionError};
use cairn_dag::mfs::{self, Mfs, MfsPath};
use cairn_primitives::ByteString;
use cairn_primitives::quote::Quoted;
use cairn_primitives::unixfs::CidMaker;

use super::super::{Call, Failure};

fn mfs(call: &Call) -> Result<&Mfs, Failure> {
    Ok(call.node().mfs()?)
}

fn path(given: &ByteString) -> Result<MfsPath, Failure> {
    Ok(MfsPath::new(given)?)
}

/// A path whose slash at the beginning may be left out: `flush` and `chcid` take such paths, and a `None` for the root.
fn lax_path(given: Option<&ByteString>) -> Result<MfsPath, Failure> {
    let given = given.map(ByteString::as_bytes).unwrap_or_default();
    Ok(MfsPath::new(&[b"/", given].concat())?)
}

/// The content path of an argument that is one, or its URI; `None` for a path in MFS.
fn outside(given: &[u8]) -> Option<Vec<u8>> {
    for scheme in ["ipfs", "ipns", "ipld"] {
        let rest = given.strip_prefix(scheme.as_bytes());
        if let Some(rest) = rest.and_then(|rest| rest.strip_prefix(b"://")) {
            return Some([b"/", scheme.as_bytes(), b"/", rest].concat());
        }
        let rest = given
            .strip_prefix(b"/")
            .and_then(|rest| rest.strip_prefix(scheme.as_bytes()));
        if rest.is_some_and(|rest| rest.starts_with(b"/") && rest.len() > 1) {
            return Some(given.to_vec());
        }
    }
    None
}

/// How CIDs are made, if the options say so.
fn maker(version: Option<i32>, hash: Option<&str>) -> Result<Option<CidMaker>, Failure> {
    mfs::cid_maker(version.map(i64::from), hash).map_err(|error| match error {
        // Other commands say this in other words.
        ImportError::Option(OptionError::Hash(name)) => {
            Failure::normal(format!("unrecognized hash function: {}", Quoted(&name)))
        }
        error => error.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_paths_and_their_uris_lead_outside() {
        for (given, leads) in [
            ("/ipfs/Qm/a", Some("/ipfs/Qm/a")),
            ("ipfs://Qm/a", Some("/ipfs/Qm/a")),
            ("ipns://k", Some("/ipns/k")),
            ("/ipfs", None),
            ("/ipfs/", None),
            ("/ipfsx/a", None),
            ("/a", None),
        ] {
            let leads = leads.map(|path: &str| path.as_bytes().to_vec());
            assert_eq!(outside(given.as_bytes()), leads, "{given}");
        }
    }

    #[test]
    fn unknown_versions_and_hash_functions_are_refused_as_in_kubo() {
        for (number, hash, said) in [
            (Some(2), None, "unknown CID version: 2"),
            (None, Some("md4"), "unrecognized hash function: \"md4\""),
        ] {
            assert_eq!(maker(number, hash).unwrap_err().to_string(), said);
        }
    }
}
