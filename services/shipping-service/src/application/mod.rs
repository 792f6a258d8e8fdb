//! What the service does.

mod create;
mod error;
mod events;
mod follow;
mod methods;
mod ports;
mod quote;
mod update;

pub use create::{CreateShipment, ShipmentRequest};
pub use error::ShippingError;
pub use events::{ShipmentBeyondRecall, ShipmentCameBack, ShipmentCreated, ShipmentState, ShipmentUpdated};
pub use follow::{FollowOrder, OrderSnapshot};
pub use methods::ManageMethods;
pub use ports::{
    Methods, MethodsReader, OrderSummary, Orders, ShipmentFilter, Shipments, ShipmentsReader, Store,
};
pub use quote::Quote;
pub use update::{StatusUpdate, UpdateStatus};
