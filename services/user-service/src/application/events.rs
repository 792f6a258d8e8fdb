//! What the service tells the others; docs/EVENTS.md.

use config::id::UserId;
use config::jwt_auth::Role;
use config::kafka::Event;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::User;

/// What every event of a user says.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UserMembers {
    pub user_id: u64,
    pub email: String,
    pub username: String,
    pub full_name: Option<String>,
    pub role: Role,
    pub is_active: bool,
    /// Whether somebody has proved to read what is sent to `email`.
    pub email_verified: bool,
}

impl From<&User> for UserMembers {
    fn from(user: &User) -> Self {
        Self {
            user_id: user.id.get(),
            email: user.email.as_str().to_owned(),
            username: user.username.as_str().to_owned(),
            full_name: user.profile.full_name.as_ref().map(ToString::to_string),
            role: user.role,
            is_active: user.is_active,
            email_verified: user.email_verified,
        }
    }
}

macro_rules! user_events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal { $($(#[$member_doc:meta])* $member:ident),* })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize, JsonSchema)]
        pub struct $name {
            #[serde(flatten)]
            pub user: UserMembers,
            $($(#[$member_doc])* pub $member: String,)*
        }

        impl $name {
            pub fn new(user: &User $(, $member: String)*) -> Self {
                Self { user: user.into() $(, $member)* }
            }
        }

        impl Event for $name {
            const TOPIC: &'static str = "user-events";
            const TYPE: &'static str = $kind;

            fn key(&self) -> String {
                UserId::new(self.user.user_id).to_string()
            }
        }
    )+};
}

user_events! {
    UserRegistered = "user_registered" { verification_token }
    UserUpdated = "user_updated" {}
    UserDeactivated = "user_deactivated" {}
    /// Says who the user was, for the last time.
    UserDeleted = "user_deleted" {}
    EmailVerificationRequested = "email_verification_requested" { verification_token }
    PasswordResetRequested = "password_reset_requested" {
        /// Holds for 30 minutes.
        reset_token
    }
    PasswordChanged = "password_changed" {}
}
