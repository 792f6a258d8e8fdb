//! What the service does.

mod announce;
mod change;
mod error;
mod events;
mod expire;
mod follow;
mod open;
mod parcel;
mod ports;
mod reserve;
mod restock;
mod settle;

pub use announce::AnnounceChanges;
pub use change::{Change, ChangeStock};
pub use error::InventoryError;
pub use events::{InventoryLow, InventoryUpdated, ReservationLost};
pub use expire::ExpireReservations;
pub use follow::{FollowOrder, FollowedOrder, OrderChange};
pub use open::{OpenStock, Opening};
pub use parcel::{FollowParcel, Parcel};
pub use ports::{
    Movement, MovementKind, MovementRecord, Reservation, Reservations, StockReader, StockRepository, Store,
};
pub use reserve::Reserve;
pub use restock::{Restock, Returned};
pub use settle::Settle;
