//! The life of a reservation.

use std::fmt;

use uuid::Uuid;

/// A reservation, named by the order-service before it asks for it, so that asking twice reserves once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// active ─→ held ─→ committed ─→ returned
    ///    │        └──→ released
    ///    ├─→ released ←─┐
    ///    └─→ expired ───┴─→ held, when its order is told of late
    /// ```
    ///
    /// What was given back of an order whose parcel turns out to have left is `committed` again, and `returned` when the
    /// parcel is back.
    ReservationState {
        /// Made for an order that is being placed; it expires.
        Active = "active",
        /// The order exists: it ends only with the order.
        Held = "held",
        /// The goods are the customer's.
        Committed = "committed",
        /// Given back before that.
        Released = "released",
        /// Given back because no order came.
        Expired = "expired",
        /// Put back on the shelf: the order was undone before the goods had left, or they have come back.
        Returned = "returned",
    }
}

impl ReservationState {
    /// Whether the stock is still set aside.
    pub fn keeps_stock(self) -> bool {
        matches!(self, Self::Active | Self::Held)
    }
}
