//! How a product's ratings add up.

use super::Stars;

/// The published ratings of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// How many of each, from one star to five.
    counts: [u32; 5],
    version: u64,
}

impl Summary {
    pub const fn new(counts: [u32; 5], version: u64) -> Self {
        Self { counts, version }
    }

    /// Grows with every change.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// From one star to five.
    pub const fn counts(&self) -> [u32; 5] {
        self.counts
    }

    pub fn with(&self, stars: Stars) -> u64 {
        self.counts[stars.index()].into()
    }

    pub fn count(&self) -> u64 {
        self.counts.iter().copied().map(u64::from).sum()
    }

    /// All stars together.
    pub fn sum(&self) -> u64 {
        (1..).zip(self.counts).map(|(stars, count): (u64, u32)| stars * u64::from(count)).sum()
    }

    /// Hundredths of a star, rounded half up; 0 without ratings.
    pub fn average_hundredths(&self) -> u64 {
        match self.count() {
            0 => 0,
            count => (200 * self.sum() + count) / (2 * count),
        }
    }

    /// As people read it: 4.33.
    pub fn average(&self) -> f64 {
        self.average_hundredths() as f64 / 100.0
    }

    /// What a rating that counted as `before` and now counts as `after` changes, from one star to five.
    pub fn change(before: Option<Stars>, after: Option<Stars>) -> [i32; 5] {
        let mut change = [0; 5];
        if let Some(stars) = before {
            change[stars.index()] -= 1;
        }
        if let Some(stars) = after {
            change[stars.index()] += 1;
        }
        change
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stars() -> impl Strategy<Value = Option<Stars>> {
        (0i64..=5).prop_map(|n| Stars::new(n).ok())
    }

    #[test]
    fn averages_are_rounded_half_up() {
        let average = |counts| Summary::new(counts, 1).average();
        assert_eq!(average([0; 5]), 0.0);
        assert_eq!(average([0, 0, 0, 0, 7]), 5.0);
        assert_eq!(average([0, 0, 0, 2, 1]), 4.33);
        assert_eq!(average([0, 0, 0, 1, 2]), 4.67);
        // 4.125 exactly.
        assert_eq!(average([0, 0, 0, 7, 1]), 4.13);
    }

    proptest! {
        #[test]
        fn changes_add_up_to_what_is_there_in_the_end(steps in proptest::collection::vec((0usize..20, stars()), 0..200)) {
            let mut ratings = [None; 20];
            let mut counts = [0i32; 5];
            for (who, after) in steps {
                for (count, change) in counts.iter_mut().zip(Summary::change(ratings[who], after)) {
                    *count += change;
                }
                ratings[who] = after;
            }
            let all: Vec<u64> = ratings.into_iter().flatten().map(|stars| stars.get().into()).collect();
            let summary = Summary::new(counts.map(|count| u32::try_from(count).unwrap()), 1);
            prop_assert_eq!(summary.count(), all.len() as u64);
            prop_assert_eq!(summary.sum(), all.iter().sum::<u64>());
            if !all.is_empty() {
                let exact = all.iter().sum::<u64>() as f64 / all.len() as f64;
                prop_assert!((summary.average() - exact).abs() <= 0.005 + 1e-9);
            }
        }
    }
}
