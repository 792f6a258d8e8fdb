//! What is wrong with a request.

use config::names::UnknownName;
use config::problem::Fields;

/// One of a few words, which has the same code wherever it isn't.
pub fn word<T>(fields: &mut Fields, field: &str, read: Result<T, UnknownName>) -> Option<T> {
    read.map_err(|rule| fields.reject(field, "unknown-value", rule.to_string())).ok()
}
