//! Names of the DNS.
//!
//! Spec: <https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4>

/// Longest domain name as text, in bytes, without a dot at its end.
pub const MAX_DOMAIN: usize = 253;
/// Longest label of a domain name, in bytes.
pub const MAX_LABEL: usize = 63;

/// Whether a text can be a domain name: what registries allow is of no concern here.
#[must_use]
pub fn is_domain(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    text.len() <= MAX_DOMAIN
        && text
            .split('.')
            .all(|label| (1..=MAX_LABEL).contains(&label.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_have_labels_of_bounded_length() {
        for name in ["a", "a.bc.", "_dnslink.example.org", &"a".repeat(63)] {
            assert!(is_domain(name), "{name}");
        }
        for name in ["", ".", "a..b", &"a".repeat(64), &"a.".repeat(128)] {
            assert!(!is_domain(name), "{name}");
        }
    }
}
