//! Which words of the index answer a query.

use std::collections::HashSet;

use tantivy::TantivyError;

use super::lookalikes::Lookalikes;
use super::snapshot::Snapshot;
use super::words::{STEM, stemmed};
use crate::domain::relevance::{edits, is_filler, likeness};
use crate::domain::{Marker, Synonyms, stem, words};

/// Words of a query that are looked for.
const WORDS: usize = 24;
/// Words that one beginning, or one mistake, may stand for.
const EXPANSIONS: usize = 24;

/// A word of the query may be answered by any of its leaves.
#[derive(Debug)]
pub struct Plan {
    /// The words that are looked for, folded.
    pub words: Vec<String>,
    pub leaves: Vec<Leaf>,
    /// For each word, what it was taken for, if it was taken for a mistake.
    pub corrections: Vec<Vec<String>>,
    /// Whether every word is one of the catalogue or a synonym.
    pub verbatim: bool,
}

/// Terms of the index that a product must have all, to answer some of the query's words.
#[derive(Debug)]
pub struct Leaf {
    /// The words that it answers, a bit each.
    pub answers: u32,
    pub terms: Vec<String>,
    pub likeness: f32,
    /// Whether it is the word itself.
    pub own: bool,
}

/// Which words may be mistyped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tolerance {
    /// Those that nothing in the catalogue answers.
    Unknown,
    /// All: what they mean as they stand isn't to be found together.
    All,
}

struct Planner<'a> {
    snapshot: &'a Snapshot,
    plan: Plan,
    known: Vec<bool>,
}

impl Plan {
    pub fn new(
        snapshot: &Snapshot,
        synonyms: &Synonyms,
        keyword: &str,
        tolerance: Tolerance,
        lookalikes: &mut Lookalikes<'_>,
    ) -> Result<Self, TantivyError> {
        let all: Vec<String> = words(keyword).take(WORDS).map(|word| word.folded.into_owned()).collect();
        let telling: Vec<String> = all.iter().filter(|word| !is_filler(word)).cloned().collect();
        let words = if telling.is_empty() { all } else { telling };
        let count = words.len();
        let plan = Self { words, leaves: Vec::new(), corrections: vec![Vec::new(); count], verbatim: true };
        let mut planner = Planner { snapshot, plan, known: vec![false; count] };
        planner.synonyms(synonyms)?;
        for at in 0..count {
            planner.word(at)?;
        }
        planner.plan.verbatim = planner.known.iter().all(|known| *known);
        for at in 0..count {
            planner.unfinished(at)?;
        }
        for at in 0..count {
            if !planner.known[at] || tolerance == Tolerance::All {
                planner.mistyped(at, tolerance, lookalikes)?;
            }
        }
        Ok(planner.plan)
    }

    /// What marks the answers in a text.
    pub fn marker(&self) -> Marker {
        let mut marker = Marker::default();
        for term in self.leaves.iter().flat_map(|leaf| &leaf.terms) {
            match term.strip_prefix(STEM) {
                Some(stem) => marker.stem(stem),
                None => marker.word(term),
            }
        }
        marker
    }
}

