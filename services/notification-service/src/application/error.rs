//! What can go wrong.

use config::database::StoreError;
use config::problem::{Fault, Kind};

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
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) | Self::NoDelivery(_) | Self::NoWebhook(_) => Kind::NotFound,
            Self::NotDead { .. } | Self::Erased(_) | Self::TooManyWebhooks(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "notification-not-found",
            Self::NoDelivery(_) => "delivery-not-found",
            Self::NotDead { .. } => "delivery-not-dead",
            Self::Erased(_) => "delivery-erased",
            Self::NoWebhook(_) => "webhook-not-found",
            Self::TooManyWebhooks(_) => "too-many-webhooks",
            Self::Store(error) => error.code(),
        }
    }
}
