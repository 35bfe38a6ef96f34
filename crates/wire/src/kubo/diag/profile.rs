//! `diag/profile`.

command! {
    /// Collect a performance profile as a ZIP archive.
    ///
    /// The archive holds no content, configuration, keys or addresses.
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-diag-profile>
    pub struct DiagProfile: "diag/profile" {
        arguments {}
        options {
            /// File to write; a name with the time when it is not given.
            output: Option<String> = "output" | "o", None, values [crate::kubo::ANY_PATH];
            /// Reports to collect: `version`, `process`, `threads`, `cpu`, `memory`, `metrics`, `requests`.
            collectors: Vec<String> = "collectors", Vec::new();
            /// How long to measure.
            profile_time: String = "profile-time", "30s".to_owned();
            /// Accepted for compatibility; no effect.
            mutex_profile_fraction: i32 = "mutex-profile-fraction", 4;
            /// Accepted for compatibility; no effect.
            block_profile_rate: String = "block-profile-rate", "1ms".to_owned();
        }
        body: NoBody,
        reply: Bytes,
        safe: true,
        needs: Repository,
        cli: Custom,
        text: |_, (), _| (),
    }
}
