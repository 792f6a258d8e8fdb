//! How far each consumer group is behind, as Kafka knows it: of a group whose consumers are dead, too.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};

use super::board::Board;
use crate::Error;

const EVERY: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_secs(3);

/// Looks until it is dropped.
pub struct Lag {
    _stop: Sender<()>,
}

impl Lag {
    pub fn watch(brokers: String, board: Arc<Board>) -> Self {
        let (stop, stopped) = channel();
        // The client blocks.
        std::thread::spawn(move || {
            let mut groups = Groups { brokers, clients: BTreeMap::new() };
            loop {
                if let Ok(lag) = groups.lag() {
                    board.lags(lag);
                }
                // Kafka may be away: that is none of the generator's business.
                if stopped.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        Self { _stop: stop }
    }
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
        let mut ends = BTreeMap::new();
        let mut all = BTreeMap::new();
        for group in names {
            let committed = self.client(&group)?.committed_offsets(places.clone(), TIMEOUT)?;
            let mut lag = None;
            for place in committed.elements() {
                let Offset::Offset(read) = place.offset() else { continue };
                let end = match ends.get(&(place.topic().to_owned(), place.partition())) {
                    Some(end) => *end,
                    None => {
                        let (_, end) =
                            self.client("")?.fetch_watermarks(place.topic(), place.partition(), TIMEOUT)?;
                        ends.insert((place.topic().to_owned(), place.partition()), end);
                        end
                    }
                };
                *lag.get_or_insert(0) += (end - read).max(0);
            }
            all.extend(lag.map(|lag| (group, lag)));
        }
        Ok(all)
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
