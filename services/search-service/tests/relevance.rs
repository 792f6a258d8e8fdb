//! The judged queries are answered well.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod judge;
mod shelf;

use search_service::application::Index as _;

use crate::shelf::{demo, library, query};

#[tokio::test]
async fn the_judged_queries_are_answered_well() {
    let library = library(demo()).await;
    let judged = judge::queries();
    let (mut sum, mut first) = (0.0, 0);
    for judged in &judged {
        let found = library.search(&query(&judged.query)).expect("the index answers");
        let skus: Vec<&str> = found.hits.iter().map(|hit| hit.product.details.sku.as_str()).collect();
        let verdict = judged.verdict(&skus);
        if verdict.ndcg < 0.95 || !verdict.first_is_right {
            println!("{:30} NDCG@{} {:.3}: {skus:?}", judged.query, judge::PLACES, verdict.ndcg);
        }
        sum += verdict.ndcg;
        first += usize::from(verdict.first_is_right);
    }
    let (ndcg, first) = (sum / judged.len() as f64, first as f64 / judged.len() as f64);
    println!("{} queries: NDCG@{} {ndcg:.3}, first hit right {first:.3}", judged.len(), judge::PLACES);
    assert!(judged.len() >= 60 && ndcg >= 0.95 && first >= 0.95);
}
