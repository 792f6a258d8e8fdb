//! What makes one product a better answer than another. All numbers that decide are here; the judged queries in
//! `tests/judged.json` say whether they are good.

/// How often a word counts that stands in each part of a product.
pub mod boost {
    pub const NAME: u32 = 10;
    pub const SKU: u32 = 10;
    pub const CATEGORY: u32 = 6;
    pub const BRAND: u32 = 6;
    pub const ATTRIBUTE: u32 = 3;
    pub const DESCRIPTION: u32 = 2;
}

/// How well a word of the index answers a word of the query.
pub mod likeness {
    pub const SAME: f32 = 1.0;
    pub const STEM: f32 = 0.95;
    pub const JOINED: f32 = 0.95;
    pub const SPLIT: f32 = 0.9;
    pub const SYNONYM: f32 = 0.8;
    pub const BEGINNING: f32 = 0.6;
    pub const ONE_EDIT: f32 = 0.5;
    pub const TWO_EDITS: f32 = 0.35;
    /// Nobody mistypes the first letter as often as another.
    pub const OTHER_FIRST_LETTER: f32 = 0.7;
}

/// What of a query may be mistyped. To look for what a word may mean costs as much as the rest of a search.
pub mod mistyped {
    /// Words of one query, the first: more mistakes nobody makes at once.
    pub const WORDS: usize = 6;
    /// Letters of a word.
    pub const LETTERS: usize = 24;
}

/// What a product loses that can't be had right now.
pub const OUT_OF_STOCK: f32 = 0.9;

/// BM25's saturation: a word of the description alone is worth about a third of one of the name.
const K1: f32 = 6.0;
/// BM25's punishment of long texts.
const B: f32 = 0.35;
/// The weighted length of a usual product. A constant, not the catalogue's average: one product more must not
/// move all others, or pages would shake.
const USUAL_LENGTH: f32 = 120.0;

/// BM25 of a word in a product: `frequency` and `length` are weighted by the boosts.
pub fn bm25(rarity: f32, frequency: f32, length: f32) -> f32 {
    let length = (length / USUAL_LENGTH).min(4.0);
    rarity * frequency * (K1 + 1.0) / (frequency + K1 * (1.0 - B + B * length))
}

/// How much a word says that stands in `containing` of `all` products, in quarter steps, so that one product
/// more or less rarely changes it.
pub fn rarity(containing: u32, all: u32) -> f32 {
    let (containing, all) = (containing as f32, all.max(containing) as f32);
    let idf = (1.0 + (all - containing + 0.5) / (containing + 0.5)).ln();
    (idf * 4.0).round().max(1.0) / 4.0
}

/// How many edits a mistyped word may be away.
pub fn edits(word: &str) -> u8 {
    match word.chars().count() {
        _ if word.bytes().any(|b| b.is_ascii_digit()) => 0,
        0..4 => 0,
        4..8 => 1,
        _ => 2,
    }
}

/// When no product has all words of a query: how many of them a product must have.
pub fn enough(words: u32) -> u32 {
    match words {
        0..=2 => 1,
        3 => 2,
        words => words * 3 / 5,
    }
}

/// Words that say nothing of what is looked for.
pub fn is_filler(word: &str) -> bool {
    const FILLERS: [&str; 26] = [
        "a", "an", "and", "are", "as", "at", "by", "cho", "for", "from", "i", "in", "is", "it", "my", "of",
        "on", "or", "some", "that", "the", "this", "to", "va", "with", "your",
    ];
    FILLERS.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_words_and_numbers_must_be_right() {
        for (word, expected) in [("tea", 0), ("wach", 1), ("headfon", 1), ("headfone", 2), ("zen14book", 0)] {
            assert_eq!(edits(word), expected, "{word}");
        }
    }

    #[test]
    fn fillers_are_sorted() {
        for word in ["a", "cho", "your", "the"] {
            assert!(is_filler(word), "{word}");
        }
        assert!(!is_filler("tent"));
    }

    proptest! {
        #[test]
        fn a_rarer_word_says_no_less(a in 1u32..10_000, b in 1u32..10_000) {
            let (rare, common) = (a.min(b), a.max(b));
            prop_assert!(rarity(rare, 10_000) >= rarity(common, 10_000));
            prop_assert!(rarity(common, 10_000) > 0.0);
        }

        #[test]
        fn more_is_better_and_longer_is_worse(tf in 1u32..100, length in 1u32..1000) {
            let (tf, length) = (tf as f32, length as f32);
            prop_assert!(bm25(1.0, tf + 1.0, length) > bm25(1.0, tf, length));
            prop_assert!(bm25(1.0, tf, length) >= bm25(1.0, tf, length + 1.0));
        }
    }
}
