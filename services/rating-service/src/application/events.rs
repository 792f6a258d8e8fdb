//! What the service tells the others; docs/EVENTS.md.

use config::kafka::Event;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::Summary;

/// How many ratings of each number of stars there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Histogram {
    #[serde(rename = "1")]
    pub one: u32,
    #[serde(rename = "2")]
    pub two: u32,
    #[serde(rename = "3")]
    pub three: u32,
    #[serde(rename = "4")]
    pub four: u32,
    #[serde(rename = "5")]
    pub five: u32,
}

impl From<Summary> for Histogram {
    fn from(summary: Summary) -> Self {
        let [one, two, three, four, five] = summary.counts();
        Self { one, two, three, four, five }
    }
}

/// A product's ratings have changed; changes that follow one another closely are told as one.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RatingChanged {
    pub product_id: String,
    pub average: f64,
    pub count: u64,
    pub histogram: Histogram,
    pub version: u64,
}

impl Event for RatingChanged {
    const TOPIC: &'static str = "rating-events";
    const TYPE: &'static str = "rating_changed";

    fn key(&self) -> String {
        self.product_id.clone()
    }
}