impl Planner<'_> {
    fn add(&mut self, answers: u32, terms: Vec<String>, likeness: f32) {
        self.plan.leaves.push(Leaf { answers, terms, likeness, own: false });
    }

    fn has(&self, term: &str) -> Result<bool, TantivyError> {
        for segment in &self.snapshot.segments {
            if segment.has(term)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn know(&mut self, from: usize, count: usize) -> u32 {
        self.known[from..from + count].fill(true);
        ((1 << count) - 1) << from
    }

    /// The word itself and its other forms; with the next as one; as two.
    fn word(&mut self, at: usize) -> Result<(), TantivyError> {
        let word = self.plan.words[at].clone();
        let stem = stemmed(&word);
        for (term, likeness) in [(word.clone(), likeness::SAME), (stem, likeness::STEM)] {
            if self.has(&term)? {
                let answers = self.know(at, 1);
                self.plan.leaves.push(Leaf { answers, terms: vec![term], likeness, own: true });
            }
        }
        if let Some(next) = self.plan.words.get(at + 1) {
            let joined = stemmed(&format!("{word}{next}"));
            if self.has(&joined)? {
                let answers = self.know(at, 2);
                self.add(answers, vec![joined], likeness::JOINED);
            }
        }
        if !self.known[at] {
            for (middle, _) in word.char_indices().skip(1) {
                let (left, right) = word.split_at(middle);
                if !may_split(left, right) {
                    continue;
                }
                let terms = vec![stemmed(left), stemmed(right)];
                if self.has(&terms[0])? && self.has(&terms[1])? {
                    let answers = self.know(at, 1);
                    self.add(answers, terms, likeness::SPLIT);
                }
            }
        }
        Ok(())
    }

    fn synonyms(&mut self, synonyms: &Synonyms) -> Result<(), TantivyError> {
        let stems: Vec<String> = self.plan.words.iter().map(|word| stem(word).into_owned()).collect();
        for at in 0..stems.len() {
            for (count, meanings) in synonyms.of(&stems[at..]) {
                for meaning in meanings {
                    let terms: Vec<String> = meaning.iter().map(|word| stemmed(word)).collect();
                    let mut all = true;
                    for term in &terms {
                        all = all && self.has(term)?;
                    }
                    if all {
                        let answers = self.know(at, count);
                        self.add(answers, terms, likeness::SYNONYM);
                    }
                }
            }
        }
        Ok(())
    }

    /// Words that begin so: of the last word, which may still be being typed, and of those that are none.
    fn unfinished(&mut self, at: usize) -> Result<(), TantivyError> {
        let word = self.plan.words[at].clone();
        let length = word.chars().count();
        if length < 2 || (self.known[at] && at + 1 < self.plan.words.len()) {
            return Ok(());
        }
        let mut found = Vec::new();
        for segment in &self.snapshot.segments {
            segment.beginning(&word, &mut found)?;
        }
        found.retain(|other| *other != word);
        found.sort_unstable_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        found.dedup();
        found.truncate(EXPANSIONS);
        for other in found {
            let answers = self.know(at, 1);
            let share = length as f32 / other.chars().count() as f32;
            self.add(answers, vec![other], likeness::BEGINNING * (0.5 + share / 2.0));
        }
        Ok(())
    }

    fn mistyped(
        &mut self,
        at: usize,
        tolerance: Tolerance,
        lookalikes: &mut Lookalikes<'_>,
    ) -> Result<(), TantivyError> {
        let word = self.plan.words[at].clone();
        let allowed = edits(&word);
        let known: HashSet<&String> = self.plan.leaves.iter().flat_map(|leaf| &leaf.terms).collect();
        let mut found = Vec::new();
        let mut likeness = likeness::ONE_EDIT;
        for edits in 1..=allowed {
            found = lookalikes.of(&word, edits)?;
            found.retain(|other| {
                *other != word && (tolerance == Tolerance::Unknown || !known.contains(other))
            });
            if !found.is_empty() {
                break;
            }
            likeness = likeness::TWO_EDITS;
        }
        found.truncate(EXPANSIONS);
        for other in &found {
            let same_start = other.chars().next() == word.chars().next();
            let likeness = if same_start { likeness } else { likeness * likeness::OTHER_FIRST_LETTER };
            let terms = [other.clone(), stemmed(other)];
            for (term, likeness) in terms.into_iter().zip([likeness, likeness * likeness::STEM]) {
                self.add(1 << at, vec![term], likeness);
            }
        }
        self.plan.corrections[at] = found;
        Ok(())
    }
}

/// Two words that were written as one: each long enough to be one, or a number and its unit.
fn may_split(left: &str, right: &str) -> bool {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let unit = digit(left.chars().next_back()) != digit(right.chars().next());
    unit || (left.chars().count() >= 3 && right.chars().count() >= 3)
}

/// The nearest words of the catalogue to one that even tolerance doesn't find, those with the same first letter first.
pub fn nearest(lookalikes: &mut Lookalikes<'_>, word: &str) -> Result<Vec<String>, TantivyError> {
    if word.chars().count() < 3 || word.bytes().any(|b| b.is_ascii_digit()) {
        return Ok(Vec::new());
    }
    let mut found = lookalikes.of(word, 2)?;
    found.retain(|other| other.chars().count() > 2);
    found.sort_by_key(|other| other.chars().next() != word.chars().next());
    Ok(found)
}
