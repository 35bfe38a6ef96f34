//! `config/replace`.

command! {
    /// Replace the configuration with a file, keeping its secrets.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-config-replace>
    pub struct ConfigReplace: "config/replace" {
        arguments {}
        options {}
        body: Files { name: "file", many: false, recursive: false },
        reply: Nothing,
        safe: false,
        needs: Repository,
        text: |_, (), _| (),
    }
}
