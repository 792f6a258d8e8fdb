//! How the others reach the service.

mod demo;
mod dto;
mod events;
mod http;
mod moderation;

pub use demo::demo_ratings;
pub use events::{OrderEvents, ProductEvents};
pub use http::RatingApi;
pub use moderation::ModerationApi;
