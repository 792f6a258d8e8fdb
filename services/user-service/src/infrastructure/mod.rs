//! The ports' adapters: MySQL, Redis, bcrypt, the signing keys' folder.

mod addresses;
mod bcrypt;
mod keys;
mod one_time_tokens;
mod read;
mod retention;
mod revocation_list;
mod rows;
mod sessions;
mod throttle;
mod users;

use async_trait::async_trait;
use config::database::{Begin, Db, StoreError};

pub use bcrypt::BcryptPasswords;
pub use keys::SigningKeys;
pub use retention::FORGOTTEN;
pub use revocation_list::RedisRevocationList;
pub use throttle::{Limits, RedisThrottle};

use crate::application::Store;

#[async_trait]
impl Begin<dyn Store> for Db {
    async fn begin(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(Box::new(self.transaction().await?))
    }
}
