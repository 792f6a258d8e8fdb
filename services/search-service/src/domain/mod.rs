//! What is searched, and by which rules.

mod facets;
mod highlight;
mod product;
mod query;
mod synonyms;
mod text;

pub mod relevance;

pub use facets::{AttributeFacet, Count, Facets, PRICE_BOUNDS, PriceBand, RATINGS, price_bounds};
pub use highlight::Marker;
pub use product::{AttributeValue, Details, Figure, Product, Rating, Stock};
pub use query::{After, AttributeFilter, Filters, Keyword, Query, Sort, SortKey, limits};
pub use synonyms::{SynonymError, Synonyms};
pub use text::{Word, folded, stem, words};
