//! Passwords: hashing with Argon2id, outside of the threads that serve requests.
//!
//! A hash needs tens of megabytes for a short time. The memory comes from buffers that are allocated once and reused.
//! If different threads allocated that much one after the other, the allocator would keep most of it for good.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;

use super::weakness::{Weakness, check_strength};
use crate::error::Error;
use crate::state::PasswordCost;

/// The maximum number of concurrent hashes. Each takes tens of megabytes.
const SLOTS: usize = 4;

/// The maximum number of blocks (of 1 KiB) for a stored hash. This server does not write hashes with a higher cost.
const MOST_BLOCKS: usize = 256 * 1_024;

/// The error for a password that can not be hashed or verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password can not be hashed")]
pub(crate) struct HashError;

/// The hashing and verification of passwords. Clones share the slots and their buffers.
#[derive(Clone)]
pub(crate) struct Passwords(Arc<Shared>);

struct Shared {
    params: Params,
    /// A hash that belongs to no account. A sign-in to an unknown account is verified against it, so that it takes the
    /// same time.
    decoy: String,
    slots: Arc<Semaphore>,
    /// The unused buffers. There is at most one for each slot. A hash takes the last one that was returned.
    buffers: Mutex<Vec<Vec<Block>>>,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passwords(..)")
    }
}

impl Passwords {
    pub(crate) fn new(cost: PasswordCost) -> Result<Self, HashError> {
        let params =
            Params::new(cost.memory_kib, cost.passes, 1, Some(Params::DEFAULT_OUTPUT_LEN)).or(Err(HashError))?;
        let mut shared = Shared {
            params,
            decoy: String::new(),
            slots: Arc::new(Semaphore::new(SLOTS)),
            buffers: Mutex::default(),
        };
        shared.decoy = shared.hash("nobody's password")?;
        Ok(Self(Arc::new(shared)))
    }

    /// Returns the hash to store. Blocks for as long as a sign-in takes, so it must be used only at the start of the
    /// server.
    pub(crate) fn hash_blocking(&self, password: &str) -> Result<String, HashError> {
        self.0.hash(password)
    }

    /// Returns whether the password matches `stored`. Without a stored hash it takes the same time and returns `false`.
    pub(crate) async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, Error> {
        self.in_slot(move |shared| {
            let known = stored.is_some();
            let verified = shared.verify(&password, stored.as_deref().unwrap_or(&shared.decoy));
            known & verified.unwrap_or(false)
        })
        .await
    }

    /// Returns the hash of a password that a person has chosen. Returns the weakness instead if the password is easy to
    /// guess with the words of `about`, which describe the person.
    pub(crate) async fn choose(&self, password: String, about: Vec<String>) -> Result<Result<String, Weakness>, Error> {
        let chosen = self.in_slot(move |shared| match check_strength(&normal(&password), &about) {
            Ok(()) => shared.hash(&password).map(Ok),
            Err(weakness) => Ok(Err(weakness)),
        });
        chosen.await?.or(Err(Error::Internal("a password can not be hashed")))
    }

    async fn in_slot<T: Send + 'static>(&self, work: impl FnOnce(&Shared) -> T + Send + 'static) -> Result<T, Error> {
        let slot = Arc::clone(&self.0.slots).acquire_owned().await;
        let slot = slot.or(Err(Error::Internal("the password slots are closed")))?;
        let shared = Arc::clone(&self.0);
        let worked = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            work(&shared)
        });
        worked
            .await
            .or(Err(Error::Internal("hashing a password was interrupted")))
    }
}

