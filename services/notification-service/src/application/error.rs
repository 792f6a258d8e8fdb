//! What can go wrong.

use config::database::StoreError;
use config::problem::{Facts, Fault, Kind};

use crate::domain::{DeliveryId, DeliveryStatus, NotificationId, WebhookId};

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum NotificationError {
    #[error("there is no notification {0}")]
    NotFound(NotificationId),
    #[error("there is no delivery {0}")]
    NoDelivery(DeliveryId),
    #[error("delivery {id} is {status}; only dead ones can be sent again")]
    NotDead { id: DeliveryId, status: DeliveryStatus },
    #[error("what delivery {0} had to say has been deleted, for it was secret")]
    Erased(DeliveryId),
    #[error("there is no webhook {0}")]
    NoWebhook(WebhookId),
    #[error("there are {0} webhooks already; delete one first")]
    TooManyWebhooks(u8),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for NotificationError {
    fn facts(&self) -> Facts {
        match self {
            Self::NotFound(_) => Kind::NotFound.coded("notification-not-found"),
            Self::NoDelivery(_) => Kind::NotFound.coded("delivery-not-found"),
            Self::NotDead { .. } => Kind::Conflict.coded("delivery-not-dead"),
            Self::Erased(_) => Kind::Conflict.coded("delivery-erased"),
            Self::NoWebhook(_) => Kind::NotFound.coded("webhook-not-found"),
            Self::TooManyWebhooks(_) => Kind::Conflict.coded("too-many-webhooks"),
            Self::Store(error) => error.facts(),
        }
    }
}
