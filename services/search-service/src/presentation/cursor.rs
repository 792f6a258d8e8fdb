//! Where an answer goes on: the place in its order of the last product that was shown.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::domain::{After, Sort, SortKey};

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

pub fn write(after: &After, sort: Sort) -> Option<String> {
    let (text, number, id) = match after {
        After::Text(text, id) => (Some(text.clone()), None, id),
        After::Number(number, id) => (None, Some(*number), id),
    };
    let cursor = Cursor { sort: sort.to_string(), text, number, id: id.to_string() };
    serde_json::to_vec(&cursor).ok().map(|json| URL_SAFE_NO_PAD.encode(json))
}

pub fn read(cursor: &str, sort: Sort) -> Result<After, &'static str> {
    let read = || {
        let cursor: Cursor = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let id = cursor.id.parse().ok()?;
        let after = match (cursor.text, cursor.number) {
            (Some(text), None) if sort.key == SortKey::Name => After::Text(text, id),
            // The ends of the numbers can't be turned around.
            (None, Some(number)) if sort.key != SortKey::Name && number > i64::MIN => {
                After::Number(number, id)
            }
            _ => return None,
        };
        (cursor.sort == sort.to_string()).then_some(after)
    };
    read().ok_or("must be the next_cursor of an earlier answer in the same order")
}
