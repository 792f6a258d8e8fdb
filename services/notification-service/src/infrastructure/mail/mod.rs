//! E-mail: templates, the message, and the way out.

mod settings;
mod templates;
mod transport;

use std::sync::Arc;

use async_trait::async_trait;
use config::clock::Clock;
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};

use crate::application::{Contact, Due, Mailer, Undelivered};

pub use settings::MailSettings;
pub use templates::Templates;
pub use transport::Transport;

/// Writes e-mails and sends them.
pub struct Post {
    pub templates: Templates,
    pub transport: Transport,
    pub from: Mailbox,
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Mailer for Post {
    async fn send(&self, to: &Contact, due: &Due) -> Result<(), Undelivered> {
        let message = self.message(to, due)?;
        self.transport.send(due.id, message).await
    }
}

impl Post {
    fn message(&self, to: &Contact, due: &Due) -> Result<Message, Undelivered> {
        let address: Address =
            to.email.parse().map_err(|_| Undelivered::Hopeless("the address is malformed".to_owned()))?;
        let name =
            Some(to.name.clone()).filter(|name| !name.is_empty() && !name.chars().any(char::is_control));
        let rendered = self.templates.render(to, due).map_err(|error| {
            tracing::error!(error = %config::problem::chain(&error), delivery.id = %due.id, "a template fails");
            Undelivered::Failed("its template fails".to_owned())
        })?;
        let domain = self.from.email.domain();
        Message::builder()
            .message_id(Some(format!("<{}@{domain}>", due.message_id)))
            .date(self.clock.now().into())
            .from(self.from.clone())
            .to(Mailbox::new(name, address))
            .subject(&due.notification.title)
            .multipart(MultiPart::alternative_plain_html(rendered.text, rendered.html))
            .map_err(|error| Undelivered::Hopeless(format!("the message can't be built: {error}")))
    }
}
