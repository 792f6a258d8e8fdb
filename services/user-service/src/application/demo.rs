//! Accounts to try the shop with.

use std::sync::Arc;

use config::BoxError;
use config::jwt_auth::Role;

use super::{AccountError, Register, Registration, UserReader};
use crate::domain::{Login, Password, Profile};

const ACCOUNTS: [(&str, &str, &str, Role); 3] = [
    ("admin", "Admin123!", "Demo Administrator", Role::Admin),
    ("user1", "password123", "Demo User", Role::Admin),
    ("shopper", "password123", "Demo Shopper", Role::Client),
];

/// Makes the demonstration accounts that don't exist yet.
pub struct LoadDemoAccounts {
    users: Arc<dyn UserReader>,
    register: Register,
}

impl LoadDemoAccounts {
    pub fn new(users: Arc<dyn UserReader>, register: Register) -> Self {
        Self { users, register }
    }

    pub async fn run(&self) -> Result<(), BoxError> {
        for (username, password, full_name, role) in ACCOUNTS {
            // Spares the hash at every start but the first.
            if self.users.user_by_login(&Login::new(username)).await?.is_some() {
                continue;
            }
            let registration = Registration {
                email: format!("{username}@shop.example").parse()?,
                username: username.parse()?,
                password: Password::new(password.to_owned())?,
                profile: Profile { full_name: Some(full_name.parse()?), ..Profile::default() },
            };
            match self.register.with_role(registration, role, true).await {
                // Another instance was faster.
                Ok(_) | Err(AccountError::EmailTaken | AccountError::UsernameTaken) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
