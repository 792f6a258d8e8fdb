//! What a notification is about, and the ways it can go.

use std::fmt;

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NotificationType {
    OrderCreated,
    OrderPaid,
    OrderCancelled,
    OrderPaymentLapsed,
    PaymentFailed,
    PaymentRefunded,
    ShipmentCreated,
    ShipmentUpdated,
    Delivered,
    Welcome,
    EmailVerification,
    PasswordReset,
    PasswordChanged,
    EmailChanged,
    WebhookAdded,
    LowStock,
    ReturnRequested,
    ReturnApproved,
    ReturnRejected,
    ReturnRefundShort,
    RefundFailed,
    RefundByHandDue,
    ShipmentBeyondRecall,
    Dispute,
    WishPriceDropped,
    WishBackInStock,
    /// Written by an administrator.
    Custom,
}

/// A way to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// The list in the shop.
    InApp,
    Email,
    Webhook,
}

impl NotificationType {
    pub const ALL: [Self; 27] = [
        Self::OrderCreated,
        Self::OrderPaid,
        Self::OrderCancelled,
        Self::OrderPaymentLapsed,
        Self::PaymentFailed,
        Self::PaymentRefunded,
        Self::ShipmentCreated,
        Self::ShipmentUpdated,
        Self::Delivered,
        Self::Welcome,
        Self::EmailVerification,
        Self::PasswordReset,
        Self::PasswordChanged,
        Self::EmailChanged,
        Self::WebhookAdded,
        Self::LowStock,
        Self::ReturnRequested,
        Self::ReturnApproved,
        Self::ReturnRejected,
        Self::ReturnRefundShort,
        Self::RefundFailed,
        Self::RefundByHandDue,
        Self::ShipmentBeyondRecall,
        Self::Dispute,
        Self::WishPriceDropped,
        Self::WishBackInStock,
        Self::Custom,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrderCreated => "order_created",
            Self::OrderPaid => "order_paid",
            Self::OrderCancelled => "order_cancelled",
            Self::OrderPaymentLapsed => "order_payment_lapsed",
            Self::PaymentFailed => "payment_failed",
            Self::PaymentRefunded => "payment_refunded",
            Self::ShipmentCreated => "shipment_created",
            Self::ShipmentUpdated => "shipment_updated",
            Self::Delivered => "delivered",
            Self::Welcome => "welcome",
            Self::EmailVerification => "email_verification",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::EmailChanged => "email_changed",
            Self::WebhookAdded => "webhook_added",
            Self::LowStock => "low_stock",
            Self::ReturnRequested => "return_requested",
            Self::ReturnApproved => "return_approved",
            Self::ReturnRejected => "return_rejected",
            Self::ReturnRefundShort => "return_refund_short",
            Self::RefundFailed => "refund_failed",
            Self::RefundByHandDue => "refund_by_hand_due",
            Self::ShipmentBeyondRecall => "shipment_beyond_recall",
            Self::Dispute => "dispute",
            Self::WishPriceDropped => "wish_price_dropped",
            Self::WishBackInStock => "wish_back_in_stock",
            Self::Custom => "custom",
        }
    }

    /// Whether it carries a one-time link: nothing for a list that stays, nor for a third party.
    pub fn is_secret(self) -> bool {
        matches!(self, Self::EmailVerification | Self::PasswordReset)
    }

    /// Whether it may go this way at all. A webhook isn't told of another: it may be a stranger's.
    pub fn goes_by(self, channel: Channel) -> bool {
        match channel {
            Channel::InApp => !self.is_secret(),
            Channel::Email => true,
            Channel::Webhook => !self.is_secret() && self != Self::WebhookAdded,
        }
    }

    /// Whether the user must hear of it this way: what keeps the account safe can't be turned off.
    pub fn is_mandatory(self, channel: Channel) -> bool {
        let keeps_safe = self.is_secret()
            || matches!(self, Self::PasswordChanged | Self::EmailChanged | Self::WebhookAdded);
        channel == Channel::Email && keeps_safe
    }

    /// Whether it is one of the few e-mails a day that an address gets which nobody has verified. The others are as
    /// few already: user-service sees to that.
    pub fn is_rationed(self) -> bool {
        !self.is_secret() && !matches!(self, Self::PasswordChanged | Self::EmailChanged)
    }
}

impl Channel {
    pub const ALL: [Self; 3] = [Self::InApp, Self::Email, Self::Webhook];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::InApp => "in_app",
            Self::Email => "email",
            Self::Webhook => "webhook",
        }
    }
}

impl fmt::Display for NotificationType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that stands for nothing here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {0}")]
pub struct UnknownName(String);

fn find<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, text: &str) -> Result<T, UnknownName> {
    let known = || all.iter().map(|value| name(*value)).collect::<Vec<_>>().join(", ");
    all.iter().copied().find(|value| name(*value) == text).ok_or_else(|| UnknownName(known()))
}

impl std::str::FromStr for NotificationType {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        find(&Self::ALL, Self::as_str, text)
    }
}

impl std::str::FromStr for Channel {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        find(&Self::ALL, Self::as_str, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for kind in NotificationType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        for channel in Channel::ALL {
            assert_eq!(channel.as_str().parse(), Ok(channel));
        }
        assert!("sms".parse::<Channel>().unwrap_err().to_string().contains("in_app, email, webhook"));
    }

    #[test]
    fn what_is_mandatory_can_be_sent() {
        for kind in NotificationType::ALL {
            for channel in Channel::ALL {
                assert!(kind.goes_by(channel) || !kind.is_mandatory(channel), "{kind} {channel}");
            }
        }
        assert!(!NotificationType::PasswordReset.goes_by(Channel::Webhook));
    }

    #[test]
    fn whoever_takes_an_account_can_not_use_up_what_would_give_it_away() {
        use NotificationType::{EmailChanged, EmailVerification, PasswordChanged, PasswordReset};
        let free = NotificationType::ALL.into_iter().filter(|kind| !kind.is_rationed());
        assert_eq!(
            free.collect::<Vec<_>>(),
            [EmailVerification, PasswordReset, PasswordChanged, EmailChanged]
        );
    }
}
