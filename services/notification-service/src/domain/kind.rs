//! What a notification is about, and the ways it can go.

config::names! {
    /// What a notification is about.
    #[derive(PartialOrd, Ord)]
    NotificationType {
        OrderCreated = "order_created",
        OrderPaid = "order_paid",
        OrderCancelled = "order_cancelled",
        OrderPaymentLapsed = "order_payment_lapsed",
        PaymentFailed = "payment_failed",
        PaymentRefunded = "payment_refunded",
        ShipmentCreated = "shipment_created",
        ShipmentUpdated = "shipment_updated",
        Delivered = "delivered",
        Welcome = "welcome",
        EmailVerification = "email_verification",
        PasswordReset = "password_reset",
        PasswordChanged = "password_changed",
        EmailChanged = "email_changed",
        WebhookAdded = "webhook_added",
        LowStock = "low_stock",
        ReturnRequested = "return_requested",
        ReturnApproved = "return_approved",
        ReturnRejected = "return_rejected",
        ReturnRefundShort = "return_refund_short",
        RefundFailed = "refund_failed",
        RefundByHandDue = "refund_by_hand_due",
        ShipmentBeyondRecall = "shipment_beyond_recall",
        Dispute = "dispute",
        WishPriceDropped = "wish_price_dropped",
        WishBackInStock = "wish_back_in_stock",
        /// Written by an administrator.
        Custom = "custom",
    }
}

config::names! {
    /// A way to a user.
    #[derive(PartialOrd, Ord)]
    Channel {
        /// The list in the shop.
        InApp = "in_app",
        Email = "email",
        Webhook = "webhook",
    }
}

impl NotificationType {
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

#[cfg(test)]
mod tests {
    use super::*;

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
