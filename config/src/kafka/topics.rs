//! Topics are made by whoever starts first.

use std::thread;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::types::RDKafkaErrorCode;

use super::{KafkaSettings, TIMEOUT, dlq};
use crate::database::until_up;

/// Between two looks at a topic that isn't there yet.
const PAUSE: Duration = Duration::from_millis(20);

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
        let wanted: Vec<_> = names
            .iter()
            .map(|(name, partitions)| NewTopic::new(name, *partitions, TopicReplication::Fixed(replication)))
            .collect();
        // A client that saw Kafka end and come back may have lost it; client.rs says how.
        let admin: AdminClient<DefaultClientContext> = settings.client("topics").create()?;
        let results = admin.create_topics(&wanted, &options).await?;
        let failed = results.into_iter().find_map(|result| match result {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => None,
            Err((topic, code)) => Some(format!("topic {topic}: {code}")),
        });
        match failed {
            Some(reason) => Err(crate::BoxError::from(reason)),
            None => {
                let names = names.clone();
                tokio::task::spawn_blocking(move || until_known(&admin, &names)).await?
            }
        }
    })
    .await;
    Ok(())
}

/// A topic is made before the brokers tell of it. Who subscribes in between joins its group without it, and hears
/// nothing of it until the next look at the topics, which may be long after.
fn until_known(
    admin: &AdminClient<DefaultClientContext>,
    names: &[(String, i32)],
) -> Result<(), crate::BoxError> {
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

fn is_known(admin: &AdminClient<DefaultClientContext>, name: &str) -> Result<bool, crate::BoxError> {
    let metadata = admin.inner().fetch_metadata(Some(name), TIMEOUT)?;
    let partitions = metadata.topics().first().map(|topic| topic.partitions()).unwrap_or_default();
    Ok(!partitions.is_empty() && partitions.iter().all(|partition| partition.leader() >= 0))
}
