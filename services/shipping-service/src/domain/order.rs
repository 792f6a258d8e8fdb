//! The orders that shipments are of.

use config::id::UserId;
use config::money::Money;

config::ids! {
    /// An order.
    OrderId,
}

/// What a shipment needs to know of its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderFacts {
    pub id: OrderId,
    pub user_id: UserId,
    /// Grows with each change of the order.
    pub version: u64,
    /// What is taken for it when it is handed over; `None`: nothing.
    pub cash_due: Option<Money>,
}

/// Whether an order is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has paid for it, and nobody will at the door: it may expire, and its goods be sold to others.
    Unpaid,
    ToBeSent,
    /// It is delivered, cancelled or refunded.
    Over,
}

impl Standing {
    /// `status` is the order's, in order-service's words. What it may say one day and we don't know isn't sent.
    pub fn of(status: &str, cash_on_delivery: bool) -> Self {
        match status {
            "paid" | "fulfilling" | "shipped" => Self::ToBeSent,
            "confirmed" if cash_on_delivery => Self::ToBeSent,
            "delivered" | "cancelled" | "refunded" => Self::Over,
            _ => Self::Unpaid,
        }
    }
}

/// Whether whoever hands an order over takes its money: not when some was taken before, as a shop that takes less than
/// all wants no more.
pub fn pays_at_the_door(status: &str, cash_on_delivery: bool, something_was_paid: bool) -> bool {
    cash_on_delivery && status != "paid" && !something_was_paid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_paid_for_or_will_be_at_the_door_is_sent() {
        for (status, on_delivery, standing) in [
            ("pending", true, Standing::Unpaid),
            ("confirmed", false, Standing::Unpaid),
            ("confirmed", true, Standing::ToBeSent),
            ("paid", false, Standing::ToBeSent),
            ("fulfilling", true, Standing::ToBeSent),
            ("shipped", false, Standing::ToBeSent),
            ("delivered", false, Standing::Over),
            ("cancelled", true, Standing::Over),
            ("refunded", false, Standing::Over),
            ("something new", true, Standing::Unpaid),
        ] {
            assert_eq!(Standing::of(status, on_delivery), standing, "{status}");
        }
    }

    #[test]
    fn nobody_pays_twice() {
        assert!(pays_at_the_door("confirmed", true, false) && pays_at_the_door("shipped", true, false));
        assert!(!pays_at_the_door("confirmed", false, false));
        assert!(!pays_at_the_door("paid", true, false) && !pays_at_the_door("shipped", true, true));
    }
}
