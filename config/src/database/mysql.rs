//! MySQL 8 or MariaDB 10.11: the pool, and the transaction that is the unit of work.

use std::borrow::Cow;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use metrics::Counter;
use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::Migrator;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlQueryResult};
use sqlx::{Connection as _, Executor as _, MySql, MySqlConnection, MySqlPool, QueryBuilder, Transaction};
use tokio::sync::Notify;
use tokio::time::timeout;
use uuid::Uuid;

use super::batch::{Batch, once_committed};
use super::{PoolUse, StoreError, UnitOfWork, padded, pool, until_up};
use crate::clock::{Clock as _, SystemClock};
use crate::idempotency::{Answer, Claim};
use crate::kafka::Envelope;
use crate::settings::{Env, Invalid, Settings};

/// Where MySQL is.
#[derive(Debug)]
pub struct MySqlSettings {
    url: SecretString,
    max_connections: u32,
}

impl Settings for MySqlSettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let url = env
            .var("DATABASE_URL", "this service's schema, as mysql://user:password@host:port/schema")
            .required();
        let max = env.var("DATABASE_MAX_CONNECTIONS", "size of the connection pool").default("16");
        Ok(Self { url: url?, max_connections: max? })
    }
}

/// Statements that a connection keeps prepared. The server counts those of all connections (`max_prepared_stmt_count`).
const STATEMENTS: usize = 256;

/// A connection that nobody needs is closed after this time. The pool looks as seldom as that, and may miss it once or
/// twice.
const IDLE: Duration = Duration::from_secs(30);

/// How long a server may take to say that a connection is well.
const ANSWER: Duration = Duration::from_secs(2);

/// For how long one connection that was well speaks for the others.
const FRESH: Duration = Duration::from_secs(1);

/// How every session begins.
///
/// A host that loses its power or its network closes nothing: its sessions stay, with the rows that they have locked,
/// until the server has heard nothing of them for `wait_timeout`, which by itself is eight hours. So much silence is now
/// two minutes, which an idle connection of the pool doesn't reach. MariaDB also limits the silence within a transaction,
/// where no more than milliseconds are meant to pass between two statements, and so frees the rows after ten seconds;
/// MySQL has nothing like it and reads a comment.
const SESSION: &str = "SET SESSION innodb_lock_wait_timeout = 5, wait_timeout = 120 \
                       /*M!100300 , idle_transaction_timeout = 10 */";

/// A service's schema.
#[derive(Debug, Clone)]
pub struct Db {
    pool: MySqlPool,
    source: Arc<str>,
    committed: Arc<Notify>,
}

impl Db {
    /// Waits until the server is there. `source` names the service in the events it publishes.
    pub async fn connect(source: &str, settings: &MySqlSettings) -> Result<Self, crate::BoxError> {
        let options = MySqlConnectOptions::from_str(settings.url.expose_secret())
            .map_err(|_| "DATABASE_URL must be of the form mysql://user:password@host:port/schema")?
            .statement_cache_capacity(STATEMENTS);
        let what = format!("MySQL at {}:{}", options.get_host(), options.get_port());
        until_up(&what, || async {
            let mut connection = MySqlConnection::connect_with(&options).await?;
            connection.ping().await
        })
        .await;
        pool::register("mysql");
        let heard = Heard::default();
        let pool = MySqlPoolOptions::new()
            .max_connections(settings.max_connections)
            .acquire_timeout(Duration::from_secs(3))
            .idle_timeout(IDLE)
            .test_before_acquire(false)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    // Gap locks of REPEATABLE READ would make unrelated inserts wait for one another.
                    connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await?;
                    connection.execute(SESSION).await?;
                    Ok(())
                })
            })
            .after_release(move |connection, _| {
                let heard = heard.clone();
                Box::pin(async move { heard.ask(connection).await.map(|()| true) })
            })
            .connect_lazy_with(options);
        Ok(Self { pool, source: source.into(), committed: Arc::default() })
    }

    /// Brings the schema up to date: the shared tables and the service's own.
    pub async fn migrate(&self, migrator: Migrator) -> Result<(), sqlx::migrate::MigrateError> {
        let shared = sqlx::migrate!("./migrations");
        let all = shared.iter().cloned().chain(migrator.iter().cloned()).collect();
        // While a new version is rolled out, an old one that restarts finds migrations that it doesn't know. They only
        // added.
        Migrator::with_migrations(all).set_ignore_missing(true).run(&self.pool).await
    }

    /// For reads outside a unit of work.
    pub fn pool(&self) -> &MySqlPool {
        &self.pool
    }

    /// Begins a unit of work, which is part of the task's [`Batch`] if it is in one.
    pub async fn transaction(&self) -> Result<Tx, StoreError> {
        let batch = Batch::current();
        let inner = match &batch {
            Some(batch) => batch.lend().await?,
            None => self.pool.begin().await?,
        };
        Ok(Tx {
            inner: Some(inner),
            db: self.clone(),
            batch,
            claimed: Vec::new(),
            answers: Vec::new(),
            events: Vec::new(),
            counts: Vec::new(),
        })
    }

    /// Shows how the pool is used.
    pub(crate) fn measure(&self) {
        let (all, idle) = (self.pool.size(), u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX));
        let max = self.pool.options().get_max_connections();
        PoolUse { system: "mysql", used: all.saturating_sub(idle), idle, max }.show();
    }

    /// Whether the server answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Resolves when a unit of work with events has committed in this process.
    pub(crate) async fn committed(&self) {
        self.committed.notified().await;
    }

    pub(super) fn wake_relay(&self) {
        self.committed.notify_one();
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }
}

