//! What nobody will ask for again.

use chrono::TimeDelta;
use config::database::Retention;

/// Longer than any message of an order whose stock was given back may still come: dead letters stay for thirteen days.
const ENDED_RESERVATIONS: TimeDelta = TimeDelta::days(14);

/// Reservations whose stock was given back before it was sold. Where sold goods came from is remembered, for they may
/// come back.
pub const FORGOTTEN: &[Retention] = &[
    Retention {
        statement: "DELETE FROM reservations WHERE state IN ('released', 'expired') AND changed_at < ? LIMIT ?",
        age: ENDED_RESERVATIONS,
    },
    // When those ended that are from before it was written down, nobody knows: soon after they were made.
    Retention {
        statement: "DELETE FROM reservations WHERE state IN ('released', 'expired') AND changed_at IS NULL \
                    AND expires_at < ? LIMIT ?",
        age: ENDED_RESERVATIONS,
    },
];
