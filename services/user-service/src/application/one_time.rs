//! Tokens that are good for one use.

use chrono::{DateTime, Utc};
use config::id::UserId;

use super::{AccountError, Store};
use crate::domain::{Purpose, SecretToken};

/// 256 bits from the operating system's generator.
pub(super) fn random() -> SecretToken {
    SecretToken::new(rand::random())
}

/// A new token for the purpose, instead of those that the user has.
pub(super) async fn issue(
    tx: &mut dyn Store,
    user: UserId,
    purpose: Purpose,
    now: DateTime<Utc>,
) -> Result<SecretToken, AccountError> {
    let token = random();
    tx.void_one_time_tokens(user, purpose, now).await?;
    tx.add_one_time_token(token.digest(), user, purpose, now).await?;
    Ok(token)
}
