//! The words of all products, in tantivy.
//!
//! A product is one document with one field: its words, each as often as the boosts of the places where it stands
//! say (BM25F). So a word of a query is one look into one dictionary, whichever part of a product has it. A word
//! stands there as it is folded, and its stem behind a `=`, which no word begins with.

use std::sync::Arc;

use tantivy::columnar::Column;
use tantivy::directory::RamDirectory;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{
    Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term,
};

use super::segment::Segment;
use crate::domain::{AttributeValue, Product, relevance::boost, stem, words};

/// What precedes a stem in the dictionary.
pub const STEM: char = '=';

/// The index, and what reads it. The writer lives for one change: an idle one would hold its memory.
pub struct Words {
    index: Index,
    reader: IndexReader,
    slot: Field,
    text: Field,
}

/// A product whose words have changed, by its slot; none when it is gone.
pub struct TextChange {
    pub slot: u32,
    pub product: Option<Arc<Product>>,
}

impl Words {
    pub fn new() -> Result<Self, TantivyError> {
        let mut schema = Schema::builder();
        let slot = schema.add_u64_field("slot", NumericOptions::from(INDEXED | FAST));
        let indexing =
            TextFieldIndexing::default().set_index_option(IndexRecordOption::WithFreqs).set_fieldnorms(false);
        let text = schema.add_text_field("words", TextOptions::default().set_indexing_options(indexing));
        let index = Index::create(RamDirectory::create(), schema.build(), IndexSettings::default())?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { index, reader, slot, text })
    }

    /// What writes. There can't be two at a time.
    pub fn writer(&self) -> Result<IndexWriter, TantivyError> {
        let options = IndexWriterOptions::builder().num_worker_threads(1).num_merge_threads(1).build();
        let writer: IndexWriter = self.index.writer_with_options(options)?;
        let mut policy = LogMergePolicy::default();
        policy.set_min_num_segments(4);
        policy.set_min_layer_size(500);
        policy.set_del_docs_ratio_before_merge(0.3);
        writer.set_merge_policy(Box::new(policy));
        Ok(writer)
    }

    /// Writes changes and waits until they can be read.
    pub fn write(&self, changes: &[TextChange]) -> Result<(), TantivyError> {
        let mut writer = self.writer()?;
        for change in changes {
            writer.delete_term(Term::from_field_u64(self.slot, change.slot.into()));
            if let Some(product) = &change.product {
                let mut document = TantivyDocument::new();
                document.add_u64(self.slot, change.slot.into());
                document.add_pre_tokenized_text(self.text, tokens(terms(product).1));
                writer.add_document(document)?;
            }
        }
        writer.commit()?;
        writer.wait_merging_threads()?;
        self.reader.reload()
    }

    /// What can be read now.
    pub fn segments(&self) -> Result<Vec<Segment>, TantivyError> {
        let searcher = self.reader.searcher();
        let readers = searcher.segment_readers().iter();
        readers
            .map(|reader| {
                let column: Column<u64> = reader.fast_fields().u64("slot")?;
                let slot = |doc| match reader.is_deleted(doc) {
                    true => Segment::DELETED,
                    false => column
                        .first(doc)
                        .and_then(|slot| u32::try_from(slot).ok())
                        .unwrap_or(Segment::DELETED),
                };
                let slots = (0..reader.max_doc()).map(slot).collect();
                Ok(Segment::new(reader.inverted_index(self.text)?, slots))
            })
            .collect()
    }
}

fn tokens(terms: Vec<String>) -> PreTokenizedString {
    let token = |(position, text)| Token { offset_from: 0, offset_to: 0, position, text, position_length: 1 };
    PreTokenizedString { text: String::new(), tokens: terms.into_iter().enumerate().map(token).collect() }
}

/// The weighted length of a product's text, and its terms.
pub fn terms(product: &Product) -> (f32, Vec<String>) {
    let details = &product.details;
    let mut terms = Terms::default();
    terms.add(&details.name, boost::NAME);
    terms.add(&details.sku, boost::SKU);
    terms.add(&details.category, boost::CATEGORY);
    for (name, value) in &details.attributes {
        match (name.as_str(), value) {
            ("brand", AttributeValue::Text(brand)) => terms.add(brand, boost::BRAND),
            (name, AttributeValue::Flag(true)) => terms.add(name, boost::ATTRIBUTE),
            (_, AttributeValue::Flag(false)) => {}
            (name, value) => {
                // `ram_gb: 16` is found by "16 gb" and by "ram".
                terms.add(name, boost::ATTRIBUTE);
                terms.add(&value.to_string(), boost::ATTRIBUTE);
            }
        }
    }
    terms.add(&details.description, boost::DESCRIPTION);
    (terms.length as f32, terms.all)
}

#[derive(Default)]
struct Terms {
    all: Vec<String>,
    length: u32,
}

impl Terms {
    fn add(&mut self, text: &str, boost: u32) {
        let mut before = String::new();
        for word in words(text) {
            // `T-shirt` is found by "tshirt" too.
            if word.joined {
                self.put(&format!("{before}{}", word.folded), boost);
            }
            self.put(&word.folded, boost);
            self.length += boost;
            before = word.folded.into_owned();
        }
    }

    fn put(&mut self, word: &str, boost: u32) {
        let stem = stemmed(word);
        for _ in 0..boost {
            self.all.push(word.to_owned());
            self.all.push(stem.clone());
        }
    }
}

/// The dictionary's entry for the words with this word's stem.
pub fn stemmed(word: &str) -> String {
    format!("{STEM}{}", stem(word))
}
