//! Methods and what they cost, shipments and where they may go.

mod calendar;
mod method;
mod order;
mod shipment;
mod status;
mod tariff;
mod text;
mod tracking_number;

pub use calendar::after_business_days;
pub use method::{MethodCode, NotAMethodCode, Offer, Parcel, ShippingMethod, TransitDays, TransitDaysError};
pub use order::{OrderFacts, OrderId, Standing, pays_at_the_door};
pub use shipment::{Consignment, Shipment, ShipmentId, ShipmentItem, TrackingEvent};
pub use status::{IllegalMove, ShipmentStatus};
pub use tariff::{Grams, NotAWeight, Tariff, TariffError, WeightBand};
pub use text::{Address, Carrier, Location, Name, Note, ProductName};
pub use tracking_number::{NotATrackingNumber, TrackingNumber};
