//! `user-events`

use chrono::TimeDelta;
use config::id::UserId;
use config::kafka::Envelope;
use serde::Deserialize;

use super::BadEvent;
use crate::application::{Audience, Contact, Details, LinkDetails, News, Notice};
use crate::domain::{NotificationType, Wording};

/// How long a link for a new password works, as docs/EVENTS.md says.
const RESET_LIFETIME: TimeDelta = TimeDelta::minutes(30);

#[derive(Deserialize)]
struct UserEvent {
    user_id: u64,
    #[serde(default)]
    email: String,
    full_name: Option<String>,
    #[serde(default)]
    role: String,
    #[serde(default)]
    is_active: bool,
    /// Older versions don't tell.
    #[serde(default = "verified")]
    email_verified: bool,
    verification_token: Option<String>,
    reset_token: Option<String>,
}

fn verified() -> bool {
    true
}

/// The types that this service knows; all of them tell the user as it is now.
const KNOWN: [&str; 7] = [
    "user_registered",
    "user_updated",
    "user_deactivated",
    "user_deleted",
    "email_verification_requested",
    "password_reset_requested",
    "password_changed",
];

pub fn news(message: &Envelope) -> Result<News, BadEvent> {
    if !KNOWN.contains(&message.kind.as_str()) {
        return Ok(News::default());
    }
    let user: UserEvent = message.data()?;
    let id = UserId::new(user.user_id);
    if message.kind == "user_deleted" {
        return Ok(News { deleted: Some(id), ..News::default() });
    }
    let notices = match message.kind.as_str() {
        "user_registered" => std::iter::once(welcome()).chain(verification(&user)).collect(),
        "email_verification_requested" => verification(&user).into_iter().collect(),
        "password_reset_requested" => reset(&user, message).into_iter().collect(),
        "password_changed" => vec![password_changed()],
        _ => Vec::new(),
    };
    let contact = Contact {
        user_id: id,
        email: user.email,
        name: user.full_name.unwrap_or_default(),
        is_admin: user.role == "admin",
        is_active: user.is_active,
        email_verified: user.email_verified,
    };
    // A stranger may have had the account, and have had its notifications posted elsewhere.
    let is_cut_off = matches!(message.kind.as_str(), "password_changed" | "user_deactivated");
    let notices = notices.into_iter().map(|notice| (Audience::User(id), notice)).collect();
    let disconnected = is_cut_off.then_some(id);
    Ok(News { contact: Some(contact), disconnected, notices, ..News::default() })
}

fn welcome() -> Notice {
    Notice::new(NotificationType::Welcome, Wording::welcome(), Details::Message)
}

fn password_changed() -> Notice {
    Notice::new(NotificationType::PasswordChanged, Wording::password_changed(), Details::Message)
}

fn verification(user: &UserEvent) -> Option<Notice> {
    let link = LinkDetails {
        action: "Confirm the address".to_owned(),
        path: "/verify-email".to_owned(),
        token: user.verification_token.clone()?,
        expires_at: None,
    };
    Some(Notice::new(NotificationType::EmailVerification, Wording::email_verification(), Details::Link(link)))
}

fn reset(user: &UserEvent, message: &Envelope) -> Option<Notice> {
    let link = LinkDetails {
        action: "Set a new password".to_owned(),
        path: "/reset-password".to_owned(),
        token: user.reset_token.clone()?,
        expires_at: Some(message.time + RESET_LIFETIME),
    };
    Some(Notice::new(NotificationType::PasswordReset, Wording::password_reset(), Details::Link(link)))
}
