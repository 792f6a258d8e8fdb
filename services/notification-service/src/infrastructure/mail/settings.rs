//! Where e-mail goes, and from whom it comes.

use std::path::PathBuf;

use config::settings::{Env, Invalid, Settings, Value};
use lettre::message::Mailbox;
use secrecy::SecretString;
use url::Url;

/// The mail settings.
pub struct MailSettings {
    /// `None`: messages are written to `directory`.
    pub smtp: Option<Smtp>,
    pub directory: PathBuf,
    pub from: Sender,
    /// Where links in e-mails lead.
    pub public_url: Url,
    pub shop_name: String,
}

/// A mail server.
pub struct Smtp {
    pub host: String,
    /// The mode's usual one, when not set.
    pub port: Option<u16>,
    pub encryption: Encryption,
    pub username: Option<String>,
    pub password: Option<SecretString>,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    None,
    StartTls,
    Tls,
}

/// `Name <address>`
pub struct Sender(pub Mailbox);

impl Value for Encryption {
    fn parse(raw: &str) -> Result<Self, String> {
        match raw {
            "none" => Ok(Self::None),
            "starttls" => Ok(Self::StartTls),
            "tls" => Ok(Self::Tls),
            _ => Err("must be none, starttls or tls".to_owned()),
        }
    }
}

impl Value for Sender {
    fn parse(raw: &str) -> Result<Self, String> {
        raw.parse().map(Self).map_err(|_| "must be an address, as Shop <shop@example.com>".to_owned())
    }
}

impl Settings for MailSettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let host = env.var("SMTP_HOST", "mail server; without it e-mails are files in MAIL_DIR").optional();
        let port =
            env.var("SMTP_PORT", "the mail server's port; the mode's usual one, if not set").optional();
        let username = env.var("SMTP_USERNAME", "account at the mail server").optional();
        let password = env.var("SMTP_PASSWORD", "its password").optional();
        let encryption = env.var("SMTP_TLS", "none, starttls or tls").default("starttls");
        let directory =
            env.var("MAIL_DIR", "folder for .eml files, where there is no mail server").default("./mail");
        let from = env.var("MAIL_FROM", "sender of e-mails").default("Shop <shop@localhost>");
        let public_url =
            env.var("PUBLIC_URL", "the shop's address, for links in e-mails").default("http://localhost");
        let shop_name = env.var("SHOP_NAME", "the shop's name in e-mails").default("Shop");
        let (host, port, username, password, encryption) = (host?, port?, username?, password?, encryption?);
        Ok(Self {
            smtp: host.map(|host| Smtp { host, port, encryption, username, password }),
            directory: directory?,
            from: from?,
            public_url: public_url?,
            shop_name: shop_name?,
        })
    }
}
