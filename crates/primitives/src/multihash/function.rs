//! The hash functions.

use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use shake::digest::{ExtendableOutput as _, Update as _, XofReader as _};

use super::table::FUNCTIONS;
use super::{HashError, IDENTITY, MAX_DIGEST, Multihash};

/// Minimum length of a digest in bytes that Kubo stores and serves, except for identity.
pub const MIN_ALLOWED_DIGEST: usize = 20;

/// A hash function that Kubo knows by name. Most of them are built in: see [`HashFunction::is_built_in`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashFunction {
    pub(crate) code: u64,
    pub(super) name: &'static str,
    pub(super) length: u8,
    pub(super) family: Algorithm,
}

/// The algorithm behind a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Identity,
    Sha1,
    Sha2_256,
    Sha2_512,
    DoubleSha2_256,
    Sha3_224,
    Sha3_256,
    Sha3_384,
    Sha3_512,
    Shake128,
    Shake256,
    Keccak224,
    Keccak256,
    Keccak384,
    Keccak512,
    Blake2b,
    Blake2s,
    Blake3,
    NotBuiltIn,
}

impl HashFunction {
    /// The function with this multicodec code.
    ///
    /// # Errors
    /// [`HashError::UnknownCode`].
    pub fn from_code(code: u64) -> Result<Self, HashError> {
        FUNCTIONS
            .binary_search_by_key(&code, |function| function.code)
            .ok()
            .and_then(|at| FUNCTIONS.get(at))
            .copied()
            .ok_or(HashError::UnknownCode(code))
    }

    /// The function with this name, as in `sha2-256`.
    ///
    /// # Errors
    /// [`HashError::UnknownName`].
    pub fn from_name(name: &str) -> Result<Self, HashError> {
        let name = if name == "sha3" { "sha3-512" } else { name };
        FUNCTIONS
            .iter()
            .find(|function| function.name == name)
            .copied()
            .ok_or_else(|| HashError::UnknownName(name.to_owned()))
    }

