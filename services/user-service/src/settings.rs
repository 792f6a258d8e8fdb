//! The service's own settings.

use std::path::PathBuf;
use std::time::Duration;

use config::BoxError;
use config::service::Environment;
use config::settings::{Env, Invalid, Settings, Value};

use crate::infrastructure::{Limits, SigningKeys};

/// Less would be too quick to guess.
const LEAST_COST: u32 = 10;

/// How users are kept safe.
#[derive(Debug)]
pub struct UserSettings {
    keys: PathBuf,
    bcrypt_cost: Cost,
    failures_per_account: u32,
    failures_per_address: u32,
    window: Duration,
}

/// bcrypt's cost: each one more doubles the work.
#[derive(Debug, Clone, Copy)]
struct Cost(u32);

impl Value for Cost {
    fn parse(raw: &str) -> Result<Self, String> {
        let cost = raw.parse().ok().filter(|cost| (4..=16).contains(cost));
        cost.map(Self).ok_or_else(|| "must be from 4 to 16".to_owned())
    }
}

impl Settings for UserSettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let keys = env.var("JWT_KEYS_DIR", "folder of the keys that sign access tokens, *.pem").default("jwt-keys");
        let cost = env.var("BCRYPT_COST", "bcrypt's cost, 10 or more in production").default("10");
        let account = env.var("LOGIN_FAILURES_PER_ACCOUNT", "failed logins to an account in a window").default("10");
        let address = env.var("LOGIN_FAILURES_PER_ADDRESS", "failed logins from an address in a window").default("100");
        let window = env.var("LOGIN_WINDOW_SECONDS", "how long failed logins are counted").default("900");
        Ok(Self {
            keys: keys?,
            bcrypt_cost: cost?,
            failures_per_account: account?,
            failures_per_address: address?,
            window: window?,
        })
    }
}

impl UserSettings {
    pub(crate) fn bcrypt_cost(&self, environment: Environment) -> Result<u32, BoxError> {
        match self.bcrypt_cost {
            Cost(cost) if cost < LEAST_COST && environment == Environment::Production => {
                Err(format!("BCRYPT_COST must be {LEAST_COST} or more in production, but is {cost}").into())
            }
            Cost(cost) => Ok(cost),
        }
    }

    pub(crate) fn signing_keys(&self, environment: Environment) -> Result<SigningKeys, BoxError> {
        SigningKeys::load(&self.keys, environment == Environment::Development)
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits {
            per_account: self.failures_per_account,
            per_address: self.failures_per_address,
            window: self.window.max(Duration::from_secs(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(cost: &str) -> Result<UserSettings, Invalid> {
        UserSettings::read(&mut Env::from_iter([("BCRYPT_COST".to_owned(), cost.to_owned())]))
    }

    #[test]
    fn production_hashes_slowly() {
        let cheap = settings("4").unwrap();
        assert!(cheap.bcrypt_cost(Environment::Production).is_err());
        assert_eq!(cheap.bcrypt_cost(Environment::Development).unwrap(), 4);
        assert_eq!(settings("10").unwrap().bcrypt_cost(Environment::Production).unwrap(), 10);
        assert!(settings("40").is_err());
    }
}
