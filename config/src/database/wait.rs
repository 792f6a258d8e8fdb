//! Patience with dependencies that are still starting.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// Tries until it works, however long that takes, and says what is being waited for.
pub(crate) async fn until_up<T, E, F>(what: &str, mut attempt: impl FnMut() -> F) -> T
where
    E: Display,
    F: Future<Output = Result<T, E>>,
{
    let mut pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(3))
        .with_jitter()
        .without_max_times()
        .build();
    let mut waited = false;
    loop {
        match attempt().await {
            Ok(value) => {
                if waited {
                    tracing::info!("{what} is there");
                }
                return value;
            }
            Err(error) => {
                waited = true;
                let pause = pauses.next().unwrap_or(Duration::from_secs(3));
                tracing::warn!(%error, "waiting for {what}, next try in {:.1} s", pause.as_secs_f32());
                tokio::time::sleep(pause).await;
            }
        }
    }
}
