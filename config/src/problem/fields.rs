//! Rules broken by a request, all named at once.

use std::fmt;

use poem_openapi::Object;
use serde::{Deserialize, Serialize};

use super::{Facts, Fault, Kind};

/// So many wrong fields are named: an answer stays small, whatever was sent.
const MOST: usize = 50;
/// So many of them in one sentence.
const MOST_TOLD: usize = 5;

/// One field that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Object)]
pub struct FieldError {
    /// The path of the field: `items[0].quantity`.
    pub field: String,
    /// A stable name in kebab-case, for programs.
    pub code: String,
    /// What the field must be, for people.
    pub message: String,
}

/// Collects what is wrong with a request while its values are parsed into domain types.
///
/// ```
/// use config::problem::Fields;
///
/// fn percentage(value: i64) -> Result<u8, String> {
///     u8::try_from(value).ok().filter(|p| *p <= 100).ok_or_else(|| "must be from 0 to 100".to_owned())
/// }
///
/// let mut fields = Fields::default();
/// let low = fields.check("low", percentage(-1));
/// let high = fields.check("high", percentage(101));
/// let wrong = fields.finish(|| Some((low?, high?))).unwrap_err();
/// assert_eq!(wrong.to_string(), "low must be from 0 to 100; high must be from 0 to 100");
/// ```
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    /// The parsed value, or `None` and the field remembered with the error's words (as "must be …").
    pub fn check<T, E: fmt::Display>(&mut self, field: impl Into<String>, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|error| self.reject(field, "invalid", error.to_string())).ok()
    }

    /// The value, or `None` and the field remembered as missing.
    pub fn required<T>(&mut self, field: impl Into<String>, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.reject(field, "required", "is required");
        }
        value
    }

    /// Remembers a broken rule; of very many, the first ones.
    pub fn reject(&mut self, field: impl Into<String>, code: &str, message: impl Into<String>) {
        if !self.is_full() {
            self.0.push(FieldError { field: field.into(), code: code.to_owned(), message: message.into() });
        }
    }

    /// Whether no more will be named.
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    /// What `build` makes of the checked values, or everything that is wrong.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, InvalidFields> {
        match build() {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(InvalidFields(self.0)),
        }
    }
}

/// A request whose fields break rules (422).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidFields(Vec<FieldError>);

impl InvalidFields {
    /// Every broken rule, or the first 50 of more.
    pub fn all(&self) -> &[FieldError] {
        &self.0
    }

    /// A single broken rule.
    pub fn one(field: &str, code: &str, message: impl Into<String>) -> Self {
        let mut fields = Fields::default();
        fields.reject(field, code, message);
        Self(fields.0)
    }
}

impl fmt::Display for InvalidFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().take(MOST_TOLD).enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{} {}", error.field, error.message)?;
        }
        f.write_str(if self.0.len() > MOST_TOLD { "; and more" } else { "" })
    }
}

impl std::error::Error for InvalidFields {}

impl Fault for InvalidFields {
    fn facts(&self) -> Facts {
        Facts { errors: self.0.clone(), ..Kind::Invalid.coded("invalid-fields") }
    }
}
