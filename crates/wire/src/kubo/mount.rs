//! `mount`.

command! {
    /// Mount IPFS as a file system; not supported.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-mount>
    pub struct Mount: "mount" {
        arguments {}
        options {
            /// Mount point of `/ipfs`.
            ipfs_path: Option<String> = "ipfs-path" | "f", None;
            /// Mount point of `/ipns`.
            ipns_path: Option<String> = "ipns-path" | "n", None;
            /// Mount point of MFS.
            mfs_path: Option<String> = "mfs-path" | "m", None;
        }
        body: NoBody,
        reply: Nothing,
        safe: false,
        needs: Repository,
        hidden: true,
        text: |_, (), _| (),
    }
}
