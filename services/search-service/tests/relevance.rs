//! How good the answers are: queries over the demonstration catalogue, judged by hand. 3: what was meant; 2: good;
//! 1: bearable.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod shelf;

use std::collections::BTreeMap;

use search_service::application::Index as _;
use serde::Deserialize;

use crate::shelf::{demo, library, query};

/// Places of an answer that are looked at.
const PLACES: usize = 10;

#[derive(Deserialize)]
struct Judged {
    query: String,
    relevant: BTreeMap<String, u32>,
}

fn gain(grades: impl Iterator<Item = u32>) -> f64 {
    let gain =
        |(place, grade): (usize, u32)| (f64::from(2u32.pow(grade)) - 1.0) / (place as f64 + 2.0).log2();
    grades.take(PLACES).enumerate().map(gain).sum()
}

#[tokio::test]
async fn the_judged_queries_are_answered_well() {
    let library = library(demo()).await;
    let judged: Vec<Judged> = serde_json::from_str(include_str!("judged.json")).unwrap();
    let (mut sum, mut first) = (0.0, 0);
    for Judged { query: keyword, relevant } in &judged {
        let found = library.search(&query(keyword)).unwrap();
        let skus: Vec<&str> = found.hits.iter().map(|hit| hit.product.details.sku.as_str()).collect();
        let grade = |sku: &&str| relevant.get(*sku).copied().unwrap_or(0);
        let mut best: Vec<u32> = relevant.values().copied().collect();
        best.sort_by(|a, b| b.cmp(a));
        let ndcg = gain(skus.iter().map(grade)) / gain(best.iter().copied());
        let right = skus.first().is_some_and(|sku| relevant.get(*sku) == best.first());
        if ndcg < 0.95 || !right {
            println!("{keyword:30} NDCG@10 {ndcg:.3}: {skus:?}");
        }
        sum += ndcg;
        first += usize::from(right);
    }
    let (ndcg, first) = (sum / judged.len() as f64, first as f64 / judged.len() as f64);
    println!("{} queries: NDCG@10 {ndcg:.3}, first hit right {first:.3}", judged.len());
    assert!(judged.len() >= 60 && ndcg >= 0.95 && first >= 0.95);
}
