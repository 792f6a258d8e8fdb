//! Redis.

use std::time::Duration;

use redis::IntoConnectionInfo as _;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use secrecy::{ExposeSecret, SecretString};

use super::until_up;
use crate::settings::{Env, Invalid, Settings};

/// Where Redis is.
#[derive(Debug)]
pub struct RedisSettings {
    url: SecretString,
}

impl Settings for RedisSettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let url = env.var("REDIS_URL", "as redis://:password@host:port/").required();
        Ok(Self { url: url? })
    }
}

impl RedisSettings {
    /// For a connection that can't be shared: one that is subscribed or blocks.
    pub fn client(&self) -> Result<redis::Client, crate::BoxError> {
        let wrong = |_| "REDIS_URL must be of the form redis://:password@host:port/";
        let address = self.url.expose_secret().into_connection_info().map_err(wrong)?;
        // Tasks share a connection: one's command isn't to wait until another's is acknowledged.
        let tcp = TcpSettings::default().set_nodelay(true);
        redis::Client::open(address.set_tcp_settings(tcp)).map_err(|error| wrong(error).into())
    }
}

/// Waits until the server is there; the connection then reconnects by itself.
pub async fn connect(settings: &RedisSettings) -> Result<ConnectionManager, crate::BoxError> {
    let client = settings.client()?;
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(Duration::from_secs(1)))
        .set_response_timeout(Some(Duration::from_secs(1)))
        .set_number_of_retries(1);
    let what = format!("Redis at {}", client.get_connection_info().addr());
    Ok(until_up(&what, || ConnectionManager::new_with_config(client.clone(), config.clone())).await)
}
