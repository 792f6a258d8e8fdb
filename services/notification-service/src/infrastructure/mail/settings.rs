//! Where e-mail goes, and from whom it comes.

use std::path::PathBuf;

use config::service::Environment;
use config::settings::{Env, Invalid, Settings, Value};
use lettre::message::Mailbox;
use secrecy::SecretString;
use url::Url;

/// Where a setting means this machine alone.
const LOCALHOST: &str = "localhost";

/// The mail settings.
pub struct MailSettings {
    /// `None`: messages are written to `directory`.
    pub smtp: Option<Smtp>,
    pub directory: PathBuf,
    /// Whether somebody has chosen it.
    directory_chosen: bool,
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

config::names! {
    /// How the connection to the mail server is protected.
    Encryption {
        None = "none",
        StartTls = "starttls",
        Tls = "tls",
    }
}

/// `Name <address>`
pub struct Sender(pub Mailbox);

impl Value for Encryption {
    fn parse(raw: &str) -> Result<Self, String> {
        raw.parse::<Self>().map_err(|error| error.to_string())
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
        let directory: Result<Option<PathBuf>, _> = env
            .var("MAIL_DIR", "folder for .eml files, where there is no mail server; ./mail in development")
            .optional();
        let from = env.var("MAIL_FROM", "sender of e-mails").default("Shop <shop@localhost>");
        let public_url =
            env.var("PUBLIC_URL", "the shop's address, for links in e-mails").default("http://localhost");
        let shop_name = env.var("SHOP_NAME", "the shop's name in e-mails").default("Shop");
        let (host, port, username, password, encryption) = (host?, port?, username?, password?, encryption?);
        let directory = directory?;
        Ok(Self {
            smtp: host.map(|host| Smtp { host, port, encryption, username, password }),
            directory_chosen: directory.is_some(),
            directory: directory.unwrap_or_else(|| "./mail".into()),
            from: from?,
            public_url: public_url?,
            shop_name: shop_name?,
        })
    }

    /// Nobody finds out from customers that their e-mails are files, come from nowhere, or lead to nowhere.
    fn fit(&self, environment: Environment) -> Result<(), String> {
        if environment == Environment::Development {
            return Ok(());
        }
        let wrong = match (&self.smtp, self.directory_chosen) {
            (None, true) => return Ok(()),
            (None, false) => {
                "SMTP_HOST is not set, and in production nobody reads files; where e-mails are meant to be files, \
                 set MAIL_DIR"
            }
            (Some(_), _) if self.from.0.email.domain() == LOCALHOST => {
                "MAIL_FROM is not set, or an address here, which other mail servers refuse"
            }
            (Some(_), _) if self.public_url.host_str() == Some(LOCALHOST) => {
                "PUBLIC_URL is not set, or is here: the links in e-mails would lead their readers to themselves"
            }
            (Some(_), _) => return Ok(()),
        };
        Err(wrong.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> (Option<MailSettings>, Env) {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut env: Env = pairs.collect();
        (MailSettings::read(&mut env).ok(), env)
    }

    #[test]
    fn production_writes_files_only_where_somebody_says_so() {
        let fit = |pairs: &[(&str, &str)], environment| read(pairs).0.unwrap().fit(environment);
        assert_eq!(read(&[]).0.unwrap().directory, PathBuf::from("./mail"));
        assert_eq!(fit(&[], Environment::Development), Ok(()));
        let nothing_chosen: [&[(&str, &str)]; 3] =
            [&[], &[("SMTP_HOST", ""), ("MAIL_DIR", " ")], &[("SMTP_PORT", "25")]];
        for settings in nothing_chosen {
            let refused = fit(settings, Environment::Production).unwrap_err();
            assert!(refused.starts_with("SMTP_HOST is not set") && refused.contains("MAIL_DIR"), "{refused}");
        }
        assert_eq!(fit(&[("MAIL_DIR", "./mail")], Environment::Production), Ok(()));
        let real = [
            ("SMTP_HOST", "mail.example"),
            ("MAIL_FROM", "a@shop.example"),
            ("PUBLIC_URL", "https://shop.example"),
        ];
        assert_eq!(fit(&real, Environment::Production), Ok(()));
        for missing in ["MAIL_FROM", "PUBLIC_URL"] {
            let rest: Vec<_> = real.into_iter().filter(|(name, _)| *name != missing).collect();
            let refused = fit(&rest, Environment::Production).unwrap_err();
            assert!(refused.starts_with(&format!("{missing} is not set")), "{refused}");
            assert_eq!(fit(&rest, Environment::Development), Ok(()));
        }
    }

    #[test]
    fn a_connection_is_protected_unless_said_otherwise() {
        let smtp = |encryption| {
            read(&[("SMTP_HOST", "mail.example"), ("SMTP_TLS", encryption)])
                .0?
                .smtp
                .map(|smtp| smtp.encryption)
        };
        assert_eq!(smtp(""), Some(Encryption::StartTls));
        assert_eq!(smtp("none"), Some(Encryption::None));
        assert_eq!(smtp("ssl"), None);
    }
}
