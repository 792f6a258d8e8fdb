//! Topics are made by whoever starts first.

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::types::RDKafkaErrorCode;

use super::{KafkaSettings, TIMEOUT, dlq};
use crate::database::until_up;

/// Makes sure that the topics and their dead-letter topics exist; waits until Kafka is there.
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
        failed.map_or(Ok(()), |reason| Err(crate::BoxError::from(reason)))
    })
    .await;
    Ok(())
}
