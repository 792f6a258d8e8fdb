//! Answers that are written once and given often.

pub use config::response::Prepared;
use poem_openapi::ApiResponse;

use super::dto::ProductDto;

/// A product with its validator.
#[derive(ApiResponse)]
pub enum ProductAnswer {
    #[oai(status = 200)]
    Ok(Prepared<ProductDto>, #[oai(header = "ETag")] String),
    /// A new product.
    #[oai(status = 201)]
    Created(Prepared<ProductDto>, #[oai(header = "ETag")] String),
    /// The client has the current one.
    #[oai(status = 304)]
    NotModified(#[oai(header = "ETag")] String),
}
