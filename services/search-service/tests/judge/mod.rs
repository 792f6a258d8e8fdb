//! How good answers are: queries over the demonstration catalogue, judged by hand. 3: what was meant; 2: good;
//! 1: bearable. The bench asks them too.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Places of an answer that are looked at.
pub const PLACES: usize = 10;

/// A query and the grades of the products that answer it, by SKU.
#[derive(Deserialize)]
pub struct Judged {
    pub query: String,
    relevant: BTreeMap<String, u32>,
}

/// What an answer is worth.
pub struct Verdict {
    /// Normalised discounted cumulative gain: 1 for the best possible order.
    pub ndcg: f64,
    /// Whether nothing is better than the first.
    pub first_is_right: bool,
}

pub fn queries() -> Vec<Judged> {
    serde_json::from_str(include_str!("../judged.json")).expect("the judged queries can be read")
}

impl Judged {
    pub fn verdict(&self, skus: &[&str]) -> Verdict {
        let grade = |sku: &&str| self.relevant.get(*sku).copied().unwrap_or(0);
        let mut best: Vec<u32> = self.relevant.values().copied().collect();
        best.sort_by(|a, b| b.cmp(a));
        let first_is_right = skus.first().is_some_and(|sku| self.relevant.get(*sku) == best.first());
        Verdict { ndcg: gain(skus.iter().map(grade)) / gain(best.iter().copied()), first_is_right }
    }
}

fn gain(grades: impl Iterator<Item = u32>) -> f64 {
    let gain =
        |(place, grade): (usize, u32)| (f64::from(2u32.pow(grade)) - 1.0) / (place as f64 + 2.0).log2();
    grades.take(PLACES).enumerate().map(gain).sum()
}
