//! The life of a shipment.

config::names! {
    /// Where a shipment is.
    ///
    /// ```text
    /// pending ─→ picked ─→ packed ─→ in_transit ─→ out_for_delivery ─→ delivered
    ///    └─────────┴──────────┴─→ cancelled │                │ ↑            │
    ///                                       ├──→ failed ←────┘ │            │
    ///                                       │      │ └─────────┘            │
    ///                                       └──────┴──→ returned ←──────────┘
    /// ```
    ///
    /// What the customer fetches may go from `packed` to `delivered`. What was cancelled by hand, or is back, can be sent
    /// again ([`Shipment::start_again`](super::Shipment::start_again)), which isn't a move of the machine.
    ShipmentStatus {
        /// The order is paid; nobody has touched its items.
        Pending = "pending",
        Picked = "picked",
        Packed = "packed",
        /// The carrier has it. Each further scan on its way is a move from here to here.
        InTransit = "in_transit",
        OutForDelivery = "out_for_delivery",
        Delivered = "delivered",
        /// It couldn't be handed over; it will be tried again, or go back.
        Failed = "failed",
        Returned = "returned",
        /// It never left.
        Cancelled = "cancelled",
    }
}

/// A move that the state machine doesn't have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a shipment that is {from} can't become {to}; {}", may_become(legal))]
pub struct IllegalMove {
    pub from: ShipmentStatus,
    pub to: ShipmentStatus,
    pub legal: &'static [ShipmentStatus],
}

impl ShipmentStatus {
    /// What it may become; `collected`: the customer fetches it.
    pub fn next(self, collected: bool) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Picked, Self::Cancelled],
            Self::Picked => &[Self::Packed, Self::Cancelled],
            Self::Packed if collected => &[Self::Delivered, Self::InTransit, Self::Cancelled],
            Self::Packed => &[Self::InTransit, Self::Cancelled],
            Self::InTransit => &[Self::InTransit, Self::OutForDelivery, Self::Failed, Self::Returned],
            Self::OutForDelivery => &[Self::Delivered, Self::Failed],
            Self::Failed => &[Self::OutForDelivery, Self::Returned],
            Self::Delivered => &[Self::Returned],
            Self::Returned | Self::Cancelled => &[],
        }
    }

    /// Checks that it may become `to`.
    pub fn must_allow(self, to: Self, collected: bool) -> Result<(), IllegalMove> {
        let legal = self.next(collected);
        match legal.contains(&to) {
            true => Ok(()),
            false => Err(IllegalMove { from: self, to, legal }),
        }
    }

    /// Whether it can still be kept from leaving.
    pub fn is_cancellable(self) -> bool {
        self.next(false).contains(&Self::Cancelled)
    }

    /// Whether the goods are out of the house.
    pub fn is_away(self) -> bool {
        matches!(self, Self::InTransit | Self::OutForDelivery | Self::Failed | Self::Delivered)
    }
}

fn may_become(legal: &[ShipmentStatus]) -> String {
    match legal {
        [] => "it can't become anything else".to_owned(),
        legal => {
            let names: Vec<_> = legal.iter().map(|status| status.as_str()).collect();
            format!("it can become {}", names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::ShipmentStatus as S;

    fn any_status() -> impl Strategy<Value = S> {
        proptest::sample::select(S::ALL.to_vec())
    }

    #[test]
    fn an_illegal_move_names_the_legal_ones() {
        let message = S::Pending.must_allow(S::Delivered, false).unwrap_err().to_string();
        assert_eq!(
            message,
            "a shipment that is pending can't become delivered; it can become picked, cancelled"
        );
        let message = S::Returned.must_allow(S::Pending, false).unwrap_err().to_string();
        assert!(message.ends_with("it can't become anything else"), "{message}");
    }

    #[test]
    fn what_is_fetched_needs_no_carrier() {
        assert!(S::Packed.must_allow(S::Delivered, true).is_ok());
        let refused = S::Packed.must_allow(S::Delivered, false).unwrap_err();
        assert_eq!(refused.legal, [S::InTransit, S::Cancelled]);
        assert!(S::Picked.must_allow(S::Delivered, true).is_err(), "nobody fetches what isn't packed");
    }

    #[test]
    fn every_status_can_be_reached_and_every_way_can_end() {
        let reachable = |from: S| {
            let mut seen = vec![from];
            let mut index = 0;
            while let Some(status) = seen.get(index).copied() {
                let next = status.next(false).iter().copied();
                let new: Vec<S> = next.filter(|next| !seen.contains(next)).collect();
                seen.extend(new);
                index += 1;
            }
            seen
        };
        assert_eq!(reachable(S::Pending).len(), S::ALL.len());
        for status in S::ALL {
            assert!(reachable(status).iter().any(|end| end.next(false).is_empty()), "{status} never ends");
        }
    }

    proptest! {
        #[test]
        fn what_has_left_is_never_cancelled(
            collected: bool,
            wishes in proptest::collection::vec(any_status(), 0..60),
        ) {
            let mut status = S::Pending;
            let mut left = false;
            for wish in wishes {
                if status.must_allow(wish, collected).is_ok() {
                    status = wish;
                }
                left |= status == S::InTransit || (collected && status == S::Delivered);
                prop_assert!(!(left && status.is_cancellable()));
                prop_assert!(!(left && status == S::Cancelled));
                prop_assert!(left || !matches!(status, S::Delivered | S::Failed | S::Returned));
                prop_assert_eq!(status.is_away(), left && status != S::Returned);
            }
        }
    }
}
