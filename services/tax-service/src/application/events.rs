//! What the service tells the others, and its own instances; docs/EVENTS.md.

use config::kafka::Event;
use schemars::JsonSchema;
use serde::Serialize;

/// There is one book; its versions stay in order.
const BOOK: &str = "rates";

/// Rates were added, changed or deleted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaxRatesChanged {
    /// Of all rates and exemptions together; grows with each change.
    pub version: u64,
    /// Where they hold, or held before.
    pub countries: Vec<String>,
}

impl Event for TaxRatesChanged {
    const TOPIC: &'static str = "tax-events";
    const TYPE: &'static str = "tax_rates_changed";

    fn key(&self) -> String {
        BOOK.to_owned()
    }
}

/// A customer became exempt, or is no more.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaxExemptionsChanged {
    /// Of all rates and exemptions together; grows with each change.
    pub version: u64,
    pub user_id: u64,
}

impl Event for TaxExemptionsChanged {
    const TOPIC: &'static str = "tax-events";
    const TYPE: &'static str = "tax_exemptions_changed";

    fn key(&self) -> String {
        BOOK.to_owned()
    }
}
