//! Rows, and what they stand for.

use chrono::{DateTime, Utc};
use config::database::{StoreError, stored};
use config::id::UserId;
use config::place::Country;
use config::text::Line;
use sqlx::FromRow;
use uuid::Uuid;

use crate::domain::{
    Address, AddressEntry, AddressId, Email, FullName, PasswordHash, Phone, PostalAddress, Profile,
    RefreshGrant, SessionId, User, Username,
};

/// A user who hasn't left.
#[derive(FromRow)]
pub(super) struct UserRow {
    id: u64,
    email: String,
    username: String,
    password_hash: String,
    full_name: Option<String>,
    phone: Option<String>,
    address: Option<String>,
    role: String,
    is_active: bool,
    email_verified: bool,
    tokens_void_until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// The columns of [`UserRow`], of those who haven't left.
macro_rules! select_users {
    ($rest:literal) => {
        concat!(
            "SELECT id, email, username, password_hash, full_name, phone, address, role, is_active, \
             email_verified, tokens_void_until, created_at, updated_at FROM users WHERE deleted_at IS NULL ",
            $rest
        )
    };
}
pub(super) use select_users;

impl UserRow {
    pub fn user(self) -> Result<User, StoreError> {
        Ok(User {
            id: UserId::new(self.id),
            email: Email::stored(self.email),
            username: Username::stored(self.username),
            password_hash: PasswordHash::new(self.password_hash),
            profile: Profile {
                full_name: self.full_name.map(FullName::stored),
                phone: self.phone.map(Phone::stored),
                address: self.address.map(PostalAddress::stored),
            },
            role: stored(&self.role)?,
            is_active: self.is_active,
            email_verified: self.email_verified,
            tokens_void_until: self.tokens_void_until,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// A refresh token beside its session.
#[derive(FromRow)]
pub(super) struct GrantRow {
    session_id: Uuid,
    user_id: u64,
    expires_at: DateTime<Utc>,
    used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl From<GrantRow> for RefreshGrant {
    fn from(row: GrantRow) -> Self {
        Self {
            session: SessionId::new(row.session_id),
            user_id: UserId::new(row.user_id),
            expires_at: row.expires_at,
            used_at: row.used_at,
            revoked_at: row.revoked_at,
        }
    }
}

#[derive(FromRow)]
pub(super) struct AddressRow {
    id: u64,
    label: Option<String>,
    recipient: String,
    line1: String,
    line2: Option<String>,
    city: String,
    state: Option<String>,
    postal_code: Option<String>,
    country: String,
    phone: Option<String>,
    is_default: bool,
}

/// The columns of [`AddressRow`].
macro_rules! select_addresses {
    ($rest:literal) => {
        concat!(
            "SELECT id, label, recipient, line1, line2, city, state, postal_code, country, phone, is_default \
             FROM addresses ",
            $rest
        )
    };
}
pub(super) use select_addresses;

/// What is written in an address book.
pub(super) fn addresses(rows: Vec<AddressRow>) -> Result<Vec<Address>, StoreError> {
    rows.into_iter().map(AddressRow::address).collect()
}

impl AddressRow {
    fn address(self) -> Result<Address, StoreError> {
        let entry = AddressEntry {
            label: self.label.map(Line::stored),
            recipient: Line::stored(self.recipient),
            line1: Line::stored(self.line1),
            line2: self.line2.map(Line::stored),
            city: Line::stored(self.city),
            state: self.state.map(Line::stored),
            postal_code: self.postal_code.map(Line::stored),
            country: Country::stored(&self.country).map_err(StoreError::corrupt)?,
            phone: self.phone.map(Phone::stored),
        };
        Ok(Address { id: AddressId::new(self.id), entry, is_default: self.is_default })
    }
}
