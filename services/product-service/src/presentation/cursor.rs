//! Where a list goes on: the place in its order of the last product that was shown.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::application::{After, ListQuery, Sort, SortValue};
use crate::domain::Product;

/// A cursor belongs to one order: in another its place means nothing.
#[derive(Serialize, Deserialize)]
struct Cursor {
    sort: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<i64>,
    id: String,
}

/// What leads to the products after these, if there may be any.
pub fn next(query: &ListQuery, shown: &[Product]) -> Option<String> {
    let last = shown.last().filter(|_| shown.len() == query.limit as usize)?;
    let (text, number) = match query.sort.key.of(last) {
        SortValue::Text(text) => (Some(text), None),
        SortValue::Number(number) => (None, Some(number)),
    };
    let cursor = Cursor { sort: query.sort.to_string(), text, number, id: last.id.to_string() };
    serde_json::to_vec(&cursor).ok().map(|json| URL_SAFE_NO_PAD.encode(json))
}

/// The place that a cursor leads to.
pub fn parse(cursor: &str, sort: Sort) -> Result<After, &'static str> {
    let read = || {
        let json = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let cursor: Cursor = serde_json::from_slice(&json).ok()?;
        let value = match (cursor.text, cursor.number) {
            (Some(text), None) if sort.key.is_text() => SortValue::Text(text),
            (None, Some(number)) if !sort.key.is_text() => SortValue::Number(number),
            _ => return None,
        };
        (cursor.sort == sort.to_string()).then_some(After { value, id: cursor.id.parse().ok()? })
    };
    read().ok_or("must be the next_cursor of an earlier answer in the same order")
}