impl Shared {
    fn hash(&self, password: &str) -> Result<String, HashError> {
        let salt = Salt::generate();
        let hash = self.output(Algorithm::Argon2id, Version::V0x13, &self.params, password, &salt)?;
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&self.params).or(Err(HashError))?,
            salt: Some(salt),
            hash: Some(hash),
        };
        Ok(hash.to_string())
    }

    /// Returns whether the password has this hash. Supports other parameters than those of this server.
    fn verify(&self, password: &str, stored: &str) -> Result<bool, HashError> {
        let stored = PasswordHash::new(stored).or(Err(HashError))?;
        let algorithm = Algorithm::try_from(stored.algorithm.as_str()).or(Err(HashError))?;
        let version = stored.version.map_or(Ok(Version::V0x13), Version::try_from);
        let params = Params::try_from(&stored).or(Err(HashError))?;
        let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else {
            return Err(HashError);
        };
        let version = version.or(Err(HashError))?;
        // The comparison takes constant time.
        Ok(self.output(algorithm, version, &params, password, salt)? == *expected)
    }

    fn output(
        &self,
        algorithm: Algorithm,
        version: Version,
        params: &Params,
        password: &str,
        salt: &[u8],
    ) -> Result<Output, HashError> {
        let blocks = params.block_count();
        if blocks > MOST_BLOCKS {
            return Err(HashError);
        }
        let mut bytes = [0; Output::MAX_LENGTH];
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let bytes = bytes.get_mut(..length).ok_or(HashError)?;
        let argon2 = Argon2::new(algorithm, version, params.clone());
        let mut buffer = self.take_buffer(blocks);
        let hashed = argon2.hash_password_into_with_memory(normal(password).as_bytes(), salt, bytes, &mut *buffer);
        self.put_buffer(buffer);
        hashed.or(Err(HashError))?;
        Output::new(bytes).or(Err(HashError))
    }

    /// Returns a buffer with at least this number of blocks.
    fn take_buffer(&self, blocks: usize) -> Vec<Block> {
        let usual = self.params.block_count();
        if blocks > usual {
            return vec![Block::new(); blocks];
        }
        let kept = self.buffers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.unwrap_or_else(|| vec![Block::new(); usual])
    }

    /// Returns a buffer for the next hash. A larger buffer, for a stored hash of a higher cost, is freed, because
    /// sign-ins with such a hash are rare.
    fn put_buffer(&self, buffer: Vec<Block>) {
        if buffer.len() == self.params.block_count() {
            let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
            buffers.push(buffer);
        }
    }
}

/// Normalizes a password before hashing, so that equal texts are equal regardless of how a keyboard composes them (NIST
/// SP 800-63B, 5.1.1.2).
fn normal(password: &str) -> String {
    password.nfc().collect()
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordHasher as _;
    use argon2::{Algorithm, Argon2, Params, Version};

    use super::{MOST_BLOCKS, Passwords, SLOTS};
    use crate::state::PasswordCost;

    fn passwords() -> Passwords {
        Passwords::new(PasswordCost {
            memory_kib: 64,
            passes: 1,
        })
        .unwrap()
    }

    async fn is_right(passwords: &Passwords, password: &str, stored: Option<&str>) -> bool {
        let stored = stored.map(str::to_owned);
        passwords.verify(password.to_owned(), stored).await.unwrap()
    }

    #[tokio::test]
    async fn only_the_right_password_of_somebody_is_right() {
        let passwords = passwords();
        let stored = passwords.hash_blocking("open sesame").unwrap();
        assert_ne!(
            stored,
            passwords.hash_blocking("open sesame").unwrap(),
            "the salt differs"
        );
        assert!(is_right(&passwords, "open sesame", Some(&stored)).await);
        assert!(!is_right(&passwords, "open says me", Some(&stored)).await);
        assert!(!is_right(&passwords, "nobody's password", None).await);
        assert!(!is_right(&passwords, "open sesame", Some("no hash")).await);
        assert!(!is_right(&passwords, "", Some("")).await);
    }

    #[tokio::test]
    async fn a_composed_letter_is_the_same_password() {
        let passwords = passwords();
        let stored = passwords.hash_blocking("M\u{fc}nchen").unwrap();
        assert!(is_right(&passwords, "Mu\u{308}nchen", Some(&stored)).await);
    }

    #[tokio::test]
    async fn hashes_of_every_other_cost_are_verified() {
        let passwords = passwords();
        for (algorithm, memory, passes, lanes, length) in [
            (Algorithm::Argon2id, 8, 1, 1, 32),
            (Algorithm::Argon2id, 64, 3, 1, 32),
            (Algorithm::Argon2id, 64, 1, 4, 16),
            (Algorithm::Argon2i, 1_024, 2, 2, 48),
        ] {
            let params = Params::new(memory, passes, lanes, Some(length)).unwrap();
            let stored = Argon2::new(algorithm, Version::V0x13, params)
                .hash_password(b"open sesame")
                .unwrap()
                .to_string();
            assert!(is_right(&passwords, "open sesame", Some(&stored)).await, "{stored}");
            assert!(!is_right(&passwords, "open says me", Some(&stored)).await, "{stored}");
        }
        let lengths: Vec<_> = passwords.0.buffers.lock().unwrap().iter().map(Vec::len).collect();
        assert_eq!(lengths, [64], "what was made for a higher cost is given back");
        let huge = MOST_BLOCKS + 1;
        let stored = format!("$argon2id$v=19$m={huge},t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA");
        assert!(!is_right(&passwords, "open sesame", Some(&stored)).await);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_more_buffers_are_made_than_slots() {
        let passwords = passwords();
        let attempts = (0..100).map(|_| is_right(&passwords, "wrong", None));
        futures_util::future::join_all(attempts).await;
        let buffers = passwords.0.buffers.lock().unwrap().len();
        assert!((1..=SLOTS).contains(&buffers), "{buffers}");
    }
}
