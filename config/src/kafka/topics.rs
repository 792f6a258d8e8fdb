//! Topics are made by whoever starts first.

use std::thread;
use std::time::{Duration, Instant};

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, ConfigResource, ConfigSource, NewTopic, OwnedResourceSpecifier,
    ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::types::RDKafkaErrorCode;

use super::dead_letter::is_dlq;
use super::{KafkaSettings, TIMEOUT, dlq};
use crate::database::until_up;
use crate::problem::chain;

type Admin = AdminClient<DefaultClientContext>;

/// Between two looks at a topic that isn't there yet.
const PAUSE: Duration = Duration::from_millis(20);
/// Dead letters wait for people: thirteen days, where Kafka's own week would end within a holiday. Not longer, since the
/// inboxes of those who had handled the message know it for fourteen. Kafka forgets a segment as a whole, by its
/// youngest message, and so begins one every half day.
const OF_DEAD_LETTERS: &[(&str, &str)] = &[("retention.ms", "1123200000"), ("segment.ms", "43200000")];

/// A topic as it is made, by its name in the cluster.
pub(super) fn new_topic(name: &str, partitions: i32, replication: i32) -> NewTopic<'_> {
    let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(replication));
    let settings = if is_dlq(name) { OF_DEAD_LETTERS } else { &[] };
    settings.iter().fold(topic, |topic, (key, value)| topic.set(key, value))
}

/// Makes sure that the topics and their dead-letter topics exist and can be consumed; waits until Kafka is there.
pub async fn ensure(settings: &KafkaSettings, topics: &[&str]) -> Result<(), crate::BoxError> {
    if topics.is_empty() {
        return Ok(());
    }
    let (partitions, replication) =
        (i32::try_from(settings.partitions)?, i32::try_from(settings.replication)?);
    let names: Vec<(String, i32)> = topics
        .iter()
        .flat_map(|topic| [(settings.name(topic), partitions), (settings.name(&dlq(topic)), 1)])
        .collect();
    let options = AdminOptions::new().request_timeout(Some(TIMEOUT)).operation_timeout(Some(TIMEOUT));
    until_up(&format!("Kafka at {}", settings.brokers), || async {
        let wanted: Vec<_> =
            names.iter().map(|(name, partitions)| new_topic(name, *partitions, replication)).collect();
        // A client that saw Kafka end and come back may have lost it; client.rs says how.
        let admin: Admin = settings.client("topics").create()?;
        let mut old = Vec::new();
        for result in admin.create_topics(&wanted, &options).await? {
            match result {
                Ok(_) => {}
                Err((topic, RDKafkaErrorCode::TopicAlreadyExists)) => old.push(topic),
                Err((topic, code)) => return Err(crate::BoxError::from(format!("topic {topic}: {code}"))),
            }
        }
        old.retain(|topic| is_dlq(topic));
        if let Err(error) = keep_dead_letters(&admin, &old, &options).await {
            // A cluster that doesn't let us change topics is no reason not to start.
            let error = chain(error.as_ref());
            tracing::warn!(error, "dead letters stay only as long as the cluster keeps any message");
        }
        let names = names.clone();
        tokio::task::spawn_blocking(move || until_known(&admin, &names)).await?
    })
    .await;
    Ok(())
}

/// Topics that an earlier version made, or somebody else. What was set for one of them stays.
async fn keep_dead_letters(
    admin: &Admin,
    topics: &[String],
    options: &AdminOptions,
) -> Result<(), crate::BoxError> {
    let asked: Vec<_> = topics.iter().map(|topic| ResourceSpecifier::Topic(topic)).collect();
    if asked.is_empty() {
        return Ok(());
    }
    let found = admin.describe_configs(&asked, options).await?;
    let found = found.into_iter().collect::<Result<Vec<_>, _>>()?;
    let changes: Vec<_> = found.iter().filter_map(change).collect();
    if !changes.is_empty() {
        let outcomes = admin.alter_configs(&changes, options).await?;
        outcomes.into_iter().collect::<Result<Vec<_>, _>>().map_err(|(_, code)| code)?;
    }
    Ok(())
}

