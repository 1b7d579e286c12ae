//! Passwords: hashed with Argon2id, verified away from the threads that serve requests.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::Error;
use crate::state::PasswordCost;

/// How many passwords are hashed at the same time. Each takes tens of megabytes.
const SLOTS: usize = 4;

/// A password can not be hashed or verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password can not be hashed")]
pub(crate) struct HashError;

/// Hashes and verifies passwords. Clones share the slots.
#[derive(Clone)]
pub(crate) struct Passwords {
    argon2: Argon2<'static>,
    /// The hash of nobody's password: verified against when there is no such person, which takes as long.
    decoy: Arc<str>,
    slots: Arc<Semaphore>,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passwords(..)")
    }
}

impl Passwords {
    pub(crate) fn new(cost: PasswordCost) -> Result<Self, HashError> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None).or(Err(HashError))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash(&argon2, "nobody's password")?.into();
        Ok(Self {
            argon2,
            decoy,
            slots: Arc::new(Semaphore::new(SLOTS)),
        })
    }

    /// The hash to store. Blocks for as long as a sign-in takes: only for starting up.
    pub(crate) fn hash_blocking(&self, password: &str) -> Result<String, HashError> {
        hash(&self.argon2, password)
    }

    /// Whether this is the password behind `stored`. Without one it takes just as long and is `false`.
    pub(crate) async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, Error> {
        let slot = Arc::clone(&self.slots).acquire_owned().await;
        let slot = slot.or(Err(Error::Internal("the password slots are closed")))?;
        let (argon2, decoy) = (self.argon2.clone(), Arc::clone(&self.decoy));
        let verified = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            let known = stored.is_some();
            let hash = PasswordHash::new(stored.as_deref().unwrap_or(&decoy));
            known & hash.is_ok_and(|hash| argon2.verify_password(password.as_bytes(), &hash).is_ok())
        });
        verified
            .await
            .or(Err(Error::Internal("verifying a password was interrupted")))
    }
}

fn hash(argon2: &Argon2<'_>, password: &str) -> Result<String, HashError> {
    argon2
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .or(Err(HashError))
}

#[cfg(test)]
mod tests {
    use super::Passwords;
    use crate::state::PasswordCost;

    #[tokio::test]
    async fn only_the_right_password_of_somebody_is_right() {
        let passwords = Passwords::new(PasswordCost {
            memory_kib: 8,
            passes: 1,
        })
        .unwrap();
        let stored = passwords.hash_blocking("open sesame").unwrap();
        assert_ne!(
            stored,
            passwords.hash_blocking("open sesame").unwrap(),
            "the salt differs"
        );
        assert!(
            passwords
                .verify("open sesame".to_owned(), Some(stored.clone()))
                .await
                .unwrap()
        );
        assert!(!passwords.verify("open says me".to_owned(), Some(stored)).await.unwrap());
        assert!(!passwords.verify("nobody's password".to_owned(), None).await.unwrap());
    }
}
