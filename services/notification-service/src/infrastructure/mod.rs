//! The ports' adapters.

mod http;
mod mail;
mod mysql;
mod users;

pub use http::HttpPoster;
pub use mail::{MailSettings, Post, Templates, Transport};
pub use mysql::FORGOTTEN;
pub use users::Users;
