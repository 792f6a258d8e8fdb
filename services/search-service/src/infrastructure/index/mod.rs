//! This instance's index, all in memory.
//!
//! A [`Ledger`] knows the newest view of every product; [`Words`] is tantivy's index of their texts. What they
//! hold together is published as a [`Snapshot`] a moment after a change. Stock and ratings are only in the ledger,
//! so that a sale costs no indexing.

mod collect;
mod ledger;
mod lookalikes;
mod names;
mod plan;
mod score;
mod segment;
mod snapshot;
mod suggestions;
#[cfg(test)]
mod tests;
mod words;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use config::id::ProductId;
use config::money::Currency;
use sha2::{Digest as _, Sha256};
use tantivy::TantivyError;
use tokio::sync::Notify;

use self::collect::{Collected, collect};
use self::ledger::Ledger;
use self::lookalikes::Lookalikes;
use self::plan::{Plan, Tolerance, nearest};
use self::score::{Scored, read_term, score};
use self::segment::Segment;
use self::snapshot::{Snapshot, Table};
use self::words::{TextChange, Words};
use crate::application::{Building, Change, Completion, Found, Hit, Index, SearchError};
use crate::domain::{After, Product, Query, Sort, SortKey, Synonyms, folded, price_bounds};

/// Changes that follow one another within this time are published together.
const GATHER: Duration = Duration::from_millis(100);

/// The index. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Library(Arc<Inner>);

struct Inner {
    currency: Currency,
    synonyms: Synonyms,
    /// Of the rules: other rules, other answers.
    seed: u128,
    shelves: Mutex<Shelves>,
    published: RwLock<Option<Arc<Snapshot>>>,
    /// One publishes at a time, so that snapshots come in the order of the changes.
    publishing: Mutex<()>,
    changed: Notify,
}

/// The index that answers, and one that is being made.
#[derive(Default)]
struct Shelves {
    live: Option<Shelf>,
    next: Option<Shelf>,
}

struct Shelf {
    ledger: Ledger,
    words: Arc<Words>,
}

/// What a publication needs of a shelf.
struct Batch {
    texts: Vec<TextChange>,
    table: Table,
    words: Arc<Words>,
}

impl Library {
    /// `currency` is the shop's.
    pub fn new(currency: Currency, synonyms: Synonyms) -> Self {
        let mut hash = Sha256::new();
        hash.update(env!("CARGO_PKG_VERSION"));
        hash.update(currency.code());
        price_bounds(currency).iter().for_each(|bound| hash.update(bound.to_be_bytes()));
        hash.update(synonyms.as_str());
        let seed = hash.finalize().iter().take(16).fold(0, |sum, byte| (sum << 8) | u128::from(*byte));
        Self(Arc::new(Inner {
            currency,
            synonyms,
            seed,
            shelves: Mutex::default(),
            published: RwLock::new(None),
            publishing: Mutex::new(()),
            changed: Notify::new(),
        }))
    }

    /// Publishes changes soon after they happen, for as long as it is polled.
    pub async fn keep_published(&self) {
        loop {
            self.0.changed.notified().await;
            tokio::time::sleep(GATHER).await;
            let library = self.clone();
            if let Err(error) = aside(move || library.publish()).await {
                tracing::error!(%error, "the index can't be written");
                tokio::time::sleep(Duration::from_secs(1)).await;
                self.0.changed.notify_one();
            }
        }
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.0.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes what has changed visible.
    pub fn publish(&self) -> Result<(), TantivyError> {
        let _one = self.0.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(batch) = self.shelves().live.as_mut().and_then(Shelf::batch) else { return Ok(()) };
        let segments = self.write(&batch, |shelves| &mut shelves.live)?;
        self.show(batch.table, segments);
        Ok(())
    }

    /// Writes the batch of a shelf; what can't be written goes back to it. The answer is what can be read then.
    fn write(
        &self,
        batch: &Batch,
        shelf: fn(&mut Shelves) -> &mut Option<Shelf>,
    ) -> Result<Vec<Segment>, TantivyError> {
        batch.write().inspect_err(|_| {
            if let Some(shelf) = shelf(&mut self.shelves()) {
                shelf.ledger.put_back(&batch.texts);
            }
        })
    }

    fn show(&self, table: Table, segments: Vec<Segment>) {
        let edition = self.0.seed.wrapping_add(table.fingerprint);
        let snapshot = Snapshot::new(table, segments, edition, self.0.currency);
        if let Some(before) = self.snapshot() {
            snapshot.prepare(&before);
        }
        metrics::gauge!("search_index_products").set(f64::from(snapshot.live));
        metrics::gauge!("search_index_segments").set(snapshot.segments.len() as f64);
        *self.0.published.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(snapshot));
    }

