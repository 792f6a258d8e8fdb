//! The life of an order.

use super::Actor;

config::names! {
    /// Where an order is.
    ///
    /// ```text
    /// pending ─→ confirmed ─→ paid ─→ fulfilling ─→ shipped ─→ delivered
    ///    │ └───────────────────↑ │         │           │           │
    ///    └──────────┬────────────┴─────────┤           │           │
    ///           cancelled ──────────→ refunded ←───────┴───────────┘
    /// ```
    ///
    /// What is due on delivery goes on without `paid`, and can be cancelled from wherever it is until it is paid for.
    Status {
        Pending = "pending",
        /// Its money is promised, or somebody of the shop vouches for it: it doesn't expire.
        Confirmed = "confirmed",
        Paid = "paid",
        Fulfilling = "fulfilling",
        Shipped = "shipped",
        Delivered = "delivered",
        Cancelled = "cancelled",
        Refunded = "refunded",
    }
}

/// When the money of an order is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Before the order is packed; also of one that is paid.
    InAdvance,
    /// Whoever brings the parcel takes it.
    OnDelivery,
}

impl Status {
    /// Whether the shop still waits for the money.
    pub fn awaits_payment(self) -> bool {
        matches!(self, Self::Pending | Self::Confirmed)
    }

    /// Whether it has begun to leave the shop, or has left.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Fulfilling | Self::Shipped | Self::Delivered)
    }

    /// Where the actor may move an order from here.
    pub fn next(self, by: Actor, due: Due) -> &'static [Self] {
        let customer = matches!(by, Actor::Customer(_));
        let carrier = by == Actor::Shipping;
        let on_delivery = due == Due::OnDelivery;
        match self {
            Self::Pending | Self::Confirmed | Self::Paid if customer => &[Self::Cancelled],
            _ if customer => &[],
            Self::Pending => &[Self::Confirmed, Self::Paid, Self::Cancelled],
            // The carrier's messages may overtake one another: what it has reached, it has reached.
            Self::Confirmed if carrier && on_delivery => &[Self::Fulfilling, Self::Shipped, Self::Delivered],
            Self::Confirmed if on_delivery => &[Self::Paid, Self::Fulfilling, Self::Cancelled],
            Self::Confirmed => &[Self::Paid, Self::Cancelled],
            Self::Paid if carrier => &[Self::Fulfilling, Self::Shipped, Self::Delivered],
            Self::Paid => &[Self::Fulfilling, Self::Cancelled, Self::Refunded],
            Self::Fulfilling if carrier => &[Self::Shipped, Self::Delivered],
            Self::Fulfilling if on_delivery => &[Self::Shipped, Self::Cancelled],
            Self::Fulfilling => &[Self::Shipped, Self::Cancelled, Self::Refunded],
            Self::Shipped if carrier => &[Self::Delivered],
            Self::Shipped if on_delivery => &[Self::Delivered, Self::Cancelled],
            Self::Shipped => &[Self::Delivered, Self::Refunded],
            Self::Delivered if on_delivery => &[Self::Cancelled],
            Self::Delivered | Self::Cancelled => &[Self::Refunded],
            Self::Refunded => &[],
        }
    }
}

/// A step of an order's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    pub from: Status,
    pub to: Status,
    pub by: Actor,
}

/// A step that the order can't take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the order is {from} and can't become {to}; it can become {}", list(legal))]
pub struct IllegalMove {
    pub from: Status,
    pub to: Status,
    pub legal: &'static [Status],
}

fn list(legal: &[Status]) -> String {
    match legal {
        [] => "nothing else".to_owned(),
        some => some.iter().map(|status| status.as_str()).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use config::id::UserId;

    use super::*;

    #[test]
    fn customers_can_only_cancel_and_only_until_it_is_packed() {
        for status in Status::ALL {
            let expected: &[Status] = match status {
                Status::Pending | Status::Confirmed | Status::Paid => &[Status::Cancelled],
                _ => &[],
            };
            for due in [Due::InAdvance, Due::OnDelivery] {
                assert_eq!(status.next(Actor::Customer(UserId::new(1)), due), expected, "{status}");
            }
        }
    }

    #[test]
    fn nothing_leads_out_of_refunded_or_back_to_pending() {
        let actors = [
            Actor::Stock,
            Actor::Customer(UserId::new(1)),
            Actor::Admin(UserId::new(2)),
            Actor::Payment,
            Actor::Shipping,
            Actor::Expiry,
        ];
        for (by, due) in actors.into_iter().flat_map(|by| [(by, Due::InAdvance), (by, Due::OnDelivery)]) {
            assert!(Status::Refunded.next(by, due).is_empty());
            assert!(Status::ALL.iter().all(|status| !status.next(by, due).contains(&Status::Pending)));
            assert!(
                Status::ALL.iter().all(|status| !status.next(by, due).contains(status)),
                "no step leads nowhere"
            );
        }
    }
}
