//! `name/get`.

command! {
    /// Get the signed record of an IPNS name.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-name-get>
    pub struct NameGet: "name/get" {
        examples: [
            "{program} name get NAME > record",
            "{program} name get NAME | {program} name inspect",
        ],
        arguments {
            /// IPNS name.
            name: String = required "name",
        }
        options {}
        body: NoBody,
        reply: Bytes,
        safe: true,
        needs: Repository,
        text: |_, (), _| (),
    }
}