    /// Puts the next index in the place of the live one; the answer is how many products it has.
    fn swap(&self) -> Result<u64, TantivyError> {
        let _one = self.0.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let batch = {
            let mut shelves = self.shelves();
            let Shelves { live, next } = &mut *shelves;
            // The catalogue may know older figures than have been told here.
            if let (Some(live), Some(next)) = (live, next.as_mut()) {
                next.ledger.take_figures(&live.ledger);
            }
            next.as_mut().and_then(Shelf::batch)
        };
        if let Some(batch) = batch {
            let segments = self.write(&batch, |shelves| &mut shelves.next)?;
            let mut shelves = self.shelves();
            if let Some(next) = shelves.next.take() {
                shelves.live = Some(next);
            }
            drop(shelves);
            self.show(batch.table, segments);
        }
        // What has come since goes with the next publication.
        self.0.changed.notify_one();
        Ok(self.snapshot().map_or(0, |snapshot| snapshot.live.into()))
    }

    fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.0.published.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn ready(&self) -> Result<Arc<Snapshot>, SearchError> {
        self.snapshot().ok_or(SearchError::Loading)
    }

    fn find(&self, snapshot: &Snapshot, query: &Query) -> Result<Found, TantivyError> {
        if query.keyword.is_empty() {
            let rows = snapshot.rows.iter().zip(0u32..).filter(|(row, _)| row.live);
            let everything: Vec<(u32, f32)> = rows.map(|(_, slot)| (slot, 0.0)).collect();
            // Of everything nothing is more relevant than another.
            let newest = Query { sort: Sort::NEWEST, ..query.clone() };
            let query = if query.sort.key == SortKey::Relevance { &newest } else { query };
            return Ok(found(snapshot, query, collect(snapshot, query, &everything), None));
        }
        let keyword = query.keyword.as_str();
        let mut lookalikes = Lookalikes::new(snapshot);
        let mut plan = Plan::new(snapshot, &self.0.synonyms, keyword, Tolerance::Unknown, &mut lookalikes)?;
        let mut scored = score(snapshot, &plan)?;
        if !scored.complete && plan.words.len() > 1 {
            let tolerant = Plan::new(snapshot, &self.0.synonyms, keyword, Tolerance::All, &mut lookalikes)?;
            let again = score(snapshot, &tolerant)?;
            if again.complete {
                (plan, scored) = (tolerant, again);
            }
        }
        let Scored { slots, complete } = scored;
        let collected = collect(snapshot, query, &slots);
        let mut found = found(snapshot, query, collected, Some(&plan));
        found.verbatim = plan.verbatim && complete;
        found.did_you_mean = did_you_mean(snapshot, &plan, keyword, &found, &mut lookalikes)?;
        Ok(found)
    }
}

impl Shelf {
    fn new(currency: Currency) -> Result<Self, TantivyError> {
        Ok(Self { ledger: Ledger::new(currency), words: Arc::new(Words::new()?) })
    }

    /// What has to be published, if anything.
    fn batch(&mut self) -> Option<Batch> {
        self.ledger.is_changed().then(|| Batch {
            texts: self.ledger.take_texts(),
            table: self.ledger.table(),
            words: self.words.clone(),
        })
    }
}

