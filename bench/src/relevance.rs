//! How good the answers of the search are, over the demonstration's products.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::Error;
use crate::client::{Call, Client};

/// The same queries and the same sums as in the search's own test.
#[path = "../../services/search-service/tests/judge/mod.rs"]
mod judge;

#[derive(Serialize)]
pub struct Relevance {
    pub queries: usize,
    /// The mean NDCG@10.
    pub ndcg: f64,
    /// The share of queries whose first hit is right.
    pub first_hits: f64,
}

/// Asks all of them through the gateway. Only the demonstration's products may be in the shop.
pub async fn judge(gateway: &str) -> Result<Relevance, Error> {
    let mut client = Client::new(gateway);
    let queries = judge::queries();
    let (mut ndcg, mut first_hits) = (0.0, 0.0);
    for judged in &queries {
        let keyword = utf8_percent_encode(&judged.query, NON_ALPHANUMERIC);
        let path = format!("/api/search/?keyword={keyword}&limit={}", judge::PLACES);
        let found = client.json(&Call::get(path)).await?;
        let hits = found["results"].as_array().map(Vec::as_slice).unwrap_or_default();
        let skus: Vec<&str> = hits.iter().filter_map(|hit| hit["sku"].as_str()).collect();
        let verdict = judged.verdict(&skus);
        ndcg += verdict.ndcg;
        first_hits += f64::from(u8::from(verdict.first_is_right));
    }
    let count = queries.len() as f64;
    Ok(Relevance { queries: queries.len(), ndcg: ndcg / count, first_hits: first_hits / count })
}
