//! Accounts that are there before anybody registers.

use std::sync::Arc;

use config::BoxError;
use config::jwt_auth::Role;

use super::{AccountError, Register, Registration, UserReader};
use crate::domain::{Login, Password, Profile};

const DEMO: [(&str, &str, &str, Role); 3] = [
    ("admin", "Admin123!", "Demo Administrator", Role::Admin),
    ("user1", "password123", "Demo User", Role::Admin),
    ("shopper", "password123", "Demo Shopper", Role::Client),
];

/// Makes accounts at the start that don't exist yet.
pub struct PrepareAccounts {
    users: Arc<dyn UserReader>,
    register: Register,
}

impl PrepareAccounts {
    pub fn new(users: Arc<dyn UserReader>, register: Register) -> Self {
        Self { users, register }
    }

    /// The administrator who makes the others.
    pub async fn first_admin(&self, registration: Registration) -> Result<(), BoxError> {
        self.prepare(registration, Role::Admin).await
    }

    /// Accounts to try the shop with.
    pub async fn demo(&self) -> Result<(), BoxError> {
        for (username, password, full_name, role) in DEMO {
            let registration = Registration {
                email: format!("{username}@shop.example").parse()?,
                username: username.parse()?,
                password: Password::new(password.to_owned())?,
                profile: Profile { full_name: Some(full_name.parse()?), ..Profile::default() },
            };
            self.prepare(registration, role).await?;
        }
        Ok(())
    }

    async fn prepare(&self, registration: Registration, role: Role) -> Result<(), BoxError> {
        // Spares the hash at every start but the first.
        if self.users.user_by_login(&Login::new(registration.username.as_str())).await?.is_some() {
            return Ok(());
        }
        match self.register.with_role(registration, role, true).await {
            // Another instance was faster.
            Ok(_) | Err(AccountError::EmailTaken | AccountError::UsernameTaken) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
