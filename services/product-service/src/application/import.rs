//! Many products at once, from an operator's file.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use config::clock::Clock;
use config::database::StoreError;
use config::kafka::Envelope;
use config::problem::{Fault as _, InvalidFields, Kind};
use config::response::IfMatch;
use futures_util::{StreamExt as _, stream};

use super::{CatalogueError, ChangeProduct, Edit, ProductCache, ProductStore, events};
use crate::domain::{Product, Sku};

/// Rows that are looked up and added together.
const BATCH: usize = 250;
/// Changes that are written at once.
const PARALLEL: usize = 8;
/// Bad rows that are told of; all are counted. Their errors are about 1 KiB each at worst, so that the report is about
/// as large as the file may be, which is 10 MiB, and whoever could send that can take this.
const TOLD_ROWS: u64 = 10_000;
/// Errors of one row that are told: a product has few members, but a row may have any number of pictures.
const TOLD_FIELDS: usize = 10;

/// A row that can be read: what the product with this SKU shall be.
pub struct Row {
    /// Where it stands in the file, from 1.
    pub line: u64,
    pub sku: Sku,
    pub edit: Box<dyn Edit>,
}

/// What came of an import.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    /// Rows that break a rule.
    pub failed: u64,
    /// What is wrong with them, by line, and for each field.
    pub errors: Vec<LineError>,
    /// Whether more is wrong than that.
    pub is_cut: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub struct LineError {
    pub line: u64,
    pub field: String,
    pub message: String,
}

impl ImportReport {
    fn fail(&mut self, line: u64, why: &CatalogueError) {
        self.failed += 1;
        let told = |field: String, message: String| LineError { line, field, message };
        let fields = why.facts().errors;
        self.is_cut |= self.failed > TOLD_ROWS || fields.len() > TOLD_FIELDS;
        if self.failed > TOLD_ROWS {
            return;
        }
        match fields.is_empty() {
            true => self.errors.push(told("sku".to_owned(), why.to_string())),
            false => {
                let fields = fields.into_iter().take(TOLD_FIELDS);
                self.errors.extend(fields.map(|error| told(error.field, error.message)));
            }
        }
    }
}

/// Adds or changes products by SKU. What a row doesn't say stays as it is; a bad row stops no good one. Doing it
/// again changes nothing, so that an import that broke off can simply be repeated.
pub struct ImportProducts {
    store: Arc<dyn ProductStore>,
    cache: Arc<dyn ProductCache>,
    change: ChangeProduct,
    clock: Arc<dyn Clock>,
}