impl Batch {
    fn write(&self) -> Result<Vec<Segment>, TantivyError> {
        if !self.texts.is_empty() {
            self.words.write(&self.texts)?;
        }
        self.words.segments()
    }
}

/// The page as it is shown.
fn found(snapshot: &Snapshot, query: &Query, collected: Collected, plan: Option<&Plan>) -> Found {
    let marker = plan.map(Plan::marker);
    let by_score = query.sort.key == SortKey::Relevance;
    let last = collected.page.last().filter(|_| collected.more).copied();
    let next = last.and_then(|(key, slot)| {
        let product = snapshot.product(slot)?;
        Some(match query.sort.key {
            SortKey::Name => After::Text(folded(&product.details.name).into_owned(), product.id.clone()),
            _ => After::Number(if query.sort.descending { -key } else { key }, product.id.clone()),
        })
    });
    let hit = |(key, slot): (i64, u32)| {
        let product = snapshot.product(slot)?.clone();
        let name = marker.as_ref().and_then(|marker| marker.mark(&product.details.name));
        let description = marker.as_ref().and_then(|marker| marker.snippet(&product.details.description));
        Some(Hit { product, score: if by_score { -key } else { 0 }, name, description })
    };
    Found {
        edition: snapshot.edition,
        hits: collected.page.into_iter().filter_map(hit).collect(),
        total: collected.total,
        facets: collected.facets,
        next,
        did_you_mean: None,
        verbatim: false,
    }
}

/// The keyword with its mistakes corrected, in the spelling of the catalogue.
fn did_you_mean(
    snapshot: &Snapshot,
    plan: &Plan,
    keyword: &str,
    found: &Found,
    lookalikes: &mut Lookalikes<'_>,
) -> Result<Option<String>, TantivyError> {
    let mut corrected = keyword.to_lowercase();
    let mut changed = false;
    let spellings = Spellings::new(found);
    for (word, candidates) in plan.words.iter().zip(&plan.corrections) {
        let candidates = match candidates.is_empty() && found.total == 0 {
            true if read_term(snapshot, word)?.is_empty() => nearest(lookalikes, word)?,
            _ => candidates.clone(),
        };
        let mut best: Option<(bool, bool, usize, String)> = None;
        for candidate in candidates {
            let shown = spellings.shown.contains(&candidate);
            let same_start = candidate.chars().next() == word.chars().next();
            // Products are only counted where their number decides: there may be many.
            if best.as_ref().is_some_and(|best| (best.0, best.1) > (shown, same_start)) {
                continue;
            }
            let products = read_term(snapshot, &candidate)?;
            let products = products.iter().filter(|(slot, _)| is_read(snapshot, *slot, &candidate)).count();
            let rank = (shown, same_start, products);
            if products > 0 && best.as_ref().is_none_or(|best| rank > (best.0, best.1, best.2)) {
                best = Some((rank.0, rank.1, rank.2, candidate));
            }
        }
        let Some((_, _, _, candidate)) = best else { continue };
        let wrong = crate::domain::words(&corrected)
            .find(|written| written.folded == word.as_str())
            .map(|written| written.start..written.end);
        if let Some(wrong) = wrong {
            corrected.replace_range(wrong, &spellings.of(candidate));
            changed = true;
        }
    }
    Ok(changed.then_some(corrected))
}

/// Whether people read the word in the product: the letters of its number are none that anybody means.
fn is_read(snapshot: &Snapshot, slot: u32, word: &str) -> bool {
    let has = |text: &str| crate::domain::words(text).any(|written| written.folded == word);
    snapshot.product(slot).is_some_and(|product| !has(&product.details.sku) || has(&product.details.name))
}

/// How words are written in the products that are shown.
struct Spellings<'a> {
    found: &'a Found,
    shown: HashSet<String>,
}

impl<'a> Spellings<'a> {
    fn new(found: &'a Found) -> Self {
        let first = found.hits.first().map(|hit| hit.product.details.name.as_str()).unwrap_or_default();
        Self { found, shown: crate::domain::words(first).map(|word| word.folded.into_owned()).collect() }
    }

