//! What other services' events mean here; docs/EVENTS.md. Each topic is read by a function to [`News`].

mod inventory;
mod orders;
mod payments;
mod shipping;
mod users;
mod wishes;

use async_trait::async_trait;
use config::kafka::{Envelope, HandlerError, MessageHandler, Undecodable};
use config::money::{Amount, Money, MoneyError};
use config::problem::{Facts, Fault, Kind};

use crate::application::{News, Tell};

/// The functions that read the topics.
pub mod news {
    pub use super::inventory::news as inventory;
    pub use super::orders::news as orders;
    pub use super::payments::news as payments;
    pub use super::shipping::news as shipping;
    pub use super::users::news as users;
    pub use super::wishes::news as wishes;
}

/// An event that isn't what its topic promises.
#[derive(Debug, thiserror::Error)]
pub enum BadEvent {
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
    #[error("an amount can't be read")]
    Money(#[from] MoneyError),
}

impl Fault for BadEvent {
    fn facts(&self) -> Facts {
        match self {
            Self::Undecodable(error) => error.facts(),
            Self::Money(_) => Kind::Malformed.coded("bad-event"),
        }
    }
}

/// Tells people what a topic says.
pub struct Listener {
    tell: Tell,
    read: fn(&Envelope) -> Result<News, BadEvent>,
}

impl Listener {
    pub fn new(tell: Tell, read: fn(&Envelope) -> Result<News, BadEvent>) -> Self {
        Self { tell, read }
    }
}

#[async_trait]
impl MessageHandler for Listener {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        let news = (self.read)(message)?;
        self.tell.hear(&[(message, news)]).await?;
        Ok(())
    }

    async fn handle_all(&self, messages: &[Envelope]) -> Result<(), HandlerError> {
        let heard = messages.iter().map(|message| Ok((message, (self.read)(message)?)));
        let heard = heard.collect::<Result<Vec<_>, BadEvent>>()?;
        match self.tell.hear(&heard).await? {
            true => Ok(()),
            false => Err(HandlerError::Retry("some of the messages were heard before".into())),
        }
    }
}

fn money(amount: Amount, currency: &str) -> Result<Money, MoneyError> {
    amount.in_currency(currency.parse()?)
}
