//! How the others reach the service.

mod destination;
mod events;
mod method_dto;
mod methods;
mod quote_dto;
mod shipment_dto;
mod shipments;

pub use events::OrderEvents;
pub use methods::MethodsApi;
pub use shipments::ShipmentsApi;
