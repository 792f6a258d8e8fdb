//! How far each consumer group is behind, as Kafka knows it: of a group whose consumers are dead, too.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};

use super::board::Board;
use crate::Error;

const EVERY: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_secs(3);

/// Looks now and then, and a last time in the end.
pub struct Lag {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Lag {
    pub fn watch(brokers: String, board: Arc<Board>) -> Self {
        let (stop, stopped) = channel();
        // The client blocks.
        let thread = std::thread::spawn(move || {
            let mut groups = Groups { brokers, clients: BTreeMap::new() };
            let mut is_last = false;
            loop {
                // Kafka may be away, which is shown and no more.
                board.lags(groups.lag().map_err(|error| error.to_string()));
                if is_last {
                    return;
                }
                is_last = stopped.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout);
            }
        });
        Self { stop, thread }
    }

    pub async fn finish(self) {
        drop(self.stop);
        // It says nothing, and may take as long as Kafka's silence.
        let _ = tokio::task::spawn_blocking(move || self.thread.join()).await;
    }
}

/// Where a shop's Kafka is.
pub fn brokers(system: &xtask::System) -> Result<String, Error> {
    Ok(system.url("kafka")?.trim_start_matches("kafka://").trim_end_matches('/').to_owned())
}

/// Waits until every group has read all there is, and a moment later still has; `false` when that takes too long.
pub async fn caught_up(brokers: String, patience: Duration) -> Result<bool, Error> {
    let wait = move || {
        let mut groups = Groups { brokers, clients: BTreeMap::new() };
        let begin = Instant::now();
        let mut quiet = 0;
        while quiet < 3 {
            if begin.elapsed() > patience {
                return Ok(false);
            }
            std::thread::sleep(Duration::from_secs(1));
            let lag = groups.lag().map_err(|error| error.to_string())?;
            quiet = if lag.values().sum::<i64>() == 0 { quiet + 1 } else { 0 };
        }
        Ok::<_, String>(true)
    };
    Ok(tokio::task::spawn_blocking(wait).await??)
}

struct Groups {
    brokers: String,
    /// One for each group, since a client asks for its own group's offsets only.
    clients: BTreeMap<String, BaseConsumer>,
}

impl Groups {
    fn lag(&mut self) -> Result<BTreeMap<String, i64>, Error> {
        let asking = self.client("")?;
        let metadata = asking.fetch_metadata(None, TIMEOUT)?;
        let mut places = TopicPartitionList::new();
        for topic in metadata.topics().iter().filter(|topic| is_read_by_services(topic.name())) {
            for partition in topic.partitions() {
                places.add_partition(topic.name(), partition.id());
            }
        }
        let groups = asking.fetch_group_list(None, TIMEOUT)?;
        let names: Vec<String> = groups.groups().iter().map(|group| group.name().to_owned()).collect();
        for name in &names {
            self.client(name)?;
        }
        let mut ends = BTreeMap::new();
        let mut all = BTreeMap::new();
        for (group, committed) in self.committed(&names, &places) {
            let mut lag = None;
            for place in committed.elements() {
                let Offset::Offset(read) = place.offset() else { continue };
                let key = (place.topic().to_owned(), place.partition());
                let end = match ends.get(&key) {
                    Some(end) => *end,
                    None => {
                        let (_, end) = self.client("")?.fetch_watermarks(&key.0, key.1, TIMEOUT)?;
                        ends.insert(key, end);
                        end
                    }
                };
                *lag.get_or_insert(0) += (end - read).max(0);
            }
            all.extend(lag.map(|lag| (group.clone(), lag)));
        }
        Ok(all)
    }

    /// How far each group has read. They are asked at once, since each has to find its coordinator first, and one
    /// that doesn't answer is left out this time.
    fn committed<'a>(
        &self,
        names: &'a [String],
        places: &TopicPartitionList,
    ) -> Vec<(&'a String, TopicPartitionList)> {
        std::thread::scope(|scope| {
            let asked: Vec<_> = names
                .iter()
                .map(|name| {
                    let (client, places) = (&self.clients[name], places.clone());
                    (name, scope.spawn(move || client.committed_offsets(places, TIMEOUT)))
                })
                .collect();
            let answered =
                asked.into_iter().filter_map(|(name, asked)| Some((name, asked.join().ok()?.ok()?)));
            answered.collect()
        })
    }

    fn client(&mut self, group: &str) -> Result<&BaseConsumer, Error> {
        if !self.clients.contains_key(group) {
            let mut config = ClientConfig::new();
            config
                .set("bootstrap.servers", &self.brokers)
                .set("group.id", if group.is_empty() { "generator" } else { group })
                .set("enable.auto.commit", "false")
                .set("log.connection.close", "false")
                .set_log_level(RDKafkaLogLevel::Emerg);
            self.clients.insert(group.to_owned(), config.create()?);
        }
        Ok(&self.clients[group])
    }
}

fn is_read_by_services(topic: &str) -> bool {
    !topic.starts_with("__") && !topic.ends_with(".dlq")
}
