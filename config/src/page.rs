//! Lists: `skip` and `limit`, or a cursor.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use poem_openapi::Object;
use poem_openapi::types::{ParseFromJSON, ToJSON};

use crate::problem::{Fields, InvalidFields};

const DEFAULT_LIMIT: u32 = 10;
const MAX_LIMIT: u32 = 100;
/// Further in, a cursor is the way: a database reads all it skips.
const MAX_SKIP: u32 = 100_000;

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    pub skip: u32,
    /// 1 to 100.
    pub limit: u32,
    /// Only records after this id, in the list's order.
    pub after: Option<u64>,
}

impl Paging {
    /// From the query's parameters.
    pub fn parse(skip: Option<i64>, limit: Option<i64>, cursor: Option<&str>) -> Result<Self, InvalidFields> {
        let mut fields = Fields::default();
        let paging = Self::check(&mut fields, skip, limit, cursor);
        fields.finish(|| paging)
    }

    /// The same beside other parameters, so that all wrong ones are named at once.
    pub fn check(
        fields: &mut Fields,
        skip: Option<i64>,
        limit: Option<i64>,
        cursor: Option<&str>,
    ) -> Option<Self> {
        let skip = fields.check("skip", within(skip, 0, 0, MAX_SKIP));
        let limit = fields.check("limit", within(limit, DEFAULT_LIMIT, 1, MAX_LIMIT));
        let after = fields.check("cursor", cursor.map(decode).transpose());
        Some(Self { skip: skip?, limit: limit?, after: after? })
    }
}

/// A number that is asked for, from `least` to `most`; `default` when none is.
pub fn within(value: Option<i64>, default: u32, least: u32, most: u32) -> Result<u32, String> {
    let value = value.map_or(Some(default), |value| u32::try_from(value).ok());
    value.filter(|v| (least..=most).contains(v)).ok_or_else(|| format!("must be from {least} to {most}"))
}

fn decode(cursor: &str) -> Result<u64, &'static str> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
    bytes.map(u64::from_be_bytes).ok_or("must be the next_cursor of an earlier answer")
}

/// The cursor of the records after this one.
pub fn cursor(id: u64) -> String {
    URL_SAFE_NO_PAD.encode(id.to_be_bytes())
}

/// A part of a list, as the use cases give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice<T> {
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u64,
}

/// A part of a list, as clients get it.
#[derive(Debug, Clone, Object)]
pub struct Page<T: ParseFromJSON + ToJSON> {
    pub items: Vec<T>,
    /// How many are here.
    pub count: u64,
    /// How many there are in all.
    pub total: u64,
    /// What to pass as `cursor` for the next part; null at the end.
    pub next_cursor: Option<String>,
}

impl<T: ParseFromJSON + ToJSON> Page<T> {
    /// `id` is what the list is ordered by.
    pub fn new<R>(slice: Slice<R>, paging: Paging, id: impl Fn(&R) -> u64, show: impl Fn(R) -> T) -> Self {
        let full = slice.items.len() == paging.limit as usize;
        // Behind a cursor nobody knows how many were before it: a full part may be the last one there.
        let seen = u64::from(paging.skip) + slice.items.len() as u64;
        let goes_on = full && (paging.after.is_some() || seen < slice.total);
        let next_cursor = slice.items.last().filter(|_| goes_on).map(|last| cursor(id(last)));
        let items: Vec<T> = slice.items.into_iter().map(show).collect();
        Self { count: items.len() as u64, items, total: slice.total, next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_has_no_cursor_though_it_is_full() {
        for (skip, after, items, goes_on) in [
            (0, None, vec![1, 2], true),
            (1, None, vec![2, 3], true),
            (2, None, vec![3, 4], false),
            (3, None, vec![4], false),
            (0, Some(1), vec![2, 3], true),
            (0, Some(3), vec![4], false),
        ] {
            let paging = Paging { skip, limit: 2, after };
            let last = items.last().copied();
            let page = Page::<u64>::new(Slice { items, total: 4 }, paging, |id| *id, |id| id);
            assert_eq!(page.next_cursor, last.filter(|_| goes_on).map(cursor), "{skip} {after:?}");
        }
    }
}