/// When the server was last heard.
///
/// The pool asks each connection that it gets back whether it is well, without a limit. A host that has vanished refuses
/// nothing, and so the pool would miss the place of each connection for a quarter of an hour, until TCP gives up. This
/// asks before, with a limit, and has the pool close what doesn't answer. While the server is heard anyway it doesn't
/// ask: twice for each transaction would be too much.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Option<Instant>>>);

impl Heard {
    async fn ask(&self, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| last.elapsed() < FRESH) {
            return Ok(());
        }
        let answered = timeout(ANSWER, connection.ping()).await;
        answered.map_err(|late| sqlx::Error::Io(late.into()))??;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Ok(())
    }
}

/// No migrations of its own beside the shared ones.
pub fn migrator() -> Migrator {
    Migrator { migrations: Cow::Borrowed(&[]), ..Migrator::DEFAULT }
}

/// A transaction in MySQL. Each service implements its repositories on it.
pub struct Tx {
    /// There until the end.
    inner: Option<Transaction<'static, MySql>>,
    db: Db,
    batch: Option<Arc<Batch>>,
    /// Messages for the batch's inbox.
    claimed: Vec<Uuid>,
    /// Written in one statement at the commit, as the events are.
    answers: Vec<(Claim, Answer)>,
    events: Vec<Envelope>,
    counts: Vec<(Counter, u64)>,
}

impl Tx {
    /// What statements run on.
    pub fn connection(&mut self) -> &mut MySqlConnection {
        self.inner.as_mut().expect("it ends with the unit of work")
    }

    /// The ids of the rows that one `INSERT … VALUES` has just added, in their order: InnoDB knows how many there will
    /// be and gives them consecutive ones, at the distance that the server is set to.
    /// <https://dev.mysql.com/doc/refman/8.4/en/innodb-auto-increment-handling.html>
    pub async fn ids_of(&mut self, inserted: &MySqlQueryResult) -> Result<Vec<u64>, StoreError> {
        let (first, rows) = (inserted.last_insert_id(), inserted.rows_affected());
        let distance: u64 = match rows {
            0 | 1 => 1,
            _ => {
                sqlx::query_scalar("SELECT CAST(@@auto_increment_increment AS UNSIGNED)")
                    .fetch_one(self.connection())
                    .await?
            }
        };
        Ok((0..rows).map(|row| first + row * distance).collect())
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if let Some(batch) = self.batch.take() {
            batch.lose();
        }
    }
}

pub(super) async fn write_outbox(
    connection: &mut MySqlConnection,
    source: &str,
    events: Vec<Envelope>,
) -> Result<(), StoreError> {
    let now = SystemClock.now();
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        let payload = event.to_json(source).map_err(|error| StoreError::Broken(error.into()))?;
        rows.push((event.topic, event.key, payload));
    }
    let mut insert = QueryBuilder::new("INSERT INTO outbox (topic, msg_key, payload, created_at) ");
    insert.push_values(rows, |mut row, (topic, key, payload)| {
        row.push_bind(topic).push_bind(key).push_bind(payload).push_bind(now);
    });
    // Events can't be repeated to come in fewer shapes: each number of them is a prepared statement of its own, of up to
    // 256 from a group of messages (ADR 187).
    insert.build().execute(connection).await?;
    Ok(())
}

/// Keeps the answers under their keys. A row can be inserted here only when its claim is gone, and nothing is left of
/// it then.
async fn write_answers(
    connection: &mut MySqlConnection,
    answers: &[(Claim, Answer)],
) -> Result<(), StoreError> {
    let now = SystemClock.now();
    let mut upsert = QueryBuilder::new(
        "INSERT INTO idempotency_keys \
         (scope, idem_key, request_hash, owner, status, body, lease_until, created_at) ",
    );
    upsert.push_values(answers, |mut row, (claim, answer)| {
        row.push_bind(&claim.scope).push_bind(&claim.key).push("''").push_bind(claim.owner);
        row.push_bind(answer.status).push_bind(&answer.body).push_bind(now).push_bind(now);
    });
    upsert.push(
        " ON DUPLICATE KEY UPDATE \
         body = IF(owner = VALUES(owner) AND status IS NULL, VALUES(body), body), \
         status = IF(owner = VALUES(owner) AND status IS NULL, VALUES(status), status)",
    );
    let written = upsert.build().execute(connection).await?;
    // MySQL counts two for a row that was changed, and one for a row that was inserted or stays as it is.
    if written.rows_affected() == 2 * answers.len() as u64 {
        Ok(())
    } else {
        // Our lease ran out and another request took the key over: it will do the work.
        Err(StoreError::Contended("the idempotency key was taken over".into()))
    }
}