    /// Every function that has a name here, by code. `ipfs cid hashes` lists those that [`Self::is_allowed`].
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        FUNCTIONS.iter().copied()
    }

    /// The multicodec name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// The multicodec code.
    #[must_use]
    pub fn code(self) -> u64 {
        self.code
    }

    /// The default length of a digest in bytes; `None` for identity, which is as long as its data.
    #[must_use]
    pub fn default_length(self) -> Option<usize> {
        (self.family != Algorithm::Identity).then_some(usize::from(self.length))
    }

    /// Whether digests can be computed. A few functions are known only by name.
    #[must_use]
    pub fn is_built_in(self) -> bool {
        self.family != Algorithm::NotBuiltIn
    }

    /// Whether Kubo stores and serves blocks under this function: it must be hard to break, or be git's.
    #[must_use]
    pub fn is_allowed(self) -> bool {
        match self.family {
            Algorithm::NotBuiltIn | Algorithm::Shake128 => false,
            Algorithm::Blake2b | Algorithm::Blake2s => {
                usize::from(self.length) >= MIN_ALLOWED_DIGEST
            }
            _ => true,
        }
    }

    /// Checks a multihash as Kubo does before it stores, fetches or serves a block: the function is allowed, the digest
    /// has at least [`MIN_ALLOWED_DIGEST`] bytes unless it is identity's. ([`MAX_DIGEST`] holds for every [`Multihash`].)
    ///
    /// # Errors
    /// [`HashError::NotAllowed`] and [`HashError::TooShort`].
    pub fn verify_allowed(hash: &Multihash) -> Result<(), HashError> {
        let code = hash.code();
        if !Self::from_code(code).is_ok_and(Self::is_allowed) {
            return Err(HashError::NotAllowed);
        }
        let length = hash.digest().len();
        if code != IDENTITY && length < MIN_ALLOWED_DIGEST {
            return Err(HashError::TooShort { code, length });
        }
        Ok(())
    }

    /// Hashes data at the default length.
    ///
    /// # Errors
    /// [`HashError::UnknownCode`] when the function is not built in, [`HashError::TooLong`] when identity data is longer
    /// than [`MAX_DIGEST`].
    pub fn digest(self, data: &[u8]) -> Result<Multihash, HashError> {
        match self.family {
            Algorithm::Sha2_256 => Ok(Multihash::sha2_256(data)),
            Algorithm::Identity => Multihash::wrap(self.code, data),
            _ => {
                let mut hasher = self.hasher()?;
                hasher.update(data);
                hasher.finish()
            }
        }
    }

    /// Hashes data to a digest of a length in bytes: truncated, or extended if the function supports it (`blake3`).
    ///
    /// # Errors
    /// Those of [`Self::digest`], and [`HashError::Length`] when the function cannot give that many bytes.
    pub fn digest_with_length(self, data: &[u8], length: usize) -> Result<Multihash, HashError> {
        if self.family == Algorithm::Identity && length != data.len() {
            return Err(HashError::IdentityLength {
                length,
                data: data.len(),
            });
        }
        let mut hasher = self.hasher()?;
        hasher.update(data);
        hasher.finish_with_length(length)
    }

    /// An incremental hasher.
    ///
    /// # Errors
    /// [`HashError::UnknownCode`] when the function is not built in.
    pub fn hasher(self) -> Result<Hasher, HashError> {
        let length = usize::from(self.length);
        let state = match self.family {
            Algorithm::Identity => State::Identity {
                data: Vec::new(),
                length: 0,
            },
            Algorithm::Sha1 => State::Sha1(Sha1::new()),
            Algorithm::Sha2_256 => State::Sha2_256(Sha256::new()),
            Algorithm::DoubleSha2_256 => State::DoubleSha2_256(Sha256::new()),
            Algorithm::Sha2_512 => State::Sha2_512(Sha512::new()),
            Algorithm::Sha3_224 => State::Sha3_224(sha3::Sha3_224::new()),
            Algorithm::Sha3_256 => State::Sha3_256(sha3::Sha3_256::new()),
            Algorithm::Sha3_384 => State::Sha3_384(sha3::Sha3_384::new()),
            Algorithm::Sha3_512 => State::Sha3_512(sha3::Sha3_512::new()),
            Algorithm::Shake128 => State::Shake128(shake::Shake128::default()),
            Algorithm::Shake256 => State::Shake256(shake::Shake256::default()),
            Algorithm::Keccak224 => State::Keccak224(sha3::Keccak224::new()),
            Algorithm::Keccak256 => State::Keccak256(sha3::Keccak256::new()),
            Algorithm::Keccak384 => State::Keccak384(sha3::Keccak384::new()),
            Algorithm::Keccak512 => State::Keccak512(sha3::Keccak512::new()),
            Algorithm::Blake2b => {
                State::Blake2b(blake2b_simd::Params::new().hash_length(length).to_state())
            }
            Algorithm::Blake2s => {
                State::Blake2s(blake2s_simd::Params::new().hash_length(length).to_state())
            }
            Algorithm::Blake3 => State::Blake3(Box::default()),
            Algorithm::NotBuiltIn => return Err(HashError::UnknownCode(self.code)),
        };
        Ok(Hasher {
            function: self,
            state,
        })
    }
}

/// Hashes data incrementally.
pub struct Hasher {
    function: HashFunction,
    state: State,
}

enum State {
    /// At most [`MAX_DIGEST`] bytes are kept, whatever comes.
    Identity {
        data: Vec<u8>,
        length: u64,
    },
    Sha1(Sha1),
    Sha2_256(Sha256),
    DoubleSha2_256(Sha256),
    Sha2_512(Sha512),
    Sha3_224(sha3::Sha3_224),
    Sha3_256(sha3::Sha3_256),
    Sha3_384(sha3::Sha3_384),
    Sha3_512(sha3::Sha3_512),
    Shake128(shake::Shake128),
    Shake256(shake::Shake256),
    Keccak224(sha3::Keccak224),
    Keccak256(sha3::Keccak256),
    Keccak384(sha3::Keccak384),
    Keccak512(sha3::Keccak512),
    Blake2b(blake2b_simd::State),
    Blake2s(blake2s_simd::State),
    Blake3(Box<blake3::Hasher>),
}

