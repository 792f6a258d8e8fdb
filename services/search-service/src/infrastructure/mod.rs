//! The process's boundary: the index in memory, Redis, product-service.

mod answers;
mod catalogue;
mod index;
mod orders;
mod together;
mod trends;

pub use answers::RedisAnswers;
pub use catalogue::ProductService;
pub use index::Library;
pub use orders::RedisOrders;
pub use together::RedisBoughtTogether;
pub use trends::RedisTrends;
