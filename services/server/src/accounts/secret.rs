//! Random secrets and the hashes by which they are known.

use accord_domain::Environment;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// A secret of 256 random bits behind a prefix that secret scanners can look for.
pub(super) fn generate(environment: &dyn Environment, prefix: &str) -> SecretString {
    let (first, second) = (environment.random_bytes(), environment.random_bytes());
    SecretString::from(format!("{prefix}{}{}", hex::encode(first), hex::encode(second)))
}

/// The hash by which a secret is known. It needs no salt and no stretching: the secret is random and long.
pub(super) fn hash(secret: &SecretString) -> String {
    hex::encode(Sha256::digest(secret.expose_secret().as_bytes()))
}
