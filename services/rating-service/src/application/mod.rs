//! What the service does.

mod announce;
mod demo;
mod error;
mod events;
mod follow;
mod moderate;
mod ports;
mod products;
mod rate;
mod respond;

pub use announce::AnnounceChanges;
pub use demo::{DemoRating, LoadDemo};
pub use error::RatingError;
pub use events::{Histogram, RatingChanged};
pub use follow::{FollowOrder, FollowProduct, OrderSnapshot};
pub use moderate::Moderate;
pub use ports::{
    Catalogue, Filter, MOST_REASONS, NewRating, Position, Product, Products, Purchases, Queue, RatingReader,
    RatingRepository, Responses, ShownRating, Sort, Store, Summaries, WaitingRating,
};
pub use products::KnownProducts;
pub use rate::{Edit, Rate};
pub use respond::Respond;
