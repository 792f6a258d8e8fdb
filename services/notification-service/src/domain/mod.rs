//! What a notification is, over which ways it goes, and how often that is tried.

mod delivery;
mod kind;
mod preferences;
mod text;
mod webhook;
mod wording;

pub use delivery::{Attempts, DeliveryId, DeliveryStatus, Retry};
pub use kind::{Channel, NotificationType};
pub use preferences::{Choice, Mandatory, Preferences};
pub use text::{Message, Title};
pub use webhook::{AddressRule, WebhookError, WebhookId, WebhookUrl, is_public};
pub use wording::{Parcel, Wording, grouped};

config::ids! {
    /// A notification.
    NotificationId
}
