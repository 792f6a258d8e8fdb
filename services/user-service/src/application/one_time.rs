//! Tokens that are good for one use.

use chrono::{DateTime, Utc};
use config::id::UserId;

use super::{AccountError, Store};
use crate::domain::{Purpose, SecretToken};

/// 256 bits from the operating system's generator.
pub(super) fn random() -> SecretToken {
    SecretToken::new(rand::random())
}

/// A new token for the purpose. Those that the user has go on holding: else whoever asks for somebody again and
/// again would void each token before it is read.
pub(super) async fn issue(
    tx: &mut dyn Store,
    user: UserId,
    purpose: Purpose,
    now: DateTime<Utc>,
) -> Result<SecretToken, AccountError> {
    let token = random();
    tx.add_one_time_token(token.digest(), user, purpose, now).await?;
    Ok(token)
}
