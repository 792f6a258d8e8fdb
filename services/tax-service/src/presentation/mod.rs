//! How the others reach the service.

mod calculation_dto;
mod calculations;
mod demo;
mod events;
mod exemption_dto;
mod exemptions;
mod number;
mod parse;
mod quote_dto;
mod rate_dto;
mod rates;

pub use calculations::CalculationsApi;
pub use demo::demo_rates;
pub use events::TaxEvents;
pub use exemptions::ExemptionsApi;
pub use rates::RatesApi;
