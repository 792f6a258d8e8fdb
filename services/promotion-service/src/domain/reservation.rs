//! The life of a reservation.

use std::fmt;

use uuid::Uuid;

/// A reservation of promotions' uses, named by order-service before it asks for it, so that asking twice reserves
/// once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReservationId(Uuid);

impl ReservationId {
    pub const fn new(id: Uuid) -> Self {
        Self(id)
    }

    pub const fn get(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for ReservationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

config::names! {
    /// Where a reservation is.
    ///
    /// ```text
    /// active ─→ held ─→ consumed
    ///    │        │        │
    ///    ├────────┴────────┴──→ released
    ///    └─→ expired
    /// ```
    ReservationState {
        /// Made for an order that is being placed; it expires.
        Active = "active",
        /// The order exists: it ends only with the order.
        Held = "held",
        /// The order is paid.
        Consumed = "consumed",
        /// Given back, before or after the order was paid.
        Released = "released",
        /// Given back because no order came.
        Expired = "expired",
    }
}

impl ReservationState {
    /// Whether its uses count against the promotions' limits.
    pub fn counts(self) -> bool {
        matches!(self, Self::Active | Self::Held | Self::Consumed)
    }
}
