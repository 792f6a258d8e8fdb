//! The life of a reservation.

use std::fmt;
use std::str::FromStr;

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

/// Where a reservation is.
///
/// ```text
/// active ─→ held ─→ consumed
///    │        │        │
///    ├────────┴────────┴──→ released
///    └─→ expired
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReservationState {
    /// Made for an order that is being placed; it expires.
    Active,
    /// The order exists: it ends only with the order.
    Held,
    /// The order is paid.
    Consumed,
    /// Given back, before or after the order was paid.
    Released,
    /// Given back because no order came.
    Expired,
}

impl ReservationState {
    const ALL: [Self; 5] = [Self::Active, Self::Held, Self::Consumed, Self::Released, Self::Expired];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Held => "held",
            Self::Consumed => "consumed",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }

    /// Whether its uses count against the promotions' limits.
    pub fn counts(self) -> bool {
        matches!(self, Self::Active | Self::Held | Self::Consumed)
    }
}

impl FromStr for ReservationState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("unknown state {text}"))
    }
}