impl ImportProducts {
    pub fn new(
        store: Arc<dyn ProductStore>,
        cache: Arc<dyn ProductCache>,
        change: ChangeProduct,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, cache, change, clock }
    }

    /// `rows` come as they are read; those that can't be are told with their line.
    pub async fn run(
        &self,
        rows: impl Iterator<Item = Result<Row, (u64, InvalidFields)>> + Send,
    ) -> Result<ImportReport, CatalogueError> {
        let mut report = ImportReport::default();
        let (mut batch, mut skus) = (Vec::with_capacity(BATCH), HashSet::new());
        for row in rows {
            match row {
                Err((line, invalid)) => report.fail(line, &invalid.into()),
                Ok(row) => {
                    // A second row for a SKU must see what the first has made of it.
                    if batch.len() == BATCH || !skus.insert(row.sku.clone()) {
                        self.write(std::mem::take(&mut batch), &mut report).await?;
                        skus = HashSet::from([row.sku.clone()]);
                    }
                    batch.push(row);
                }
            }
        }
        self.write(batch, &mut report).await?;
        for (outcome, count) in
            [("created", report.created), ("updated", report.updated), ("failed", report.failed)]
        {
            metrics::counter!("products_imported_total", "outcome" => outcome).increment(count);
        }
        // Rows are written in batches, and side by side.
        report.errors.sort_by_key(|error| error.line);
        let ImportReport { created, updated, unchanged, failed, .. } = report;
        tracing::info!(created, updated, unchanged, failed, "products imported");
        Ok(report)
    }

    /// Rows of different SKUs.
    async fn write(&self, rows: Vec<Row>, report: &mut ImportReport) -> Result<(), CatalogueError> {
        let mut present = self.by_sku(&rows).await?;
        let (mut new, mut new_rows, mut changes) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            match present.remove(&row.sku) {
                Some(product) => changes.push((row, product)),
                None => match row.edit.apply(None) {
                    Ok(draft) => {
                        let stock = draft.stock;
                        let product = Product::new(self.store.next_id(), draft, self.clock.now());
                        let event = events::created(&product, stock);
                        new.push((product, event));
                        new_rows.push(row);
                    }
                    Err(invalid) => report.fail(row.line, &invalid.into()),
                },
            }
        }
        let late = self.add(&new, new_rows, report).await?;
        let mut met = self.by_sku(&late).await?;
        changes.extend(late.into_iter().filter_map(|row| met.remove(&row.sku).map(|product| (row, product))));
        self.change_all(changes, report).await
    }

    async fn by_sku(&self, rows: &[Row]) -> Result<HashMap<Sku, Product>, CatalogueError> {
        if rows.is_empty() {
            return Ok(HashMap::new());
        }
        let skus: Vec<Sku> = rows.iter().map(|row| row.sku.clone()).collect();
        let products = self.store.find_by_skus(&skus).await?;
        Ok(products.into_iter().map(|product| (product.details.sku.clone(), product)).collect())
    }

    /// The rows whose SKU somebody else has added meanwhile.
    async fn add(
        &self,
        new: &[(Product, Envelope)],
        rows: Vec<Row>,
        report: &mut ImportReport,
    ) -> Result<Vec<Row>, CatalogueError> {
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let taken: HashSet<usize> = self.store.add(new).await?.into_iter().collect();
        let mut late = Vec::new();
        for (position, (row, (product, _))) in rows.into_iter().zip(new).enumerate() {
            match taken.contains(&position) {
                true => late.push(row),
                false => {
                    report.created += 1;
                    self.cache.changed(product).await;
                }
            }
        }
        Ok(late)
    }

    async fn change_all(
        &self,
        changes: Vec<(Row, Product)>,
        report: &mut ImportReport,
    ) -> Result<(), CatalogueError> {
        let mut outcomes = stream::iter(changes)
            .map(|(row, product)| async move { (row.line, self.change_one(&row, &product).await) })
            .buffer_unordered(PARALLEL);
        while let Some((line, outcome)) = outcomes.next().await {
            match outcome {
                Ok(true) => report.updated += 1,
                Ok(false) => report.unchanged += 1,
                Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Internal) => {
                    return Err(error);
                }
                Err(error) => report.fail(line, &error),
            }
        }
        Ok(())
    }

    /// Whether the product was changed.
    async fn change_one(&self, row: &Row, product: &Product) -> Result<bool, CatalogueError> {
        let draft = row.edit.apply(Some(product))?;
        let Some(revised) = product.revised(draft, self.clock.now()) else { return Ok(false) };
        match self.change.save(product, revised).await {
            Ok(_) => Ok(true),
            // Somebody else changed it since it was looked up.
            Err(CatalogueError::Store(StoreError::Contended(_))) => {
                let now = self.change.run(&product.id, row.edit.as_ref(), &IfMatch::default()).await?;
                Ok(now.version > product.version)
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use config::problem::Fields;

    use super::*;

    fn wrong(fields: usize) -> CatalogueError {
        let mut wrong = Fields::default();
        (0..fields).for_each(|field| wrong.reject(format!("images[{field}]"), "invalid", "must be a URL"));
        wrong.finish(|| None::<()>).unwrap_err().into()
    }

    #[test]
    fn rows_are_told_of_and_not_fields_and_a_report_says_if_it_is_cut() {
        let mut report = ImportReport::default();
        for line in 1..=TOLD_ROWS {
            report.fail(line, &wrong(2));
        }
        assert_eq!((report.errors.len() as u64, report.is_cut), (2 * TOLD_ROWS, false));
        report.fail(TOLD_ROWS + 1, &wrong(2));
        assert_eq!((report.errors.len() as u64, report.is_cut), (2 * TOLD_ROWS, true));
        assert_eq!(report.failed, TOLD_ROWS + 1);
    }

    #[test]
    fn one_row_does_not_fill_the_report() {
        let mut report = ImportReport::default();
        report.fail(1, &wrong(100_000));
        assert_eq!((report.errors.len(), report.is_cut), (TOLD_FIELDS, true));
    }
}
