//! Roots as labels of domain names.
//!
//! Spec: <https://specs.ipfs.tech/http-gateways/subdomain-gateway/#dns-label-limits>

use cairn_primitives::dns::MAX_LABEL;
use cairn_primitives::multibase::Base;
use cairn_primitives::{Cid, PeerId};

/// Why a root has no label.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LabelError {
    /// A CID is too long in every base that domain names allow.
    #[error("CID incompatible with DNS label length limit of {MAX_LABEL}: {0}")]
    Cid(String),
    /// A domain is too long for one label.
    #[error("inlined DNSLink incompatible with DNS label length limit of {MAX_LABEL}: {0:?}")]
    Domain(String),
}

/// The label of a CID or key, which is the same however that is written; `None` for other texts.
pub(super) fn of_root(namespace: &str, root: &str) -> Option<Result<String, LabelError>> {
    if namespace == "ipns" {
        let key = match root.parse::<PeerId>() {
            Ok(key) => key,
            // A key as the CID of something else; but nobody means a domain of one label by that.
            Err(_) => PeerId::from_bytes(root.parse::<Cid>().ok()?.hash().as_bytes()).ok()?,
        };
        return Some(fitting(key.to_base36()));
    }
    let cid: Cid = root.parse().ok()?;
    let base32 = cid.to_v1().encode(Base::Base32Lower);
    if base32.len() <= MAX_LABEL {
        return Some(Ok(base32));
    }
    Some(fitting(cid.to_v1().encode(Base::Base36Lower)))
}

fn fitting(label: String) -> Result<String, LabelError> {
    if label.len() <= MAX_LABEL {
        Ok(label)
    } else {
        Err(LabelError::Cid(label))
    }
}

/// A domain as one label: `-` is doubled, and `.` becomes `-`.
pub(super) fn inline(domain: &str) -> Result<String, LabelError> {
    let label = domain.replace('-', "--").replace('.', "-");
    if label.len() <= MAX_LABEL {
        Ok(label)
    } else {
        Err(LabelError::Domain(label))
    }
}

/// The domain of an inlined label.
pub(super) fn expand(label: &str) -> String {
    let mut parts = label.split("--");
    let mut domain = String::with_capacity(label.len());
    domain.push_str(&parts.next().unwrap_or_default().replace('-', "."));
    for part in parts {
        domain.push('-');
        domain.push_str(&part.replace('-', "."));
    }
    domain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_become_labels_and_back() {
        for (domain, label) in [
            ("en.wikipedia-on-ipfs.org", "en-wikipedia--on--ipfs-org"),
            ("a--b.c", "a----b-c"),
            ("a.b", "a-b"),
        ] {
            assert_eq!(inline(domain).unwrap(), label);
            assert_eq!(expand(label), domain);
        }
        assert!(matches!(
            inline(&"a.".repeat(40)),
            Err(LabelError::Domain(_))
        ));
    }

    #[test]
    fn roots_have_one_label() {
        let label = |namespace, root| of_root(namespace, root).map(Result::unwrap_or_default);
        let v1 = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi";
        let v0 = "QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR";
        assert_eq!(label("ipfs", v0).as_deref(), Some(v1));
        assert_eq!(label("ipfs", v1).as_deref(), Some(v1));
        let key = "k51qzi5uqu5dhmzyv3zac033i7rl9hkgczxyl81lwoukda2htteop7d3x0y1mf";
        let id = "12D3KooWDkNqEJNmreF3NYYFK1ws7Ra2fuW6cHBTu567SPV3LdYA";
        assert_eq!(label("ipns", id).as_deref(), Some(key));
        assert_eq!(label("ipns", key).as_deref(), Some(key));
        assert_eq!(label("ipfs", "x"), None);
        assert_eq!(label("ipns", "example.com"), None);
    }
}
