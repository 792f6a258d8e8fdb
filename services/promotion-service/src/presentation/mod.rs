//! How the others reach the service.

mod basket_dto;
mod demo;
mod events;
mod http;
mod promotion_dto;
mod promotion_request;

pub use demo::demo_promotions;
pub use events::{OrderEvents, SnapshotEvents};
pub use http::PromotionApi;
