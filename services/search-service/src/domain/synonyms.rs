//! Words that mean the same.

use std::collections::HashMap;
use std::str::FromStr;

use super::text::{stem, words};

/// The longest phrase that can be a synonym.
const LONGEST: usize = 4;

/// Groups of phrases. A phrase of a query is answered by its own words and by those of its group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Synonyms {
    /// From a phrase, by the stems of its words, to what else it may be called, in folded words.
    groups: HashMap<Vec<String>, Vec<Vec<String>>>,
    text: String,
}

/// A line that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line} must be phrases of at most {LONGEST} words between commas, optionally with one => between them"
)]
pub struct SynonymError {
    pub line: usize,
}

impl Synonyms {
    /// What else the first words may mean: how many words that is, and the alternatives. Longer phrases first.
    pub fn of<'a>(&'a self, stems: &'a [String]) -> impl Iterator<Item = (usize, &'a [Vec<String>])> {
        let longest = stems.len().min(LONGEST);
        (1..=longest).rev().filter_map(|n| Some((n, self.groups.get(&stems[..n])?.as_slice())))
    }

    /// What it was read from: answers depend on it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn add(&mut self, from: &[String], to: &[String]) {
        let key = from.iter().map(|word| stem(word).into_owned()).collect();
        let meanings = self.groups.entry(key).or_default();
        if from != to && !meanings.iter().any(|known| known == to) {
            meanings.push(to.to_vec());
        }
    }
}

/// Solr's format: `a, b` means each other; `a, b => c` leads from a and b to c; `#` begins a comment.
impl FromStr for Synonyms {
    type Err = SynonymError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut synonyms = Self { text: text.to_owned(), ..Self::default() };
        for (index, line) in text.lines().enumerate() {
            let error = SynonymError { line: index + 1 };
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let (from, to) = match line.split_once("=>") {
                Some((from, to)) => (phrases(from).ok_or_else(|| error.clone())?, phrases(to).ok_or(error)?),
                None => {
                    let all = phrases(line).filter(|all| all.len() > 1).ok_or(error)?;
                    (all.clone(), all)
                }
            };
            for from in &from {
                to.iter().for_each(|to| synonyms.add(from, to));
            }
        }
        Ok(synonyms)
    }
}

fn phrases(list: &str) -> Option<Vec<Vec<String>>> {
    let phrase = |text: &str| {
        let words: Vec<String> = words(text).map(|word| word.folded.into_owned()).collect();
        (1..=LONGEST).contains(&words.len()).then_some(words)
    };
    list.split(',').map(phrase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meanings(synonyms: &Synonyms, phrase: &str) -> Vec<String> {
        let stems: Vec<String> = words(phrase).map(|word| stem(&word.folded).into_owned()).collect();
        let all = synonyms.of(&stems).flat_map(|(_, meanings)| meanings.iter());
        all.map(|words| words.join(" ")).collect()
    }

    #[test]
    fn a_group_means_each_other_in_any_number_and_without_accents() {
        let synonyms: Synonyms = "# phones\nphone, smartphone, điện thoại # all".parse().unwrap();
        assert_eq!(meanings(&synonyms, "Phones"), ["smartphone", "dien thoai"]);
        assert_eq!(meanings(&synonyms, "dien thoai cu"), ["phone", "smartphone"]);
        assert!(meanings(&synonyms, "dien").is_empty());
    }

    #[test]
    fn an_arrow_leads_one_way() {
        let synonyms: Synonyms = "macbook, thinkpad => laptop".parse().unwrap();
        assert_eq!(meanings(&synonyms, "thinkpads"), ["laptop"]);
        assert!(meanings(&synonyms, "laptop").is_empty());
    }

    #[test]
    fn a_bad_line_is_named() {
        for bad in ["a, b\nalone", "a, b\na,,b", "a, b\n=> x", "a, b\none two three four five, x"] {
            assert_eq!(bad.parse::<Synonyms>(), Err(SynonymError { line: 2 }), "{bad}");
        }
    }

    #[test]
    fn the_shops_own_are_good() {
        assert!(include_str!("../../synonyms.txt").parse::<Synonyms>().is_ok());
    }
}
