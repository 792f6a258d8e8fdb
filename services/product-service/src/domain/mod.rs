//! Products: what they are made of, and how they change.

mod attributes;
mod details;
mod product;
mod text;

pub use attributes::{AttributeName, AttributeValue, Attributes};
pub use details::{Details, ImageUrl, Price, StockLevel, Variant, Weight, limits};
pub use product::{Draft, Figure, Product, Rating, Status, Stock};
pub use text::{Category, Description, Name, Sku, VariantName};
