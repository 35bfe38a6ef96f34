//! Where a domain leads: DNSLink.
//!
//! Spec: <https://dnslink.io/>, <https://dnslink.dev/>

use cairn_primitives::Cid;
use cairn_primitives::path::{ContentPath, Namespace};

/// What the records of a domain say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// One path.
    Path(ContentPath),
    /// None.
    None,
    /// More than one, which is for nobody to choose from.
    Many,
}

/// Reads the TXT records of a domain. A path or a CID without `dnslink=` counts as well: old records have that form.
pub(super) fn read(texts: &[String]) -> Link {
    let mut paths = texts.iter().filter_map(|text| {
        let value = text.strip_prefix("dnslink=").unwrap_or(text);
        path(value).or_else(|| path(text))
    });
    match (paths.next(), paths.next()) {
        (None, _) => Link::None,
        (Some(path), None) => Link::Path(path),
        (Some(_), Some(_)) => Link::Many,
    }
}

fn path(text: &str) -> Option<ContentPath> {
    let path = ContentPath::new(text)
        .ok()
        .or_else(|| text.parse::<Cid>().ok().map(ContentPath::from_cid))?;
    matches!(path.namespace(), Namespace::Ipfs | Namespace::Ipns).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CID: &str = "bafkreidb4xu4pn2wecnsec2qmebq3qon4zfej7tzpe6ojdbbqsoisd7l2a";

    #[test]
    fn links_are_read() {
        let whole = format!("/ipfs/{CID}");
        let leads = |path: &str| Link::Path(ContentPath::new(path).unwrap());
        for (texts, link) in [
            (vec![format!("dnslink={whole}")], leads(&whole)),
            (vec![format!("dnslink={CID}")], leads(&whole)),
            (vec![whole.clone()], leads(&whole)),
            (vec![CID.to_owned()], leads(&whole)),
            (
                vec![
                    "v=spf1 -all".to_owned(),
                    "dnslink=/ipns/example.org/a".to_owned(),
                    "dnslink=/ipld/nothing".to_owned(),
                ],
                leads("/ipns/example.org/a"),
            ),
            (vec![], Link::None),
            (vec!["dnslink=".to_owned(), "text".to_owned()], Link::None),
            (vec![format!("dnslink=/ipld/{CID}")], Link::None),
            (vec![whole.clone(), whole.clone()], Link::Many),
        ] {
            assert_eq!(read(&texts), link, "{texts:?}");
        }
    }
}