/// What the topic's dead letters want and nobody has set. What isn't named falls back to the cluster's, so all that was
/// set is named again.
fn change(found: &ConfigResource) -> Option<AlterConfig<'_>> {
    let OwnedResourceSpecifier::Topic(name) = &found.specifier else { return None };
    let set = found.entries.iter().filter(|entry| entry.source == ConfigSource::DynamicTopic);
    let again = set.filter_map(|entry| Some((entry.name.as_str(), entry.value.as_deref()?)));
    let unchanged = AlterConfig::new(ResourceSpecifier::Topic(name));
    let unchanged = again.fold(unchanged, |it, (key, value)| it.set(key, value));
    let missing: Vec<_> =
        OF_DEAD_LETTERS.iter().filter(|(key, _)| !unchanged.entries.contains_key(key)).collect();
    (!missing.is_empty()).then(|| missing.into_iter().fold(unchanged, |it, (key, value)| it.set(key, value)))
}

/// A topic is made before the brokers tell of it. Who subscribes in between joins its group without it, and hears
/// nothing of it until the next look at the topics, which may be long after.
fn until_known(admin: &Admin, names: &[(String, i32)]) -> Result<(), crate::BoxError> {
    let since = Instant::now();
    for (name, _) in names {
        while !is_known(admin, name)? {
            if since.elapsed() > TIMEOUT {
                // One broker of several is away: the rest of the shop needn't wait for it.
                tracing::warn!(topic = name, "partitions of a topic have no leader: starting without them");
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
    }
    Ok(())
}

fn is_known(admin: &Admin, name: &str) -> Result<bool, crate::BoxError> {
    let metadata = admin.inner().fetch_metadata(Some(name), TIMEOUT)?;
    let partitions = metadata.topics().first().map(|topic| topic.partitions()).unwrap_or_default();
    Ok(!partitions.is_empty() && partitions.iter().all(|partition| partition.leader() >= 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestEnv, eventually};

    const TOPIC: &str = "order-events";

    /// What is set for the topic itself.
    async fn set(admin: &Admin, topic: &str, key: &str) -> Result<Option<String>, String> {
        let asked = [ResourceSpecifier::Topic(topic)];
        let found = admin.describe_configs(&asked, &AdminOptions::new()).await.unwrap().remove(0);
        let found = found.map_err(|code| code.to_string())?;
        let entry = found.get(key).ok_or_else(|| format!("no {key}"))?;
        Ok(entry.value.clone().filter(|_| entry.source == ConfigSource::DynamicTopic))
    }

    async fn becomes(admin: &Admin, topic: &str, key: &str, expected: &str) {
        eventually(&format!("{key} of {topic} is {expected}"), || async {
            let found = set(admin, topic, key).await?;
            if found.as_deref() == Some(expected) { Ok(()) } else { Err(format!("{found:?}")) }
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn dead_letters_stay_for_thirteen_days() {
        let env = TestEnv::new().await;
        let settings = KafkaSettings::at(env.get("KAFKA_BROKERS"), env.get("KAFKA_PREFIX"));
        let admin: Admin = settings.client("test").create().unwrap();
        ensure(&settings, &[TOPIC]).await.unwrap();
        becomes(&admin, &settings.name(&dlq(TOPIC)), "retention.ms", "1123200000").await;
        assert_eq!(set(&admin, &settings.name(TOPIC), "retention.ms").await, Ok(None));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_dead_letters_of_an_older_version_stay_as_long_and_keep_what_was_set_for_them() {
        let env = TestEnv::new().await;
        let settings = KafkaSettings::at(env.get("KAFKA_BROKERS"), env.get("KAFKA_PREFIX"));
        let admin: Admin = settings.client("test").create().unwrap();
        let letters = settings.name(&dlq(TOPIC));
        let old = NewTopic::new(&letters, 1, TopicReplication::Fixed(1)).set("segment.ms", "3600000");
        admin.create_topics(&[old], &AdminOptions::new()).await.unwrap().remove(0).unwrap();
        becomes(&admin, &letters, "segment.ms", "3600000").await;
        ensure(&settings, &[TOPIC]).await.unwrap();
        becomes(&admin, &letters, "retention.ms", "1123200000").await;
        becomes(&admin, &letters, "segment.ms", "3600000").await;
    }
}
