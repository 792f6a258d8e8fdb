//! Stock and reservations, as arithmetic.

mod reservation;
mod shelf;
mod stock;
mod text;

pub use reservation::{ReservationId, ReservationState};
pub use shelf::{Shelf, Shortage, Wanted};
use stock::allocate;
pub use stock::{Allocation, Level, Quantity, QuantityError, StockItem, Warehouse, WarehouseError};
pub use text::{Reason, Sku};
