//! The service's own settings.

use std::path::PathBuf;
use std::time::Duration;

use config::BoxError;
use config::service::Environment;
use config::settings::{Env, Invalid, Settings, Value};

use crate::application::Registration;
use crate::domain::{Email, Password, Profile, Username};
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
    first_admin: Option<Registration>,
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

impl Value for Email {
    fn parse(raw: &str) -> Result<Self, String> {
        raw.parse().map_err(|error: crate::domain::NotAnEmail| error.to_string())
    }
}

impl Value for Username {
    fn parse(raw: &str) -> Result<Self, String> {
        raw.parse().map_err(|error: crate::domain::NotAUsername| error.to_string())
    }
}

impl Value for Password {
    const SECRET: bool = true;

    fn parse(raw: &str) -> Result<Self, String> {
        Self::new(raw.to_owned()).map_err(|error| error.to_string())
    }
}

impl Settings for UserSettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let keys =
            env.var("JWT_KEYS_DIR", "folder of the keys that sign access tokens, *.pem").default("jwt-keys");
        let cost = env.var("BCRYPT_COST", "bcrypt's cost, 10 or more in production").default("10");
        let account =
            env.var("LOGIN_FAILURES_PER_ACCOUNT", "failed logins to an account in a window").default("10");
        let address =
            env.var("LOGIN_FAILURES_PER_ADDRESS", "failed logins from an address in a window").default("100");
        let window = env.var("LOGIN_WINDOW_SECONDS", "how long failed logins are counted").default("900");
        let username =
            env.var("FIRST_ADMIN_USERNAME", "of an administrator who is made at the start").default("admin");
        let email = env.var("FIRST_ADMIN_EMAIL", "the administrator's; nobody is made without").optional();
        let password = env.var("FIRST_ADMIN_PASSWORD", "the administrator's, to be changed soon").optional();
        let (username, profile) = (username?, Profile::default());
        let first_admin = match (email?, password?) {
            (Some(email), Some(password)) => Some(Registration { email, username, password, profile }),
            (None, None) => None,
            _ => {
                let both = "FIRST_ADMIN_EMAIL and FIRST_ADMIN_PASSWORD must be set both or neither";
                return Err(env.refuse(both));
            }
        };
        Ok(Self {
            keys: keys?,
            bcrypt_cost: cost?,
            failures_per_account: account?,
            failures_per_address: address?,
            window: window?,
            first_admin,
        })
    }

    fn fit(&self, environment: Environment) -> Result<(), String> {
        match self.bcrypt_cost {
            Cost(cost) if cost < LEAST_COST && environment == Environment::Production => {
                Err(format!("BCRYPT_COST must be {LEAST_COST} or more in production, but is {cost}"))
            }
            Cost(_) => Ok(()),
        }
    }
}

impl UserSettings {
    pub(crate) fn bcrypt_cost(&self) -> u32 {
        self.bcrypt_cost.0
    }

    pub(crate) fn signing_keys(&self, environment: Environment) -> Result<SigningKeys, BoxError> {
        SigningKeys::load(&self.keys, environment == Environment::Development)
    }

    pub(crate) fn first_admin(&self) -> Option<&Registration> {
        self.first_admin.as_ref()
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
    fn a_first_administrator_needs_an_address_and_a_password() {
        let read = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            UserSettings::read(&mut Env::from_iter(pairs))
        };
        let (email, password) =
            (("FIRST_ADMIN_EMAIL", "a@example.com"), ("FIRST_ADMIN_PASSWORD", "correct horse"));
        assert!(read(&[]).unwrap().first_admin().is_none());
        assert!(read(&[email]).is_err());
        let both = read(&[email, password]).unwrap();
        assert_eq!(both.first_admin().unwrap().username.as_str(), "admin");
        assert!(read(&[email, ("FIRST_ADMIN_PASSWORD", "12345678")]).is_err());
    }

    #[test]
    fn production_hashes_slowly() {
        let cheap = settings("4").unwrap();
        assert!(cheap.fit(Environment::Production).is_err());
        assert!(cheap.fit(Environment::Development).is_ok());
        assert!(settings("10").unwrap().fit(Environment::Production).is_ok());
        assert!(settings("40").is_err());
    }
}