    fn of(&self, word: String) -> String {
        let names = self.found.hits.iter().map(|hit| hit.product.details.name.as_str());
        let written = names.take(3).find_map(|name| {
            let hit = crate::domain::words(name).find(|written| written.folded == word.as_str())?;
            Some(name[hit.start..hit.end].to_lowercase())
        });
        written.unwrap_or(word)
    }
}

impl Index for Library {
    fn edition(&self) -> Option<u128> {
        self.snapshot().map(|snapshot| snapshot.edition)
    }

    fn size(&self) -> u64 {
        self.snapshot().map_or(0, |snapshot| snapshot.live.into())
    }

    fn search(&self, query: &Query) -> Result<Found, SearchError> {
        let snapshot = self.ready()?;
        self.find(&snapshot, query).map_err(broken)
    }

    fn product(&self, id: &ProductId) -> Result<Option<Arc<Product>>, SearchError> {
        self.ready()?;
        Ok(self.shelves().live.as_ref().and_then(|live| live.ledger.for_sale(id)))
    }

    fn similar(&self, product: &Product, limit: usize) -> Result<Vec<Arc<Product>>, SearchError> {
        let snapshot = self.ready()?;
        let category = snapshot.names.find_category(&folded(&product.details.category));
        let brand = product.brand().and_then(|brand| {
            snapshot.names.find_value(snapshot.names.find_attribute("brand")?, &folded(brand))
        });
        let mut alike = Vec::new();
        for (row, slot) in snapshot.rows.iter().zip(0u32..).filter(|(row, _)| row.live) {
            let same_category = Some(row.category) == category;
            let same_brand = brand.is_some_and(|brand| snapshot.values_of(row).contains(&brand));
            let Some(other) = snapshot.product(slot).filter(|other| other.id != product.id) else { continue };
            if same_category || same_brand {
                let likeness = (row.in_stock, same_category, same_brand, other.rating.count, row.rating);
                alike.push((std::cmp::Reverse(likeness), &other.id, other));
            }
        }
        alike.sort_unstable_by_key(|(likeness, id, _)| (*likeness, *id));
        Ok(alike.into_iter().take(limit).map(|(_, _, other)| other.clone()).collect())
    }

    fn complete(
        &self,
        prefix: &str,
        popular: &[String],
        limit: usize,
    ) -> Result<Vec<Completion>, SearchError> {
        let snapshot = self.ready()?;
        let ratings = |slot| snapshot.product(slot).map_or(0, |product| product.rating.count);
        Ok(snapshot.suggestions().complete(prefix, popular, limit, ratings))
    }

    fn apply(&self, change: Change) {
        let mut shelves = self.shelves();
        if let Some(next) = &mut shelves.next {
            next.ledger.apply(change.clone());
        }
        if let Some(live) = &mut shelves.live {
            live.ledger.apply(change);
            drop(shelves);
            self.0.changed.notify_one();
        }
    }
}

#[async_trait]
impl Building for Library {
    fn begin(&self) -> Result<(), SearchError> {
        let mut shelves = self.shelves();
        // The first one has heard news since the start: it is what a second try goes on with.
        if shelves.live.is_some() || shelves.next.is_none() {
            shelves.next = Some(Shelf::new(self.0.currency).map_err(broken)?);
        }
        Ok(())
    }

    fn add(&self, products: Vec<Product>) {
        let mut shelves = self.shelves();
        if let Some(next) = &mut shelves.next {
            products.into_iter().for_each(|product| next.ledger.apply(Change::Product(Box::new(product))));
        }
    }

    async fn finish(&self) -> Result<u64, SearchError> {
        let library = self.clone();
        aside(move || library.swap()).await.map_err(broken)
    }
}

/// Does it on a thread that serves nobody else. A crash there is one here, which ends the process: nobody knows how
/// much of it was done.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|crash| std::panic::resume_unwind(crash.into_panic()))
}

fn broken(error: TantivyError) -> SearchError {
    SearchError::Index(error.into())
}
