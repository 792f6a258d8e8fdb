//! Words of the catalogue that look like one of a query.

use std::collections::HashMap;

use tantivy::query::{DfaWrapper, FuzzyTermQuery};
use tantivy::schema::Field;
use tantivy::{TantivyError, Term};

use super::snapshot::Snapshot;
use crate::domain::relevance::mistyped;

/// What one search has looked for. Nothing else that a search does costs as much: each word is looked for once, however
/// many plans are made, and only so many words are.
pub struct Lookalikes<'a> {
    snapshot: &'a Snapshot,
    /// By the word and how many edits away they are at most.
    found: HashMap<String, HashMap<u8, Vec<String>>>,
}

impl<'a> Lookalikes<'a> {
    pub fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, found: HashMap::new() }
    }

    /// The words that are at most so many edits away, in their order; none of a word too many.
    pub fn of(&mut self, word: &str, edits: u8) -> Result<Vec<String>, TantivyError> {
        let too_many = self.found.len() == mistyped::WORDS && !self.found.contains_key(word);
        if too_many || word.chars().count() > mistyped::LETTERS {
            return Ok(Vec::new());
        }
        let found = self.found.entry(word.to_owned()).or_default();
        if let Some(words) = found.get(&edits) {
            return Ok(words.clone());
        }
        let words = look(self.snapshot, word, edits)?;
        found.insert(edits, words.clone());
        Ok(words)
    }
}

fn look(snapshot: &Snapshot, word: &str, edits: u8) -> Result<Vec<String>, TantivyError> {
    let automaton = automaton(word, edits)?;
    let mut found = Vec::new();
    for segment in &snapshot.segments {
        segment.similar(&automaton, &mut found)?;
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// What knows the words that are at most so many edits away. It looks only at the word, so any field does.
fn automaton(word: &str, edits: u8) -> Result<DfaWrapper, TantivyError> {
    FuzzyTermQuery::new(Term::from_field_text(Field::from_field_id(0), word), edits, true).automaton()
}

#[cfg(test)]
mod tests {
    use config::money::Currency;

    use super::super::ledger::Ledger;
    use super::*;

    #[test]
    fn a_word_is_looked_for_once_and_only_so_many_are() {
        let snapshot = Snapshot::new(Ledger::new(Currency::USD).table(), Vec::new(), 0, Currency::USD);
        let mut lookalikes = Lookalikes::new(&snapshot);
        let remembered = vec!["kettle".to_owned()];
        lookalikes.found.insert("ketle".to_owned(), HashMap::from([(1, remembered.clone())]));
        assert_eq!(lookalikes.of("ketle", 1).unwrap(), remembered);
        assert!(lookalikes.of("ketle", 2).unwrap().is_empty());
        assert_eq!(lookalikes.found.len(), 1);
        lookalikes.of(&"k".repeat(mistyped::LETTERS + 1), 1).unwrap();
        assert_eq!(lookalikes.found.len(), 1);
        for other in ('a'..='z').map(String::from) {
            lookalikes.of(&other, 1).unwrap();
        }
        assert_eq!(lookalikes.found.len(), mistyped::WORDS);
        assert_eq!(lookalikes.of("ketle", 1).unwrap(), remembered);
    }
}
