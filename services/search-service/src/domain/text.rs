//! Words, as they are compared: without case, without accents, and by their stem.

use std::borrow::Cow;
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Longer words are cut: nobody types them, and an index must not grow by them.
const LONGEST: usize = 40;

static ENGLISH: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::English));

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word<'a> {
    /// As it is compared.
    pub folded: Cow<'a, str>,
    /// Where it stands in the text, in bytes.
    pub start: usize,
    pub end: usize,
    /// Whether only a hyphen or an apostrophe stands between it and the word before.
    pub joined: bool,
}

/// The text in lower case without accents: `Điện thoại` → `dien thoai`.
pub fn folded(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    if text.is_ascii() {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'đ' => plain.push('d'),
            'ø' => plain.push('o'),
            'ł' => plain.push('l'),
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            // Lower case may bring marks back: İ.
            c if is_combining_mark(c) => {}
            c => plain.push(c),
        }
    }
    Cow::Owned(plain)
}

/// The words of a text: runs of letters and digits. A decimal number is one word; an apostrophe is no border.
pub fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut before: Option<usize> = None;
    places(text).map(move |(start, end)| {
        let between = before.replace(end).map(|before| &text[before..start]);
        let joined = matches!(between, Some("-" | "\u{2010}" | "\u{2011}" | "/" | "+"));
        Word { folded: as_compared(&text[start..end]), start, end, joined }
    })
}

/// Where the words stand, in bytes.
pub fn places(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text[from..].find(char::is_alphanumeric)?;
        from = start + end_of_word(&text[start..]);
        Some((start, from))
    })
}

/// A word as it is compared with others.
pub fn as_compared(word: &str) -> Cow<'_, str> {
    let cut = word.char_indices().nth(LONGEST).map_or(word.len(), |(at, _)| at);
    plain(folded(&word[..cut]))
}

fn end_of_word(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    let mut last_is_digit = false;
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let goes_on = match c {
            c if c.is_alphanumeric() || is_combining_mark(c) => true,
            '.' | ',' => last_is_digit && next.is_some_and(|next| next.is_ascii_digit()),
            '\'' | '’' => next.is_some_and(char::is_alphabetic),
            _ => false,
        };
        if !goes_on {
            return at;
        }
        last_is_digit = c.is_ascii_digit();
    }
    text.len()
}

/// `6,5` is `6.5`, `don't` is `dont`; an Arabic sign that is a mark over a space is no space.
fn plain(word: Cow<'_, str>) -> Cow<'_, str> {
    match word.contains([',', '\'', '’', ' ']) {
        true => Cow::Owned(word.replace(',', ".").replace(['\'', '’', ' '], "")),
        false => word,
    }
}

/// The English stem of a folded word; words of other languages mostly stay as they are.
pub fn stem(word: &str) -> Cow<'_, str> {
    let plain = word.len() > 3 && word.bytes().all(|b| b.is_ascii_lowercase());
    if plain { ENGLISH.stem(word) } else { Cow::Borrowed(word) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<String> {
        words(text).map(|word| word.folded.into_owned()).collect()
    }

    #[test]
    fn vietnamese_is_read_without_its_accents() {
        assert_eq!(split("Điện thoại Sen"), ["dien", "thoai", "sen"]);
        // The same, its accents apart from its letters.
        let apart: String = "Điện thoại".nfd().collect();
        assert_eq!(split(&apart), ["dien", "thoai"]);
        assert_eq!(folded("Phở ĐẶC BIỆT"), "pho dac biet");
    }

    #[test]
    fn words_end_where_people_see_their_end() {
        assert_eq!(
            split("T-shirt, 6,5 inch (1.8 l): don't!"),
            ["t", "shirt", "6.5", "inch", "1.8", "l", "dont"]
        );
        assert_eq!(split("Kampot & Phú Quốc 40°N"), ["kampot", "phu", "quoc", "40", "n"]);
        let joined: Vec<bool> = words("pull-up bar").map(|word| word.joined).collect();
        assert_eq!(joined, [false, true, false]);
        assert!(split(" .,- ' ").is_empty());
        assert_eq!(split("a\u{fc5e}b"), ["ab"]);
    }

    #[test]
    fn plurals_share_their_stem() {
        for (one, many) in [("laptop", "laptops"), ("battery", "batteries"), ("knife", "knifes")] {
            assert_eq!(stem(one), stem(many));
        }
        assert_eq!(stem("512"), "512");
    }

    proptest! {
        #[test]
        fn any_text_has_words(text in "\\PC{0,80}") {
            for word in words(&text) {
                prop_assert!(word.start < word.end && text.is_char_boundary(word.start));
                prop_assert!(text.get(word.start..word.end).is_some());
                prop_assert!(word.folded.chars().all(|c| !c.is_whitespace()));
            }
        }

        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = folded(&text).into_owned();
            prop_assert_eq!(folded(&once), once.as_str());
        }
    }
}
