//! Where committed events wait to be sent.

use async_trait::async_trait;
use sqlx::QueryBuilder;
use sqlx::mysql::MySqlConnection;

use crate::database::{Db, StoreError, push_list};

/// An event that is committed but not yet in Kafka.
#[derive(Debug, Clone)]
pub struct Unsent {
    /// What the outbox knows it by.
    pub position: String,
    pub topic: String,
    pub key: String,
    /// The CloudEvents document.
    pub payload: String,
    /// How long it has been waiting.
    pub age: std::time::Duration,
}

/// A service's outbox.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Becomes the one instance that sends, or `None` while another is.
    async fn lead(&self) -> Result<Option<Box<dyn Lead>>, StoreError>;

    /// Resolves when there may be something to send, in this process.
    async fn changed(&self);
}

/// The right to send, until dropped or until a call fails.
#[async_trait]
pub trait Lead: Send {
    /// The oldest unsent events, in order.
    async fn unsent(&mut self, limit: u32) -> Result<Vec<Unsent>, StoreError>;

    /// How many wait.
    async fn pending(&mut self) -> Result<u64, StoreError>;

    /// These are in Kafka.
    async fn sent(&mut self, events: &[Unsent]) -> Result<(), StoreError>;
}

/// The table `outbox`; the leader holds a named lock of its connection.
#[derive(Debug)]
pub struct MySqlOutbox(Db);

impl MySqlOutbox {
    pub fn new(db: Db) -> Self {
        Self(db)
    }
}

#[async_trait]
impl Outbox for MySqlOutbox {
    async fn lead(&self) -> Result<Option<Box<dyn Lead>>, StoreError> {
        let mut connection = self.0.pool().acquire().await?;
        let won: Option<i64> = sqlx::query_scalar("SELECT GET_LOCK(CONCAT('outbox:', DATABASE()), 0)")
            .fetch_one(&mut *connection)
            .await?;
        // The lock belongs to the connection, which therefore must not go back to the pool.
        Ok((won == Some(1)).then(|| -> Box<dyn Lead> { Box::new(MySqlLead(connection.detach())) }))
    }

    async fn changed(&self) {
        self.0.committed().await;
    }
}

struct MySqlLead(MySqlConnection);

#[async_trait]
impl Lead for MySqlLead {
    async fn unsent(&mut self, limit: u32) -> Result<Vec<Unsent>, StoreError> {
        type Row = (u64, String, String, String, i64);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT seq, topic, msg_key, payload, TIMESTAMPDIFF(MICROSECOND, created_at, UTC_TIMESTAMP(6)) \
             FROM outbox ORDER BY seq LIMIT ?",
        )
        .bind(limit)
        .fetch_all(&mut self.0)
        .await?;
        let unsent = |(seq, topic, key, payload, age): Row| Unsent {
            position: seq.to_string(),
            topic,
            key,
            payload,
            age: std::time::Duration::from_micros(age.try_into().unwrap_or_default()),
        };
        Ok(rows.into_iter().map(unsent).collect())
    }

    async fn pending(&mut self) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM outbox").fetch_one(&mut self.0).await?;
        Ok(count.try_into().unwrap_or_default())
    }

    async fn sent(&mut self, events: &[Unsent]) -> Result<(), StoreError> {
        let positions = events.iter().map(|event| event.position.parse::<u64>());
        let positions = positions.collect::<Result<Vec<_>, _>>().map_err(StoreError::corrupt)?;
        let mut delete = QueryBuilder::new("DELETE FROM outbox WHERE seq IN ");
        push_list(&mut delete, positions);
        delete.build().execute(&mut self.0).await?;
        Ok(())
    }
}
