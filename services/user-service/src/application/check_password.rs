//! Whether somebody who is signed in knows the password.

use std::sync::Arc;

use secrecy::SecretString;

use super::{AccountError, Attempt, LoginThrottle, Passwords};
use crate::domain::User;

/// Checks the passwords of those who are signed in.
#[derive(Clone)]
pub struct CheckPassword {
    passwords: Arc<dyn Passwords>,
    throttle: Arc<dyn LoginThrottle>,
}

impl CheckPassword {
    pub fn new(passwords: Arc<dyn Passwords>, throttle: Arc<dyn LoginThrottle>) -> Self {
        Self { passwords, throttle }
    }

    /// Who holds a stolen access token doesn't get to guess the password either: `address` is throttled as at login.
    pub async fn run(
        &self,
        user: &User,
        password: &SecretString,
        address: String,
    ) -> Result<(), AccountError> {
        let attempt = Attempt { account: user.id.to_string(), address };
        self.throttled(&attempt).await?;
        // The right password is as slow to check as a wrong one: who sends it again and again is stopped, too, and
        // of those that come at once none begins beyond the limit.
        if let Some(wait) = self.throttle.check_begins(&attempt.account).await {
            return Err(AccountError::TooManyChecks(wait));
        }
        let matches = self.passwords.matches(password, Some(&user.password_hash)).await?;
        self.throttled(&attempt).await?;
        if !matches {
            self.throttle.failed(&attempt).await;
            return Err(AccountError::WrongPassword);
        }
        Ok(())
    }

    async fn throttled(&self, attempt: &Attempt) -> Result<(), AccountError> {
        match self.throttle.wait(attempt).await {
            Some(wait) => Err(AccountError::TooManyFailures(wait)),
            None => Ok(()),
        }
    }
}
