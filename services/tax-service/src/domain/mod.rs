//! Rates, who is exempt, and what a basket's taxes are.

mod basket;
mod book;
mod exemption;
mod label;
mod percent;
mod rate;
mod rounding;
mod stack;

pub use basket::{Assessed, AssessedLine, Basket, BasketLine, Sum, TaxLine, Taxation};
pub use book::RateBook;
pub use exemption::{Exemption, ExemptionId, ExemptionTerms};
pub use label::Label;
pub use percent::{NotAPercent, Percent};
pub use rate::{Rate, RateId, RateTerms, Validity, ValidityError};
pub use rounding::{Mode, Per, Rounding};
pub use stack::{Share, Stack};
