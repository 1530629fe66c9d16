//! Accounts of people.

use accord_domain::{Environment, Role, User, UserId};
use accord_store::Store;
use secrecy::SecretString;

use crate::accounts::{AccountError, Passwords};

/// The most characters of an account's name.
const MAXIMUM_NAME_CHARACTERS: usize = 100;

/// Makes an account that can log in.
///
/// # Errors
/// The name is empty, too long or taken, or the password is too short or too long.
pub async fn create_user(
    store: &dyn Store,
    environment: &dyn Environment,
    passwords: &Passwords,
    name: &str,
    password: &SecretString,
    role: Role,
) -> Result<User, AccountError> {
    let user = User {
        id: UserId::generate(environment),
        name: checked_name(name)?,
        role,
        active: true,
        created_at: environment.now(),
    };
    let hash = passwords.hash(environment, password).await?;
    let mut transaction = store.write().await?;
    transaction.insert_user(&user, &hash).await?;
    transaction.commit().await?;
    Ok(user)
}

/// Gives an account a new password and ends its sessions.
///
/// # Errors
/// There is no account of this name, or the password is too short or too long.
pub async fn set_password(
    store: &dyn Store,
    environment: &dyn Environment,
    passwords: &Passwords,
    name: &str,
    password: &SecretString,
) -> Result<User, AccountError> {
    let hash = passwords.hash(environment, password).await?;
    let mut transaction = store.write().await?;
    let (user, _) = transaction
        .user_by_name(name)
        .await?
        .ok_or_else(|| AccountError::UnknownUser(name.chars().take(MAXIMUM_NAME_CHARACTERS).collect()))?;
    transaction.set_password(user.id, &hash).await?;
    transaction.commit().await?;
    Ok(user)
}

/// The active account with this name and password; none when either is wrong, after the same time.
///
/// # Errors
/// The store or the hashing failed.
pub async fn verify_password(
    store: &dyn Store,
    passwords: &Passwords,
    name: &str,
    password: &SecretString,
) -> Result<Option<User>, AccountError> {
    let found = store.read().await?.user_by_name(name.trim()).await?;
    let (user, hash) = found.unzip();
    let matches = passwords.verify(password, hash).await?;
    Ok(user.filter(|user| matches && user.active))
}

fn checked_name(name: &str) -> Result<String, AccountError> {
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 || length > MAXIMUM_NAME_CHARACTERS || name.chars().any(char::is_control) {
        return Err(AccountError::Name);
    }
    Ok(name.to_owned())
}
