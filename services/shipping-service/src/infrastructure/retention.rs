//! What nobody will ask for again.

use chrono::TimeDelta;
use config::database::Retention;

/// Longer than any message of an order that is over may still come: dead letters stay for thirteen days, and as long again
/// each time that they are sent again in vain. A payment's that came later would make a shipment.
const RULED_OUT: TimeDelta = TimeDelta::days(180);

/// What the ends of orders have left that never had a shipment; it has neither items nor a timeline. Shipments are
/// remembered.
pub const FORGOTTEN: &[Retention] = &[Retention {
    statement: "DELETE FROM shipments WHERE status = 'cancelled' AND version = 1 AND created_at < ? LIMIT ?",
    age: RULED_OUT,
}];
