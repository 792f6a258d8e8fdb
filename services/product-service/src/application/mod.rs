//! What the service does.

mod archive;
mod change;
mod create;
mod demo;
mod edit;
mod error;
mod events;
mod follow;
mod import;
mod ports;
mod sort;

pub use archive::ArchiveProduct;
pub use change::ChangeProduct;
pub use create::CreateProduct;
pub use demo::LoadDemo;
pub use edit::Edit;
pub use error::CatalogueError;
pub use events::{ProductArchived, ProductCreated, ProductUpdated};
pub use follow::FollowFigures;
pub use import::{ImportProducts, ImportReport, LineError, Row};
pub use ports::{Catalogue, CategoryCount, ListQuery, ProductCache, ProductStore, StockRecords};
pub use sort::{After, Sort, SortKey, SortValue, folded};
