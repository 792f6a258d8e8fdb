//! Values that are kept as texts.

use std::any::type_name;
use std::fmt::Display;
use std::str::FromStr;

use super::StoreError;

/// The value that was stored as this text.
///
/// # Errors
/// [`StoreError::Broken`] when this program doesn't write such a text; it names the type, and not the text, which may be
/// somebody's own.
pub fn stored<T: FromStr<Err: Display>>(text: &str) -> Result<T, StoreError> {
    text.parse()
        .map_err(|error: T::Err| StoreError::corrupt(format!("a stored {} {error}", type_name::<T>())))
}
