//! What is wrong with a request, all of it at once.

use std::fmt::Display;

use config::problem::{Fields, InvalidFields};

/// A part that was read by itself: what is wrong with it stands beside the rest.
pub fn part<T>(fields: &mut Fields, read: Result<T, InvalidFields>) -> Option<T> {
    let remember = |wrong: InvalidFields| {
        for error in wrong.all() {
            fields.reject(error.field.as_str(), &error.code, error.message.as_str());
        }
    };
    read.map_err(remember).ok()
}

/// One of a few words, which has the same code wherever it isn't.
pub fn word<T, E: Display>(fields: &mut Fields, field: &str, read: Result<T, E>) -> Option<T> {
    read.map_err(|rule| fields.reject(field, "unknown-value", rule.to_string())).ok()
}
