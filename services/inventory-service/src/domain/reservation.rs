//! The life of a reservation.

use std::fmt;
use std::str::FromStr;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReservationState {
    /// Made for an order that is being placed; it expires.
    Active,
    /// The order exists: it ends only with the order.
    Held,
    /// The goods are the customer's.
    Committed,
    /// Given back before that.
    Released,
    /// Given back because no order came.
    Expired,
    /// Put back on the shelf: the order was undone before the goods had left, or they have come back.
    Returned,
}

impl ReservationState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Held => "held",
            Self::Committed => "committed",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Returned => "returned",
        }
    }

    /// Whether the stock is still set aside.
    pub fn keeps_stock(self) -> bool {
        matches!(self, Self::Active | Self::Held)
    }
}

impl FromStr for ReservationState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Active, Self::Held, Self::Committed, Self::Released, Self::Expired, Self::Returned];
        all.into_iter().find(|state| state.as_str() == text).ok_or_else(|| format!("unknown state {text}"))
    }
}
