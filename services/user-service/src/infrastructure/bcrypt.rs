//! bcrypt, on threads of its own and only as many at once as there are cores.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use crate::application::{Passwords, PasswordsError};
use crate::domain::{MAX_PASSWORD_BYTES, Password, PasswordHash};

/// Whoever waits longer is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);

/// Hashes with bcrypt.
pub struct BcryptPasswords {
    cost: u32,
    permits: Arc<Semaphore>,
    /// What the password of nobody is compared with.
    nobody: PasswordHash,
}

impl BcryptPasswords {
    pub async fn new(cost: u32) -> Result<Self, PasswordsError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let nobody = PasswordHash::new(String::new());
        let mut passwords = Self { cost, permits: Arc::new(Semaphore::new(cores)), nobody };
        let random = hex::encode(rand::random::<[u8; 16]>());
        passwords.nobody = PasswordHash::new(passwords.work(move || bcrypt::hash(random, cost)).await?);
        Ok(passwords)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, bcrypt::BcryptError> + Send + 'static,
    ) -> Result<T, PasswordsError> {
        let permit = tokio::time::timeout(PATIENCE, self.permits.clone().acquire_owned());
        let permit = permit.await.map_err(|_| PasswordsError::Busy)?;
        let permit = permit.map_err(|error| PasswordsError::Broken(error.into()))?;
        let worked = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        worked
            .await
            .map_err(|error| PasswordsError::Broken(error.into()))?
            .map_err(|e| PasswordsError::Broken(e.into()))
    }
}

#[async_trait]
impl Passwords for BcryptPasswords {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, PasswordsError> {
        let (password, cost) = (password.secret().clone(), self.cost);
        let hash = self.work(move || bcrypt::hash(password.expose_secret(), cost)).await?;
        Ok(PasswordHash::new(hash))
    }

    async fn matches(
        &self,
        password: &SecretString,
        hash: Option<&PasswordHash>,
    ) -> Result<bool, PasswordsError> {
        // bcrypt would leave out the rest, and no account has such a password.
        let possible = hash.is_some() && password.expose_secret().len() <= MAX_PASSWORD_BYTES;
        let (password, hash) = (password.clone(), hash.unwrap_or(&self.nobody).clone());
        let matches = self.work(move || bcrypt::verify(password.expose_secret(), hash.expose())).await?;
        Ok(matches && possible)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_matches() {
        let passwords = BcryptPasswords::new(4).await.unwrap();
        let (long, longer) = ("x".repeat(72), "x".repeat(73));
        for right in ["password123", &long] {
            let hash = passwords.hash(&Password::new(right.to_owned()).unwrap()).await.unwrap();
            for text in ["password123", "password124", "", &long, &longer] {
                let guess = text.to_owned().into();
                assert_eq!(passwords.matches(&guess, Some(&hash)).await.unwrap(), text == right, "{text}");
                assert!(!passwords.matches(&guess, None).await.unwrap());
            }
        }
    }
}