/// Marks messages as handled; `false` when one of them was before.
pub(super) async fn claim(connection: &mut MySqlConnection, messages: &[Uuid]) -> Result<bool, StoreError> {
    let now = SystemClock.now();
    let mut insert = QueryBuilder::new("INSERT IGNORE INTO inbox (message_id, claimed_at) ");
    insert.push_values(padded(messages), |mut row, message| {
        row.push_bind(*message).push_bind(now);
    });
    let inserted = insert.build().execute(connection).await?;
    Ok(inserted.rows_affected() == messages.len() as u64)
}

#[async_trait]
impl UnitOfWork for Tx {
    async fn claim_all(&mut self, messages: &[&Envelope]) -> Result<bool, StoreError> {
        let ids: Vec<Uuid> = messages.iter().map(|message| message.id).collect();
        if let Some(batch) = &self.batch {
            let new = ids.iter().all(|id| batch.is_new(*id));
            self.claimed.extend(new.then_some(ids).into_iter().flatten());
            return Ok(new);
        }
        claim(self.connection(), &ids).await
    }

    async fn publish(&mut self, event: Envelope) -> Result<(), StoreError> {
        self.events.push(event.in_current_context());
        Ok(())
    }

    async fn answer(&mut self, claim: &Claim, answer: Answer) -> Result<(), StoreError> {
        self.answers.push((claim.clone(), answer));
        Ok(())
    }

    fn tally(&mut self, counter: Counter, by: u64) {
        self.counts.push((counter, by));
    }

    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        let events = std::mem::take(&mut self.events);
        let counts = std::mem::take(&mut self.counts);
        let count = move || counts.iter().for_each(|(counter, by)| counter.increment(*by));
        let mut transaction = self.inner.take().expect("it ends with the unit of work");
        if !self.answers.is_empty() {
            write_answers(&mut transaction, &self.answers).await?;
        }
        if let Some(batch) = self.batch.take() {
            once_committed(count);
            batch.take_back(transaction, std::mem::take(&mut self.claimed), events);
            return Ok(());
        }
        let wake = !events.is_empty();
        if wake {
            write_outbox(&mut transaction, &self.db.source, events).await?;
        }
        transaction.commit().await?;
        count();
        if wake {
            self.db.wake_relay();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::io::copy_bidirectional;
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::sync::CancellationToken;
    use url::Url;

    use super::*;
    use crate::testing::{TestEnv, eventually};

    /// A way to the server. What is connected when its host vanishes hears nothing any more, not even that it ended.
    async fn by_way_of(server: &str, vanished: &CancellationToken) -> String {
        let (mut url, vanished): (Url, _) = (server.parse().unwrap(), vanished.clone());
        let server = (url.host_str().unwrap().to_owned(), url.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        tokio::spawn(async move {
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let mut far = TcpStream::connect(server.clone()).await.unwrap();
                let (vanished, is_new) = (vanished.clone(), vanished.is_cancelled());
                tokio::spawn(async move {
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        () = vanished.cancelled(), if !is_new => pending().await,
                    }
                });
            }
        });
        url.into()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_connection_whose_server_has_vanished_makes_room_for_another() {
        let (env, vanished) = (TestEnv::new().await, CancellationToken::new());
        let url = by_way_of(env.get("DATABASE_URL"), &vanished).await;
        let db = env.set("DATABASE_URL", url).set("DATABASE_MAX_CONNECTIONS", "1").db().await;
        let only_one = db.pool().acquire().await.unwrap();
        vanished.cancel();
        drop(only_one);
        eventually("there is another one", || async { db.ping().await.map_err(|error| error.to_string()) })
            .await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_server_gives_up_who_is_silent_and_the_pool_never_is() {
        let db = TestEnv::new().await.db().await;
        let select = "SELECT VERSION(), CAST(@@SESSION.wait_timeout AS UNSIGNED)";
        let (version, patience): (String, u64) = sqlx::query_as(select).fetch_one(db.pool()).await.unwrap();
        assert!(patience > 3 * IDLE.as_secs() && patience <= 120, "{patience}");
        if version.contains("MariaDB") {
            let select = "SELECT CAST(@@SESSION.idle_transaction_timeout AS UNSIGNED)";
            let patience: u64 = sqlx::query_scalar(select).fetch_one(db.pool()).await.unwrap();
            assert_eq!(patience, 10);
        }
    }
}
