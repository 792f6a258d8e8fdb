//! Which queries were asked lately.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::Query;

/// Queries that are remembered.
const PLACES: usize = 1 << 13;

/// Fingerprints of queries, each in the place that its value names: a newer one pushes an older one out.
pub struct Familiar {
    places: Box<[AtomicU64]>,
    hasher: RandomState,
}

impl Familiar {
    pub fn new() -> Self {
        Self { places: (0..PLACES).map(|_| AtomicU64::new(0)).collect(), hasher: RandomState::new() }
    }

    /// Whether the query was asked before. From now on it was.
    pub fn again(&self, query: &Query) -> bool {
        let fingerprint = self.hasher.hash_one(query);
        let place = &self.places[fingerprint as usize % PLACES];
        place.swap(fingerprint, Ordering::Relaxed) == fingerprint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Filters, Sort};

    fn query(keyword: &str) -> Query {
        let keyword = keyword.parse().unwrap();
        Query { keyword, filters: Filters::default(), sort: Sort::NEWEST, after: None, skip: 0, limit: 10 }
    }

    #[test]
    fn a_query_is_familiar_when_it_comes_again() {
        let familiar = Familiar::new();
        assert!(!familiar.again(&query("lamp")));
        assert!(familiar.again(&query("lamp")));
        assert!(!familiar.again(&query("desk")));
    }

    #[test]
    fn newer_queries_push_older_ones_out() {
        let familiar = Familiar::new();
        familiar.again(&query("lamp"));
        (0..PLACES * 20).for_each(|n| _ = familiar.again(&query(&n.to_string())));
        assert!(!familiar.again(&query("lamp")));
    }
}
