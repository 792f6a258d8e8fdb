//! What the service does.

mod address_book;
mod administer;
mod change_profile;
mod check_password;
mod delete_account;
mod error;
mod events;
mod log_in;
mod one_time;
mod passwords;
mod ports;
mod prepare_accounts;
mod refresh;
mod register;
mod revocations;
mod session;
mod sign_out;
mod verify_email;

pub use address_book::AddressBook;
pub use administer::Administer;
pub use change_profile::{ChangeProfile, ChangedBy, ProfileChange};
pub use check_password::CheckPassword;
pub use delete_account::DeleteAccount;
pub use error::AccountError;
pub use events::{
    EmailVerificationRequested, PasswordChanged, PasswordResetRequested, UserDeactivated, UserDeleted,
    UserRegistered, UserUpdated,
};
pub use log_in::{Credentials, LogIn};
pub use passwords::{ChangePassword, ForgotPassword, ResetPassword};
pub use ports::{
    AddressRepository, Attempt, LoginThrottle, OneTimeTokenRepository, Passwords, PasswordsError,
    RevocationList, SessionRepository, Store, UserFilter, UserReader, UserRepository,
};
pub use prepare_accounts::PrepareAccounts;
pub use refresh::Refresh;
pub use register::{Register, Registration};
pub use revocations::AnnounceRevocations;
pub use session::{SignIn, TokenIssuer};
pub use sign_out::SignOut;
pub use verify_email::VerifyEmail;
