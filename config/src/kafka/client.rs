//! What producers and consumers have in common: hearing how their client is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::Gauge;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{ClientContext, Statistics};
use tokio::sync::Notify;

/// How often a client tells how it is, in milliseconds.
pub(super) const STATISTICS: &str = "5000";
/// Statistics in a row that know no broker, before the client counts as lost.
const BLIND: u32 = 2;
/// Statistics in a row that show a client outside its group, before it counts as lost.
const OUTSIDE: u32 = 6;

/// Hears whether a client still finds its brokers and its group, and a consumer's lag.
pub(super) struct Context {
    /// Told when the client won't recover by itself, again and again.
    lost: Arc<Notify>,
    /// Whether another client has taken its place.
    replaced: AtomicBool,
    /// Whether it shares partitions with others.
    in_group: bool,
    blind: AtomicU32,
    outside: AtomicU32,
    /// Whether trouble has been reported and isn't over.
    troubled: AtomicBool,
    /// By topic and partition.
    shares: Mutex<HashMap<String, HashMap<i32, Share>>>,
}

/// What this client has of its group's partitions.
#[derive(Clone, Copy, Default)]
struct Share {
    /// How often the partition was taken away.
    revoked: u64,
    is_ours: bool,
}

impl Context {
    pub fn new(lost: Arc<Notify>) -> Self {
        let (blind, outside) = (AtomicU32::new(0), AtomicU32::new(0));
        Self {
            lost,
            replaced: AtomicBool::new(false),
            in_group: false,
            blind,
            outside,
            troubled: AtomicBool::new(false),
            shares: Mutex::default(),
        }
    }

    /// Of a client that shares partitions with others.
    pub fn in_group(lost: Arc<Notify>) -> Self {
        Self { in_group: true, ..Self::new(lost) }
    }

    /// From now on it is no news that the client is lost.
    pub fn replaced(&self) {
        self.replaced.store(true, Ordering::Relaxed);
    }

    pub fn is_replaced(&self) -> bool {
        self.replaced.load(Ordering::Relaxed)
    }

    fn lose(&self) {
        if !self.is_replaced() {
            self.lost.notify_one();
        }
    }

    /// Which assignment of the partition this is. What came with an earlier one comes again, here or elsewhere.
    pub fn assignment(&self, topic: &str, partition: i32) -> u64 {
        self.share(topic, partition).revoked
    }

    fn share(&self, topic: &str, partition: i32) -> Share {
        let shares = self.shares();
        shares.get(topic).and_then(|partitions| partitions.get(&partition)).copied().unwrap_or_default()
    }

    fn shares(&self) -> MutexGuard<'_, HashMap<String, HashMap<i32, Share>>> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn assign(&self, topic: &str, partition: i32) {
        self.shares().entry(topic.to_owned()).or_default().entry(partition).or_default().is_ours = true;
    }

    fn revoke(&self, topic: &str, partition: i32) {
        let mut shares = self.shares();
        let share = shares.entry(topic.to_owned()).or_default().entry(partition).or_default();
        share.revoked += 1;
        if std::mem::take(&mut share.is_ours) {
            // Whoever has it now tells. The last number would stand here for ever.
            lag(topic, partition).set(0.0);
        }
    }

    /// Another client takes over what this one has.
    pub fn revoke_all(&self) {
        let ours: Vec<(String, i32)> = self
            .shares()
            .iter()
            .flat_map(|(topic, partitions)| partitions.iter().map(move |(id, share)| (topic, *id, share)))
            .filter(|(_, _, share)| share.is_ours)
            .map(|(topic, id, _)| (topic.clone(), id))
            .collect();
        ours.iter().for_each(|(topic, partition)| self.revoke(topic, *partition));
    }

    /// librdkafka reconnects by itself, several times a second; one line tells that it has to.
    pub fn trouble(&self, error: &KafkaError) {
        if self.troubled.swap(true, Ordering::Relaxed) {
            tracing::debug!(%error, "Kafka is still in trouble");
        } else {
            tracing::warn!(%error, "Kafka is in trouble");
        }
    }

    /// A broker that comes back and isn't in service yet names no broker at all, not even itself. librdkafka then
    /// forgets all of them, and when its own remedy comes at the wrong moment, for ever
    /// (<https://github.com/confluentinc/librdkafka/issues/5301>). It may also wait for a group's coordinator that it
    /// never connects to.
    fn watch(&self, statistics: &Statistics) {
        let knows_one = statistics
            .brokers
            .values()
            .any(|broker| matches!(broker.source.as_str(), "learned" | "configured"));
        let is_inside = statistics
            .cgrp
            .as_ref()
            .is_none_or(|group| !self.in_group || (group.state == "up" && group.join_state == "steady"));
        let is_blind = in_a_row(&self.blind, !knows_one, BLIND);
        let is_outside = in_a_row(&self.outside, !is_inside, OUTSIDE);
        if is_blind || is_outside {
            self.lose();
        }
    }
}

