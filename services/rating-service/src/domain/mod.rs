//! Ratings, what may be done with them, and how they add up.

mod rating;
mod stars;
mod summary;
mod text;

pub use rating::{Content, Moderation, Rating, RatingId, Status};
pub use stars::{Stars, StarsError};
pub use summary::Summary;
pub use text::{Comment, Reason, Title};
