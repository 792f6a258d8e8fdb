//! A service's real application on real servers, for its tests.
//!
//! The servers' addresses come from the environment (`cargo xtask test` sets it): `TEST_MYSQL_URL`,
//! `TEST_MONGODB_URL`, `TEST_REDIS_URL`, `TEST_KAFKA_BROKERS`. Each application gets a database of its own. Programs that
//! a test starts by itself get their ports here, too.

mod app;
mod cable;
mod kafka;
mod ports;
mod said;
mod tokens;

pub use app::{TestApp, TestEnv, eventually};
pub use cable::Cable;
pub use kafka::{TestKafka, TestListener};
pub use ports::free_port;
pub use said::{event, refusal, wrong_fields};
pub use tokens::{SERVICE_TOKEN_VALUE, SIGNING_KEY, TestTokens};
