//! The use cases.

mod current;
mod demo;
mod error;
mod events;
mod exemptions;
mod ports;
mod quote;
mod rates;

pub use current::CurrentBook;
pub use demo::LoadDemo;
pub use error::TaxError;
pub use events::{TaxExemptionsChanged, TaxRatesChanged};
pub use exemptions::ManageExemptions;
pub use ports::{Books, Exemptions, RateFilter, RateReader, Rates, Store};
pub use quote::{Assessment, QuoteTax, TaxRequest};
pub use rates::ManageRates;
