//! Stock and reservations, as arithmetic.

mod reservation;
mod stock;

pub use reservation::{ReservationId, ReservationState};
pub use stock::{Allocation, Level, Quantity, QuantityError, StockItem, Warehouse, WarehouseError, allocate};
