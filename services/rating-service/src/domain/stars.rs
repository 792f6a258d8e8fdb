//! One to five stars.

/// How much somebody likes a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stars(u8);

/// A number that isn't one of stars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 5")]
pub struct StarsError;

impl Stars {
    pub fn new(stars: i64) -> Result<Self, StarsError> {
        u8::try_from(stars).ok().filter(|stars| (1..=5).contains(stars)).map(Self).ok_or(StarsError)
    }

    pub const fn get(self) -> u8 {
        self.0
    }

    /// Where this is in a list that begins with one star.
    pub(super) fn index(self) -> usize {
        usize::from(self.0 - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_five() {
        assert_eq!((1..=5).filter_map(|n| Stars::new(n).ok()).count(), 5);
        for bad in [0, 6, -1, i64::MAX, 256 + 3] {
            assert_eq!(Stars::new(bad), Err(StarsError), "{bad}");
        }
    }
}
