//! Which commands may be sent twice.

/// Commands that change nothing, in order.
const SAFE: &[&str] = &[
    "block/get",
    "block/stat",
    "cat",
    "commands",
    "config/show",
    "dag/export",
    "dag/get",
    "dag/resolve",
    "dag/stat",
    "files/ls",
    "files/read",
    "files/stat",
    "get",
    "id",
    "key/list",
    "key/ls",
    "ls",
    "multibase/list",
    "name/resolve",
    "pin/ls",
    "pin/verify",
    "refs",
    "refs/local",
    "repo/ls",
    "repo/stat",
    "repo/version",
    "resolve",
    "stats/repo",
    "swarm/addrs",
    "swarm/peers",
    "version",
];

/// Whether the command changes nothing, so that sending it twice does no harm.
pub(super) fn is_safe(path: &str) -> bool {
    SAFE.binary_search(&path).is_ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_list_is_in_order() {
        assert!(super::SAFE.is_sorted());
        assert!(super::is_safe("version") && !super::is_safe("add") && !super::is_safe("config"));
    }
}
