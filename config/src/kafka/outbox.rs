//! Where committed events wait to be sent.

use async_trait::async_trait;
use sqlx::mysql::MySqlConnection;
use sqlx::{Executor as _, QueryBuilder};

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

/// The right to send, until dropped, until a call fails, or until nothing is asked for some seconds: a host that
/// vanishes gives nothing back.
#[async_trait]
pub trait Lead: Send {
    /// The oldest unsent events, in order.
    async fn unsent(&mut self, limit: u32) -> Result<Vec<Unsent>, StoreError>;

    /// How many wait at most: it is asked again and again while very many do, so nobody counts them.
    async fn pending(&mut self) -> Result<u64, StoreError>;

    /// These are in Kafka: of those that were given last, the first.
    async fn sent(&mut self, events: &[Unsent]) -> Result<(), StoreError>;
}

/// A leader whose host has vanished doesn't close its connection. The server does, and frees the lock, once it has heard
/// nothing for this long; the relay asks several times a second, and each second while Kafka is away.
const LEADERSHIP: &str = "SET SESSION wait_timeout = 10";

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
        if won != Some(1) {
            return Ok(None);
        }
        // The lock belongs to the connection, which therefore must not go back to the pool.
        let mut connection = connection.detach();
        connection.execute(LEADERSHIP).await?;
        Ok(Some(Box::new(MySqlLead(connection))))
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
        // Numbers that a transaction took and rolled back count too. The ends of an index are found at once.
        let between = "SELECT CAST(COALESCE(MAX(seq) - MIN(seq) + 1, 0) AS UNSIGNED) FROM outbox";
        Ok(sqlx::query_scalar(between).fetch_one(&mut self.0).await?)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::migrator;
    use crate::testing::{TestEnv, eventually};

    #[tokio::test(flavor = "multi_thread")]
    async fn who_falls_silent_leads_no_longer() {
        let outbox = MySqlOutbox::new(TestEnv::new().await.db().await);
        // Its connection stays open, as that of a host does that has vanished.
        let _silent = outbox.lead().await.unwrap().expect("nobody else leads");
        assert!(outbox.lead().await.unwrap().is_none());
        eventually("another one leads", || async {
            let lead = outbox.lead().await.map_err(|error| error.to_string())?;
            lead.map(drop).ok_or_else(|| "the silent one leads".to_owned())
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_event_that_is_committed_after_a_younger_one_was_read_is_sent() {
        const INSERT: &str = "INSERT INTO outbox (topic, msg_key, payload, created_at) \
                              VALUES ('order-events', ?, '{}', UTC_TIMESTAMP(6))";
        let db = TestEnv::new().await.db().await;
        db.migrate(migrator()).await.unwrap();
        let mut slow = db.pool().begin().await.unwrap();
        sqlx::query(INSERT).bind("older").execute(&mut *slow).await.unwrap();
        sqlx::query(INSERT).bind("younger").execute(db.pool()).await.unwrap();
        let outbox = MySqlOutbox::new(db.clone());
        let mut lead = outbox.lead().await.unwrap().expect("nobody else leads");
        let younger = lead.unsent(10).await.unwrap();
        assert_eq!(keys(&younger), ["younger"]);
        slow.commit().await.unwrap();
        assert_eq!(lead.pending().await.unwrap(), 2);
        lead.sent(&younger).await.unwrap();
        let older = lead.unsent(10).await.unwrap();
        assert_eq!(keys(&older), ["older"]);
        assert!(
            sequence(&older) < sequence(&younger),
            "whoever went on from the last one would pass over it"
        );
        lead.sent(&older).await.unwrap();
        assert_eq!(lead.pending().await.unwrap(), 0);
    }

    fn keys(events: &[Unsent]) -> Vec<&str> {
        events.iter().map(|event| event.key.as_str()).collect()
    }

    fn sequence(events: &[Unsent]) -> u64 {
        events[0].position.parse().unwrap()
    }
}