impl Hasher {
    /// The function that this computes.
    #[must_use]
    pub fn function(&self) -> HashFunction {
        self.function
    }

    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        match &mut self.state {
            State::Identity { data, length } => {
                let room = MAX_DIGEST - data.len().min(MAX_DIGEST);
                data.extend_from_slice(piece.get(..room).unwrap_or(piece));
                *length = length.saturating_add(piece.len() as u64);
            }
            State::Sha1(state) => sha1::Digest::update(state, piece),
            State::Sha2_256(state) | State::DoubleSha2_256(state) => {
                sha2::Digest::update(state, piece);
            }
            State::Sha2_512(state) => sha2::Digest::update(state, piece),
            State::Sha3_224(state) => sha3::Digest::update(state, piece),
            State::Sha3_256(state) => sha3::Digest::update(state, piece),
            State::Sha3_384(state) => sha3::Digest::update(state, piece),
            State::Sha3_512(state) => sha3::Digest::update(state, piece),
            State::Shake128(state) => state.update(piece),
            State::Shake256(state) => state.update(piece),
            State::Keccak224(state) => sha3::Digest::update(state, piece),
            State::Keccak256(state) => sha3::Digest::update(state, piece),
            State::Keccak384(state) => sha3::Digest::update(state, piece),
            State::Keccak512(state) => sha3::Digest::update(state, piece),
            State::Blake2b(state) => {
                state.update(piece);
            }
            State::Blake2s(state) => {
                state.update(piece);
            }
            State::Blake3(state) => {
                state.update(piece);
            }
        }
    }

    /// The multihash at the default length.
    ///
    /// # Errors
    /// [`HashError::TooLong`] when more than [`MAX_DIGEST`] bytes went into identity.
    pub fn finish(self) -> Result<Multihash, HashError> {
        let length = match &self.state {
            State::Identity { data, .. } => data.len(),
            _ => usize::from(self.function.length),
        };
        self.finish_with_length(length)
    }

    /// The multihash at a length in bytes.
    ///
    /// # Errors
    /// As for [`HashFunction::digest_with_length`].
    pub fn finish_with_length(self, length: usize) -> Result<Multihash, HashError> {
        let HashFunction {
            code,
            name: function,
            length: full,
            ..
        } = self.function;
        let too_long = HashError::Length { function, length };
        let wrap = |digest: &[u8]| match digest.get(..length) {
            Some(digest) => Multihash::wrap(code, digest),
            None => Err(HashError::Length { function, length }),
        };
        let mut buffer = [0; MAX_DIGEST];
        match self.state {
            State::Identity { length, .. } if length > MAX_DIGEST as u64 => {
                Err(HashError::TooLong { code, length })
            }
            State::Identity { data, .. } if length != data.len() => {
                Err(HashError::IdentityLength {
                    length,
                    data: data.len(),
                })
            }
            State::Identity { data, .. } => wrap(&data),
            State::Sha1(state) => wrap(&state.finalize()),
            State::Sha2_256(state) => wrap(&state.finalize()),
            State::DoubleSha2_256(state) => wrap(&Sha256::digest(state.finalize())),
            State::Sha2_512(state) => wrap(&state.finalize()),
            State::Sha3_224(state) => wrap(&state.finalize()),
            State::Sha3_256(state) => wrap(&state.finalize()),
            State::Sha3_384(state) => wrap(&state.finalize()),
            State::Sha3_512(state) => wrap(&state.finalize()),
            State::Keccak224(state) => wrap(&state.finalize()),
            State::Keccak256(state) => wrap(&state.finalize()),
            State::Keccak384(state) => wrap(&state.finalize()),
            State::Keccak512(state) => wrap(&state.finalize()),
            // The shakes could give more, but Kubo takes them as functions of a fixed length.
            State::Shake128(state) => {
                let out = buffer.get_mut(..usize::from(full)).ok_or(too_long)?;
                state.finalize_xof().read(out);
                wrap(out)
            }
            State::Shake256(state) => {
                let out = buffer.get_mut(..usize::from(full)).ok_or(too_long)?;
                state.finalize_xof().read(out);
                wrap(out)
            }
            State::Blake2b(state) => wrap(state.finalize().as_bytes()),
            State::Blake2s(state) => wrap(state.finalize().as_bytes()),
            State::Blake3(state) => {
                if length == 0 {
                    return Err(too_long);
                }
                let out = buffer.get_mut(..length).ok_or(too_long)?;
                state.finalize_xof().fill(out);
                wrap(out)
            }
        }
    }
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Hasher").field(&self.function.name).finish()
    }
}
