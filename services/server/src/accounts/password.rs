//! Hashing and checking of passwords: dear by design, so off the async threads and a few at a time.

use std::sync::Arc;

use accord_domain::Environment;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OnceCell, Semaphore};

use crate::accounts::AccountError;
use crate::settings::PasswordCost;

/// The fewest characters of a password.
pub const LEAST_PASSWORD_CHARACTERS: usize = 10;

/// The most bytes of a password, so that nobody can make hashing dear with a long one.
pub const MAXIMUM_PASSWORD_BYTES: usize = 1024;

/// The salt of the hash that is checked for names that do not exist; it guards nothing.
const DECOY_SALT: &[u8; 16] = b"accord-decoysalt";

/// Hashes and checks passwords. Cheap to clone; clones share the places.
#[derive(Clone)]
pub struct Passwords {
    cost: PasswordCost,
    places: Arc<Semaphore>,
    decoy: Arc<OnceCell<String>>,
}

impl Passwords {
    /// Hashes at this cost.
    #[must_use]
    pub fn new(cost: PasswordCost) -> Self {
        Self {
            cost,
            places: Arc::new(Semaphore::new(cost.parallel_hashes.max(1))),
            decoy: Arc::new(OnceCell::new()),
        }
    }

    /// Hashes a password to its PHC string.
    ///
    /// # Errors
    /// The password is too short or too long, or hashing failed.
    pub async fn hash(&self, environment: &dyn Environment, password: &SecretString) -> Result<String, AccountError> {
        check_length(password)?;
        self.compute_hash(password.clone(), environment.random_bytes()).await
    }

    /// Whether the password is the one of this hash. Without a hash it takes as long and says no, so that the time
    /// does not tell which names exist.
    ///
    /// # Errors
    /// The stored hash cannot be read, or hashing failed.
    pub async fn verify(&self, password: &SecretString, hash: Option<String>) -> Result<bool, AccountError> {
        if password.expose_secret().len() > MAXIMUM_PASSWORD_BYTES {
            return Ok(false);
        }
        let known = hash.is_some();
        let hash = match hash {
            Some(hash) => hash,
            None => self.decoy().await?,
        };
        let password = password.clone();
        let matches = self
            .compute(move || {
                let hash = PasswordHash::new(&hash).map_err(|error| AccountError::Hashing(error.to_string()))?;
                Ok(Argon2::default()
                    .verify_password(password.expose_secret().as_bytes(), &hash)
                    .is_ok())
            })
            .await?;
        Ok(matches && known)
    }

    async fn decoy(&self) -> Result<String, AccountError> {
        let make = || self.compute_hash(SecretString::from("no account has this hash"), *DECOY_SALT);
        self.decoy.get_or_try_init(make).await.cloned()
    }

    async fn compute_hash(&self, password: SecretString, salt: [u8; 16]) -> Result<String, AccountError> {
        let failed = |problem: String| AccountError::Hashing(problem);
        let parameters = Params::new(self.cost.memory_kibibytes, self.cost.iterations, 1, None)
            .map_err(|error| failed(error.to_string()))?;
        self.compute(move || {
            let hash: PasswordHash = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
                .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
                .map_err(|error| AccountError::Hashing(error.to_string()))?;
            Ok(hash.to_string())
        })
        .await
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AccountError> + Send + 'static,
    ) -> Result<T, AccountError> {
        let failed = |problem: String| AccountError::Hashing(problem);
        let _place = self.places.acquire().await.map_err(|error| failed(error.to_string()))?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| failed(error.to_string()))?
    }
}

fn check_length(password: &SecretString) -> Result<(), AccountError> {
    let text = password.expose_secret();
    if text.chars().count() < LEAST_PASSWORD_CHARACTERS || text.len() > MAXIMUM_PASSWORD_BYTES {
        return Err(AccountError::Password);
    }
    Ok(())
}
