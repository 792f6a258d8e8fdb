//! The registry in Redis. `service:registry:<name>` is a service's roster; the keys around it begin with
//! `discovery:`, so that `KEYS service:registry:*` lists the services and nothing else.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, stored};
use redis::Script;
use redis::aio::ConnectionManager;

use super::record;
use crate::application::ports::{Attendance, Loaded, Rosters, Snapshot, Stamp};
use crate::domain::{Roster, ServiceName};

const ROSTER: &str = "service:registry:";
const NAMES: &str = "discovery:services";
const INDEX: &str = "discovery:index";
const ATTENDED: &str = "discovery:attended";
const SINCE: &str = "discovery:attended-since";
pub(super) const CHANGES: &str = "discovery:changes";

/// Discovery attends each second. After a longer pause than this somebody may have lost more heartbeats than
/// a lease forgives.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The usual lease: in this time every live instance finds its way back into an emptied registry.
const RECOVERY: Duration = Duration::from_secs(15);

/// The rosters in Redis.
pub struct RedisRosters {
    connection: ConnectionManager,
    replace: Script,
    attend: Script,
    snapshot: Script,
}

impl RedisRosters {
    pub fn new(connection: ConnectionManager) -> Self {
        Self {
            connection,
            replace: Script::new(include_str!("scripts/replace.lua")),
            attend: Script::new(include_str!("scripts/attend.lua")),
            snapshot: Script::new(include_str!("scripts/snapshot.lua")),
        }
    }
}

#[async_trait]
impl Rosters for RedisRosters {
    async fn load(&self, name: &ServiceName) -> Result<Loaded, StoreError> {
        let mut connection = self.connection.clone();
        let mut both = redis::pipe();
        both.get(key(name)).cmd("TIME");
        let (roster, (seconds, micros)): (Option<String>, (i64, i64)) =
            both.query_async(&mut connection).await?;
        let stamp = roster.unwrap_or_default();
        let roster = record::read(&stamp)?;
        Ok(Loaded { roster, stamp: Stamp(stamp), now: at(seconds * 1000 + micros / 1000)? })
    }

    async fn replace(
        &self,
        name: &ServiceName,
        seen: &Stamp,
        roster: &Roster,
        notable: bool,
    ) -> Result<bool, StoreError> {
        let new = record::write(roster)?;
        let mut script = self.replace.prepare_invoke();
        script.key(key(name)).key(NAMES).key(INDEX);
        script.arg(&seen.0).arg(new).arg(name.as_str()).arg(if notable { "1" } else { "0" }).arg(CHANGES);
        Ok(script.invoke_async(&mut self.connection.clone()).await?)
    }

    async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let mut script = self.snapshot.prepare_invoke();
        script.key(ATTENDED).key(SINCE).key(INDEX).key(NAMES).arg(ROSTER);
        let (now, attended, since, index, rosters): (i64, i64, i64, u64, Vec<(String, String)>) =
            script.invoke_async(&mut self.connection.clone()).await?;
        let rosters = rosters.into_iter().map(|(name, roster)| Ok((stored(&name)?, record::read(&roster)?)));
        let paused = now - attended > millis(LONGEST_PAUSE);
        Ok(Snapshot {
            index,
            recovering: paused || now - since < millis(RECOVERY),
            now: at(now)?,
            rosters: rosters.collect::<Result<_, StoreError>>()?,
        })
    }

    async fn attend(&self) -> Result<Attendance, StoreError> {
        let mut script = self.attend.prepare_invoke();
        script.key(ATTENDED).key(SINCE).key(INDEX);
        script.arg(millis(LONGEST_PAUSE)).arg(millis(RECOVERY)).arg(CHANGES);
        let (now, since) = script.invoke_async(&mut self.connection.clone()).await?;
        Ok(Attendance { now: at(now)?, since: at(since)? })
    }
}

fn key(name: &ServiceName) -> String {
    format!("{ROSTER}{name}")
}

fn at(millis: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_millis(millis).ok_or_else(|| StoreError::corrupt("a time out of range"))
}

#[expect(clippy::cast_possible_truncation, reason = "a few seconds")]
const fn millis(duration: Duration) -> i64 {
    duration.as_millis() as i64
}
