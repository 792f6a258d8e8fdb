//! The way out: SMTP, or files for those who have no mail server.

use std::path::PathBuf;
use std::time::Duration;

use config::BoxError;
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::response::Severity;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret;

use super::settings::{Encryption, MailSettings, Smtp};
use crate::application::Undelivered;
use crate::domain::DeliveryId;

/// For each exchange with the mail server.
const SMTP_TIMEOUT: Duration = Duration::from_secs(10);

/// Where messages go.
pub enum Transport {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Files(PathBuf),
}

impl Transport {
    pub async fn new(settings: &MailSettings) -> Result<Self, BoxError> {
        match &settings.smtp {
            Some(smtp) => Ok(Self::Smtp(client(smtp)?)),
            None => {
                let folder = &settings.directory;
                tokio::fs::create_dir_all(folder)
                    .await
                    .map_err(|error| format!("MAIL_DIR {}: {error}", folder.display()))?;
                tracing::info!(folder = %folder.display(), "no mail server is set: e-mails become files");
                Ok(Self::Files(folder.clone()))
            }
        }
    }

    pub async fn send(&self, id: DeliveryId, message: Message) -> Result<(), Undelivered> {
        match self {
            Self::Smtp(client) => client.send(message).await.map(|_| ()).map_err(|error| undelivered(&error)),
            Self::Files(folder) => write(folder, id, &message.formatted())
                .await
                .map_err(|error| Undelivered::Failed(format!("MAIL_DIR: {error}"))),
        }
    }
}

fn client(smtp: &Smtp) -> Result<AsyncSmtpTransport<Tokio1Executor>, BoxError> {
    let parameters = || TlsParameters::new(smtp.host.clone());
    let (tls, usual_port) = match smtp.encryption {
        Encryption::None => (Tls::None, 25),
        Encryption::StartTls => (Tls::Required(parameters()?), 587),
        Encryption::Tls => (Tls::Wrapper(parameters()?), 465),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
        .port(smtp.port.unwrap_or(usual_port))
        .tls(tls)
        .timeout(Some(SMTP_TIMEOUT))
        .pool_config(PoolConfig::new().max_size(8).idle_timeout(Duration::from_secs(30)));
    if let (Some(username), Some(password)) = (&smtp.username, &smtp.password) {
        builder =
            builder.credentials(Credentials::new(username.clone(), password.expose_secret().to_owned()));
    }
    Ok(builder.build())
}

/// In words that name no address: servers like to repeat it in their answers.
fn undelivered(error: &lettre::transport::smtp::Error) -> Undelivered {
    match error.status() {
        // 550, 551, 553: there is no such mailbox. Other refusals are about us, and may be put right.
        Some(code)
            if code.severity == Severity::PermanentNegativeCompletion
                && matches!(code.to_string().as_str(), "550" | "551" | "553") =>
        {
            Undelivered::Hopeless(format!("the mail server refused the mailbox ({code})"))
        }
        Some(code) => Undelivered::Failed(format!("the mail server answered {code}")),
        None if error.is_timeout() => {
            Undelivered::Failed("the mail server did not answer in time".to_owned())
        }
        None if error.is_tls() => Undelivered::Failed("no secure connection to the mail server".to_owned()),
        None => Undelivered::Failed("the mail server can't be reached".to_owned()),
    }
}

/// Whoever reads the folder sees whole messages only, and a repetition replaces the first.
async fn write(folder: &std::path::Path, id: DeliveryId, message: &[u8]) -> std::io::Result<()> {
    let unfinished = folder.join(format!(".{id}.{}.part", uuid::Uuid::now_v7().simple()));
    tokio::fs::create_dir_all(folder).await?;
    tokio::fs::write(&unfinished, message).await?;
    tokio::fs::rename(&unfinished, folder.join(format!("{id}.eml"))).await
}
