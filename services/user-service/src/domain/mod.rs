//! Users, their logins, their addresses: the rules, and nothing of how they are kept.

mod address;
mod email;
mod login;
mod password;
mod phone;
mod session;
mod token;
mod user;
mod username;

pub use address::{Address, AddressEntry, AddressId, MAX_ADDRESSES, region_in};
pub use email::{Email, NotAnEmail};
pub use login::Login;
pub use password::{MAX_BYTES as MAX_PASSWORD_BYTES, Password, PasswordHash, WeakPassword};
pub use phone::{NotAPhone, Phone};
pub use session::{REFRESH_TOKEN_LIFETIME, RefreshGrant, Refusal, SessionId};
pub use token::{NotAToken, Purpose, SecretToken, TokenDigest, pause_left};
pub use user::{FullName, NewUser, PostalAddress, Profile, User};
pub use username::{NotAUsername, Username};
