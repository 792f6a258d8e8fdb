//! How every change of a roster is made: read, decide, write if nobody else wrote meanwhile, or once more.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use chrono::{DateTime, Utc};
use tokio::time::sleep;

use super::ports::Loaded;
use super::{Registry, RegistryError};
use crate::domain::{Change, Roster, ServiceName};

/// A round takes well under a millisecond and somebody wins each one, so even a service whose hundreds of
/// instances start at once gets through.
const BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_jitter()
    .with_min_delay(Duration::from_millis(1))
    .with_max_delay(Duration::from_millis(50))
    .with_max_times(100);

impl Registry {
    pub(super) async fn change<T>(
        &self,
        name: &ServiceName,
        mut decide: impl FnMut(&mut Roster, DateTime<Utc>) -> Result<(T, Change), RegistryError>,
    ) -> Result<T, RegistryError> {
        let mut delays = BACKOFF.build();
        loop {
            let Loaded { mut roster, stamp, now } = self.store.load(name).await?;
            let (outcome, change) = decide(&mut roster, now)?;
            let notable = change == Change::Notable;
            if change == Change::None || self.store.replace(name, &stamp, &roster, notable).await? {
                return Ok(outcome);
            }
            sleep(delays.next().ok_or(RegistryError::Contended)?).await;
        }
    }
}
