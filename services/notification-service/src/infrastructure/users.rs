//! user-service, asked when its events are late.

use async_trait::async_trait;
use config::BoxError;
use config::id::UserId;
use config::registry::{CallError, ServiceClient};
use serde::Deserialize;

use crate::application::{Contact, UserDirectory};

/// user-service's internal API.
pub struct Users(ServiceClient);

impl Users {
    pub fn new(client: ServiceClient) -> Self {
        Self(client)
    }
}

#[derive(Deserialize)]
struct UserDto {
    email: String,
    full_name: Option<String>,
    role: String,
    is_active: bool,
    /// Older versions don't tell.
    #[serde(default = "verified")]
    email_verified: bool,
}

fn verified() -> bool {
    true
}

#[async_trait]
impl UserDirectory for Users {
    async fn find(&self, user: UserId) -> Result<Option<Contact>, BoxError> {
        match self.0.get(&format!("/internal/users/{user}")).send::<UserDto>().await {
            Ok(dto) => Ok(Some(Contact {
                user_id: user,
                email: dto.email,
                name: dto.full_name.unwrap_or_default(),
                is_admin: dto.role == "admin",
                is_active: dto.is_active,
                email_verified: dto.email_verified,
            })),
            Err(CallError::Rejected { status, .. }) if status.as_u16() == 404 => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
