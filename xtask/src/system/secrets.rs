//! Passwords and tokens of one system, generated: none is ever written into the repository.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result};
use rand::distr::{Alphanumeric, SampleString};
use serde::{Deserialize, Serialize};

use super::write_private;

/// Servers are started from several threads.
static CREATING: Mutex<()> = Mutex::new(());

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Secrets {
    /// The credential with which services speak to each other.
    pub internal_token: String,
    /// What the simulated payment provider signs its notices with. A system that is older gets its own at the next start.
    #[serde(default)]
    pub simulator_webhook_secret: String,
    /// By user name. A service that is new gets its own at the next start.
    database_passwords: BTreeMap<String, String>,
}

impl Secrets {
    pub fn load_or_create(file: &Path) -> Result<Self> {
        let _guard = CREATING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut secrets = match std::fs::read(file) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", file.display()))?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self {
                internal_token: generate(),
                simulator_webhook_secret: String::new(),
                database_passwords: BTreeMap::new(),
            },
            Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
        };
        let missing: Vec<String> = crate::services::schemas()
            .chain([crate::servers::TEST_USER.to_owned()])
            .filter(|user| !secrets.database_passwords.contains_key(user))
            .collect();
        let is_older = secrets.simulator_webhook_secret.is_empty();
        if !missing.is_empty() || is_older {
            if is_older {
                secrets.simulator_webhook_secret = generate();
            }
            secrets.database_passwords.extend(missing.into_iter().map(|user| (user, generate())));
            write_private(file, &serde_json::to_vec_pretty(&secrets)?)?;
        }
        Ok(secrets)
    }

    /// Every database user with its password.
    pub fn database_users(&self) -> impl Iterator<Item = (&str, &str)> {
        self.database_passwords.iter().map(|(user, password)| (user.as_str(), password.as_str()))
    }

    pub fn database_password(&self, user: &str) -> Result<&str> {
        self.database_passwords
            .get(user)
            .map(String::as_str)
            .with_context(|| format!("no database user {user}"))
    }
}

/// Letters and digits only, so that it needs no quoting anywhere; 40 of them are 238 bits.
fn generate() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), 40)
}
