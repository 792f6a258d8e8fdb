//! Helping while somebody types.

use std::sync::Arc;

use super::{Completion, Index, SearchError, Trends};

/// Completes what is being typed, by what is for sale and by what others search for.
pub struct Suggest {
    index: Arc<dyn Index>,
    trends: Arc<dyn Trends>,
}

impl Suggest {
    pub fn new(index: Arc<dyn Index>, trends: Arc<dyn Trends>) -> Self {
        Self { index, trends }
    }

    pub async fn run(&self, prefix: &str, limit: usize) -> Result<Vec<Completion>, SearchError> {
        // The trends are an extra: without Redis the catalogue is enough.
        let trends = self.trends.top().await.unwrap_or_default();
        let popular: Vec<String> = trends.iter().map(|trend| trend.text.clone()).collect();
        self.index.complete(prefix, &popular, limit)
    }
}
