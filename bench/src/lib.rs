//! What measuring and generating load have in common, and the generator itself.

pub mod client;
pub mod generator;
pub mod shop;
pub mod times;

pub type Error = Box<dyn std::error::Error + Send + Sync>;
