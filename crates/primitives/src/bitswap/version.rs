//! The versions of the protocol.

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// `/ipfs/bitswap/1.0.0`: wants and blocks without CIDs.
    V1_0,
    /// `/ipfs/bitswap/1.1.0`: blocks with the prefix of their CID.
    V1_1,
    /// `/ipfs/bitswap/1.2.0`: whether a peer has a block can be asked and answered.
    V1_2,
}

impl Version {
    /// The protocol's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::V1_0 => "/ipfs/bitswap/1.0.0",
            Self::V1_1 => "/ipfs/bitswap/1.1.0",
            Self::V1_2 => "/ipfs/bitswap/1.2.0",
        }
    }

    /// Whether peers answer that they have a block, or do not.
    #[must_use]
    pub fn has_presences(self) -> bool {
        self == Self::V1_2
    }
}

impl AsRef<str> for Version {
    fn as_ref(&self) -> &str {
        self.name()
    }
}
