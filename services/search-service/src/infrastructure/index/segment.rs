//! A part of the index that never changes.

use std::io;
use std::sync::Arc;

use tantivy::postings::{Postings as _, SegmentPostings};
use tantivy::query::DfaWrapper;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet as _, InvertedIndexReader, TERMINATED};

use super::words::STEM;

/// Words of the dictionary that a beginning is compared with.
const LOOKED_AT: usize = 400;

/// A segment, and where its documents' products are.
pub struct Segment {
    words: Arc<InvertedIndexReader>,
    slots: Vec<u32>,
}

impl Segment {
    pub const DELETED: u32 = u32::MAX;

    pub fn new(words: Arc<InvertedIndexReader>, slots: Vec<u32>) -> Self {
        Self { words, slots }
    }

    /// The slots of the products with the term, and how often each has it.
    pub fn read(&self, term: &str, found: &mut Vec<(u32, u32)>) -> io::Result<()> {
        let Some(info) = self.words.terms().get(term)? else { return Ok(()) };
        let mut postings: SegmentPostings =
            self.words.read_postings_from_terminfo(&info, IndexRecordOption::WithFreqs)?;
        found.reserve(info.doc_freq as usize);
        let mut doc = postings.doc();
        while doc != TERMINATED {
            let slot = self.slots[doc as usize];
            if slot != Self::DELETED {
                found.push((slot, postings.term_freq()));
            }
            doc = postings.advance();
        }
        Ok(())
    }

    pub fn has(&self, term: &str) -> io::Result<bool> {
        Ok(self.words.terms().get(term)?.is_some())
    }

    /// The words that begin so.
    pub fn beginning(&self, prefix: &str, found: &mut Vec<String>) -> io::Result<()> {
        let mut stream = self.words.terms().range().ge(prefix).into_stream()?;
        let mut left = LOOKED_AT;
        while left > 0 && stream.advance() && stream.key().starts_with(prefix.as_bytes()) {
            if let Ok(word) = std::str::from_utf8(stream.key()) {
                found.push(word.to_owned());
            }
            left -= 1;
        }
        Ok(())
    }

    /// The words that the automaton knows.
    pub fn similar(&self, automaton: &DfaWrapper, found: &mut Vec<String>) -> io::Result<()> {
        let mut stream = self.words.terms().search(automaton).into_stream()?;
        while stream.advance() {
            if let Ok(word) = std::str::from_utf8(stream.key())
                && !word.starts_with(STEM)
            {
                found.push(word.to_owned());
            }
        }
        Ok(())
    }
}
