//! What nobody will ask for again.

use chrono::TimeDelta;
use config::database::Retention;

/// Longer than any message of an order that is over may still come: dead letters stay for thirteen days. Who asks
/// order-service about it hears that it is over.
const RULED_OUT: TimeDelta = TimeDelta::days(14);

/// What the ends of orders have left that never had a shipment; it has neither items nor a timeline. Shipments are
/// remembered.
pub const FORGOTTEN: &[Retention] = &[Retention {
    statement: "DELETE FROM shipments WHERE status = 'cancelled' AND version = 1 AND created_at < ? LIMIT ?",
    age: RULED_OUT,
}];
