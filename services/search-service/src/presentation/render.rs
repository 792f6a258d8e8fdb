//! An answer as it is kept: all of it but how it came about this time.

use std::time::Duration;

use bytes::Bytes;
use config::money::Currency;
use serde::Serialize;

use super::cursor;
use super::dto::{FacetsDto, ResultDto};
use crate::application::{Answer, Found};
use crate::domain::Query;

/// The members of [`SearchAnswer`](super::dto::SearchAnswer) that don't change.
#[derive(Serialize)]
struct Kept<'a> {
    keyword: &'a str,
    results: Vec<ResultDto>,
    count: usize,
    total: u64,
    facets: FacetsDto,
    sort: String,
    skip: u32,
    limit: u32,
    next_cursor: Option<String>,
    did_you_mean: Option<&'a str>,
}

/// The JSON of the answer, its last brace missing.
pub fn keep(query: &Query, found: &Found, currency: Currency) -> Bytes {
    let kept = Kept {
        keyword: query.keyword.as_str(),
        results: found.hits.iter().map(ResultDto::from).collect(),
        count: found.hits.len(),
        total: found.total,
        facets: FacetsDto::new(&found.facets, currency),
        sort: query.sort.to_string(),
        skip: query.skip,
        limit: query.limit,
        next_cursor: found.next.as_ref().and_then(|after| cursor::write(after, query.sort)),
        did_you_mean: found.did_you_mean.as_deref(),
    };
    let mut json = serde_json::to_vec(&kept).expect("the answer's members are plain JSON");
    json.pop();
    json.into()
}

/// The whole answer.
pub fn complete(answer: &Answer, took: Duration) -> Bytes {
    let took = took.as_micros() as f64 / 1000.0;
    let end = format!(",\"from_cache\":{},\"took_ms\":{took}}}", answer.from_cache);
    let mut json = Vec::with_capacity(answer.body.len() + end.len());
    json.extend_from_slice(&answer.body);
    json.extend_from_slice(end.as_bytes());
    json.into()
}
