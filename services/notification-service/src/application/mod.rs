//! What the service does.

mod bell;
mod deliver;
mod error;
mod events;
mod inbox;
mod notice;
mod ports;
mod preferences;
mod recipients;
mod resend;
mod tell;
mod webhooks;

pub use bell::Bell;
pub use deliver::Deliver;
pub use error::NotificationError;
pub use events::NotificationCreated;
pub use inbox::ReadMarks;
pub use notice::{Details, FormerAddress, LinkDetails, Notice, OrderDetails, OrderLine, ShipmentDetails};
pub use ports::{
    Carrier, Contact, Contacts, DeliveryFilter, DeliveryQueue, DeliveryRecord, Due, Mailer, NewDelivery,
    NewNotification, NotificationRecord, Notifications, Outcome, Reach, Reaches, Reader, Store, Undelivered,
    UserDirectory, Webhook, WebhookPoster, Webhooks,
};
pub use preferences::ChoosePreferences;
pub use recipients::{EmailCarrier, UNVERIFIED_DAY, WebhookCarrier};
pub use resend::Resend;
pub use tell::{Audience, News, Tell};
pub use webhooks::{ManageWebhooks, Owner};