/// How far behind a partition is. A paused one seems to stand still, for librdkafka learns its end when it reads of it:
/// that a message is tried again and again shows in `kafka_consumer_retries_total`.
fn lag(topic: &str, partition: i32) -> Gauge {
    let (topic, partition) = (topic.to_owned(), partition.to_string());
    metrics::gauge!("kafka_consumer_lag_messages", "topic" => topic, "partition" => partition)
}

/// Whether it happened `often` times in a row, or a multiple of it.
fn in_a_row(count: &AtomicU32, happens: bool, often: u32) -> bool {
    if !happens {
        count.store(0, Ordering::Relaxed);
        return false;
    }
    (count.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(often)
}

impl ClientContext for Context {
    fn stats(&self, statistics: Statistics) {
        self.watch(&statistics);
        let answers = statistics.brokers.values().any(|broker| broker.state == "UP");
        if answers && self.troubled.swap(false, Ordering::Relaxed) {
            tracing::info!("Kafka answers again");
        }
        for (topic, state) in &statistics.topics {
            for (partition, state) in &state.partitions {
                let is_ours = !self.in_group || self.share(topic, *partition).is_ours;
                if is_ours && *partition >= 0 && state.consumer_lag >= 0 {
                    lag(topic, *partition).set(state.consumer_lag as f64);
                }
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal) {
            // Only a new client sends again, and nothing else tells why there is one.
            tracing::error!(%error, reason, "this client can't go on");
            return self.lose();
        }
        tracing::debug!(%error, reason, "librdkafka");
        self.trouble(&error);
    }

    /// What matters of it comes as an error too; the rest is each attempt to connect.
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(?level, facility, message, "librdkafka");
    }
}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(partitions) => {
                partitions.elements().iter().for_each(|new| self.assign(new.topic(), new.partition()));
            }
            Rebalance::Revoke(partitions) => {
                partitions.elements().iter().for_each(|gone| self.revoke(gone.topic(), gone.partition()));
            }
            Rebalance::Error(_) => {}
        }
    }

    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(partitions) => {
                tracing::debug!(count = partitions.count(), "partitions assigned")
            }
            Rebalance::Revoke(partitions) => {
                tracing::debug!(count = partitions.count(), "partitions revoked")
            }
            Rebalance::Error(error) => tracing::warn!(%error, "rebalance failed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::Duration;

    use metrics_exporter_prometheus::PrometheusBuilder;
    use rdkafka::statistics::{Broker, ConsumerGroup, Partition, Topic};

    use super::*;

    fn statistics(sources: &[&str], state: &str, join_state: &str) -> Statistics {
        let broker = |source: &&str| {
            let broker = Broker { source: (*source).to_owned(), ..Default::default() };
            ((*source).to_owned(), broker)
        };
        let cgrp = ConsumerGroup { state: state.into(), join_state: join_state.into(), ..Default::default() };
        Statistics {
            brokers: sources.iter().map(broker).collect::<HashMap<_, _>>(),
            cgrp: Some(cgrp),
            ..Default::default()
        }
    }

    async fn is_told(lost: &Notify) -> bool {
        tokio::time::timeout(Duration::from_millis(50), lost.notified()).await.is_ok()
    }

    /// Told at the last of `often` bad ones in a row, and again.
    async fn bad_ones_in_a_row_are_told(context: Context, bad: Statistics, often: u32) {
        (1..often).for_each(|_| context.watch(&bad));
        context.watch(&statistics(&["learned", "logical"], "up", "steady"));
        for _ in 0..2 {
            (1..often).for_each(|_| context.watch(&bad));
            assert!(!is_told(&context.lost).await, "it may still recover");
            context.watch(&bad);
            assert!(is_told(&context.lost).await, "it is lost");
        }
    }

    #[tokio::test]
    async fn a_client_that_stays_outside_its_group_is_lost() {
        let outside = statistics(&["learned"], "wait-broker-transport", "wait-join");
        bad_ones_in_a_row_are_told(Context::in_group(Arc::default()), outside, OUTSIDE).await;
    }

    #[tokio::test]
    async fn a_client_that_knows_no_broker_is_lost_though_its_coordinator_answers() {
        let blind = statistics(&["logical", "internal"], "up", "steady");
        bad_ones_in_a_row_are_told(Context::new(Arc::default()), blind, BLIND).await;
    }

    #[tokio::test]
    async fn who_shares_nothing_needs_no_group() {
        let context = Context::new(Arc::default());
        let alone = statistics(&["learned"], "init", "init");
        (0..2 * OUTSIDE).for_each(|_| context.watch(&alone));
        assert!(!is_told(&context.lost).await);
    }

    #[test]
    fn an_assignment_ends_for_the_partition_that_is_taken_away() {
        let context = Context::new(Arc::default());
        let (before, other) = (context.assignment("topic", 1), context.assignment("topic", 2));
        context.revoke("topic", 1);
        assert_ne!(context.assignment("topic", 1), before);
        assert_eq!(context.assignment("topic", 2), other);
    }

    #[test]
    fn who_has_a_partition_tells_its_lag() {
        let context = Context::in_group(Arc::default());
        let partitions = [0_i32, 1, 2].map(|id| {
            let state = Partition { consumer_lag: 70 + i64::from(id), ..Default::default() };
            (id, state)
        });
        let topic = Topic { partitions: partitions.into(), ..Default::default() };
        let told = Statistics { topics: [("orders".to_owned(), topic)].into(), ..Default::default() };
        let recorder = PrometheusBuilder::new().build_recorder();
        let shown = || {
            context.stats(told.clone());
            let text = recorder.handle().render();
            [0, 1, 2].map(|id| {
                let line = format!("kafka_consumer_lag_messages{{topic=\"orders\",partition=\"{id}\"}} ");
                text.lines().find_map(|it| it.strip_prefix(&line).map(str::to_owned))
            })
        };
        metrics::with_local_recorder(&recorder, || {
            let lag = |it: &str| Some(it.to_owned());
            (0..2).for_each(|id| context.assign("orders", id));
            assert_eq!(shown(), [lag("70"), lag("71"), None]);
            context.revoke("orders", 0);
            assert_eq!(shown(), [lag("0"), lag("71"), None]);
            context.revoke_all();
            assert_eq!(shown(), [lag("0"), lag("0"), None]);
            context.assign("orders", 0);
            assert_eq!(shown(), [lag("70"), lag("0"), None]);
        });
    }

    #[tokio::test]
    async fn a_fatal_error_loses_the_client() {
        let context = Context::new(Arc::default());
        context.error(KafkaError::Global(RDKafkaErrorCode::AllBrokersDown), "away");
        assert!(!is_told(&context.lost).await, "it comes back");
        context.error(KafkaError::Global(RDKafkaErrorCode::Fatal), "out of sequence");
        assert!(is_told(&context.lost).await);
    }
}
