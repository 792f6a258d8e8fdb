//! HTTP and Kafka, as they come in.

mod dto;
mod events;
mod http;
mod live;

pub use events::{Listener, news};
pub use http::NotificationApi;
pub use live::Live;
