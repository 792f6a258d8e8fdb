//! What nobody will ask for again.

use chrono::TimeDelta;
use config::database::Retention;

/// Longer than messages that name a reservation can come: dead letters stay for thirteen days.
const ENDED_RESERVATIONS: TimeDelta = TimeDelta::days(14);

/// Reservations that have expired or were given back.
pub const FORGOTTEN: &[Retention] = &[Retention {
    statement: "DELETE FROM reservations WHERE state IN ('released', 'expired') AND expires_at < ? LIMIT ?",
    age: ENDED_RESERVATIONS,
}];
