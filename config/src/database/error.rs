//! What can go wrong with a store, as use cases see it.

use std::future::Future;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use super::pool;
use crate::problem::{Facts, Fault, Kind};

/// A store's failure.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It can't be reached, or is overloaded: it will pass.
    #[error("the store is unavailable")]
    Unavailable(#[source] crate::BoxError),
    /// The database chose this transaction to end a deadlock or a long wait; the same again will do.
    #[error("the transaction lost against another")]
    Contended(#[source] LostTransaction),
    /// A unique key has this value already; the constraint's name tells which.
    #[error("duplicate value for {constraint}")]
    Duplicate { constraint: String },
    /// A mistake of ours: a bad statement, a value that doesn't decode.
    #[error("the store refused")]
    Broken(#[source] crate::BoxError),
}

/// Why a transaction lost. A type of its own, so that it is recognised behind errors that are transparent about
/// their source and so leave the [`StoreError`] out of the chain.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct LostTransaction(crate::BoxError);

impl From<sqlx::Error> for LostTransaction {
    fn from(error: sqlx::Error) -> Self {
        Self(error.into())
    }
}

impl From<&'static str> for LostTransaction {
    fn from(reason: &'static str) -> Self {
        Self(reason.into())
    }
}

impl StoreError {
    /// A stored value that isn't what this service writes.
    pub fn corrupt(what: impl Into<crate::BoxError>) -> Self {
        Self::Broken(what.into())
    }

    /// Whether this is the violation of the named unique constraint.
    pub fn violates(&self, name: &str) -> bool {
        matches!(self, Self::Duplicate { constraint } if constraint == name)
    }
}

impl Fault for StoreError {
    fn facts(&self) -> Facts {
        match self {
            Self::Unavailable(_) | Self::Contended(_) => Kind::Unavailable.coded("store-unavailable"),
            Self::Duplicate { .. } => Kind::Conflict.coded("duplicate"),
            Self::Broken(_) => Facts::internal(),
        }
    }
}

/// Lock wait timeout, deadlock, MariaDB's "record has changed since last read", and a table that was just altered.
const CONTENDED: [u16; 5] = [1205, 1213, 1020, 1412, 1615];
/// Too many connections or prepared statements, shutting down, read-only, killed, silent for too long, a cluster without
/// a majority, and the like.
const AWAY: [u16; 17] =
    [1040, 1047, 1053, 1077, 1158, 1159, 1160, 1161, 1203, 1290, 1317, 1461, 1836, 1927, 1969, 3024, 4031];
/// Full, or it doesn't let us in: a disk, a tablespace or the memory without room, a password or a host that it refuses,
/// a limit of the account. None of it is a message's or a request's fault, and an operator ends it.
const SHUT: [u16; 11] = [1021, 1026, 1030, 1037, 1041, 1044, 1045, 1114, 1129, 1130, 1226];
/// MongoDB shuts down, or another server of its replica set has become the primary.
const MONGO_AWAY: [i32; 7] = [91, 189, 10107, 11600, 11602, 13435, 13436];
const DUPLICATE: u16 = 1062;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::Database(database) => {
                let mysql = database.downcast_ref::<sqlx::mysql::MySqlDatabaseError>();
                match mysql.number() {
                    DUPLICATE => Self::Duplicate { constraint: constraint(mysql.message()) },
                    number if CONTENDED.contains(&number) => Self::Contended(error.into()),
                    number if AWAY.contains(&number) || SHUT.contains(&number) => {
                        Self::Unavailable(error.into())
                    }
                    _ => Self::Broken(error.into()),
                }
            }
            E::PoolTimedOut => {
                pool::timed_out("mysql");
                Self::Unavailable(error.into())
            }
            E::Io(_) | E::Tls(_) | E::Protocol(_) | E::PoolClosed | E::WorkerCrashed => {
                Self::Unavailable(error.into())
            }
            _ => Self::Broken(error.into()),
        }
    }
}

/// `Duplicate entry 'x' for key 'users.users_email'` → `users_email`; MariaDB leaves out the table.
fn constraint(message: &str) -> String {
    let key = message.rsplit('\'').nth(1).unwrap_or_default();
    key.rsplit('.').next().unwrap_or_default().to_owned()
}

impl From<mongodb::error::Error> for StoreError {
    fn from(error: mongodb::error::Error) -> Self {
        use mongodb::error::{ErrorKind as E, WriteFailure};
        match error.kind.as_ref() {
            E::Write(WriteFailure::WriteError(write)) if write.code == 11000 => {
                let constraint =
                    write.message.split("index: ").nth(1).and_then(|rest| rest.split(' ').next());
                Self::Duplicate { constraint: constraint.unwrap_or_default().to_owned() }
            }
            E::Io(_) | E::ServerSelection { .. } | E::ConnectionPoolCleared { .. } | E::DnsResolve { .. } => {
                Self::Unavailable(error.into())
            }
            E::Command(command) if MONGO_AWAY.contains(&command.code) => Self::Unavailable(error.into()),
            _ if error.contains_label("RetryableWriteError") => Self::Unavailable(error.into()),
            _ => Self::Broken(error.into()),
        }
    }
}

impl From<::redis::RedisError> for StoreError {
    fn from(error: ::redis::RedisError) -> Self {
        use ::redis::{ErrorKind as E, ServerErrorKind as S};
        // It starts, another has become the primary, or it is full: none of it is the command's fault.
        let away = matches!(
            error.kind(),
            E::Server(S::BusyLoading | S::MasterDown | S::TryAgain | S::ReadOnly | S::ClusterDown)
        ) || error.code() == Some("OOM");
        match away || error.is_io_error() || error.is_timeout() || error.is_connection_dropped() {
            true => Self::Unavailable(error.into()),
            false => Self::Broken(error.into()),
        }
    }
}

/// Runs a whole transaction, again when it lost a deadlock: a few times, with a growing random pause.
pub async fn retrying<T, E, F>(mut attempt: impl FnMut() -> F) -> Result<T, E>
where
    E: Contention,
    F: Future<Output = Result<T, E>>,
{
    let mut pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(5))
        .with_max_delay(Duration::from_millis(200))
        .with_max_times(6)
        .with_jitter()
        .build();
    loop {
        match attempt().await {
            Err(error) if error.is_contention() => match pauses.next() {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            },
            done => return done,
        }
    }
}

/// An error that may stand for a lost deadlock.
pub trait Contention {
    fn is_contention(&self) -> bool;
}

/// Every error of a use case that carries its store's error as its source, or is one.
impl<E: std::error::Error + 'static> Contention for E {
    fn is_contention(&self) -> bool {
        let mut current: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = current {
            if matches!(error.downcast_ref(), Some(StoreError::Contended(_))) || error.is::<LostTransaction>()
            {
                return true;
            }
            current = error.source();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use sqlx::mysql::MySqlConnection;
    use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
    use url::Url;

    use super::*;
    use crate::testing::TestEnv;

    #[tokio::test]
    async fn a_full_disk_is_waited_out() {
        let mut connection =
            MySqlConnection::connect(TestEnv::new().await.get("DATABASE_URL")).await.unwrap();
        for number in AWAY.into_iter().chain(SHUT) {
            let signal = format!("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {number}");
            let error: StoreError = connection.execute(AssertSqlSafe(signal)).await.unwrap_err().into();
            assert!(matches!(error, StoreError::Unavailable(_)), "{number}: {error:?}");
        }
        let mistake: StoreError = connection.execute("SELECT nothing FROM nowhere").await.unwrap_err().into();
        assert!(matches!(mistake, StoreError::Broken(_)), "{mistake:?}");
    }

    #[tokio::test]
    async fn a_refused_password_is_waited_out() {
        let env = TestEnv::new().await;
        let mut url: Url = env.get("DATABASE_URL").parse().unwrap();
        url.set_password(Some("wrong")).unwrap();
        let error: StoreError = MySqlConnection::connect(url.as_str()).await.unwrap_err().into();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    }

    #[test]
    fn the_constraint_is_named_alike_by_both_databases() {
        assert_eq!(constraint("Duplicate entry 'a@b' for key 'users.users_email'"), "users_email");
        assert_eq!(constraint("Duplicate entry 'a'b' for key 'users_email'"), "users_email");
    }

    #[test]
    fn a_lost_deadlock_is_known_however_it_is_wrapped() {
        #[derive(Debug, thiserror::Error)]
        enum Outer {
            #[error(transparent)]
            Transparent(StoreError),
            #[error("worded")]
            Worded(#[source] StoreError),
        }
        let lost = || StoreError::Contended("deadlock".into());
        assert!(Outer::Transparent(lost()).is_contention());
        assert!(Outer::Worded(lost()).is_contention());
        assert!(!Outer::Transparent(StoreError::corrupt("bad")).is_contention());
    }

    #[tokio::test]
    async fn a_lost_deadlock_is_tried_again_and_nothing_else_is() {
        let mut tries = 0;
        let lost = || StoreError::Contended("deadlock".into());
        let won = retrying(|| {
            tries += 1;
            let result = if tries < 3 { Err(lost()) } else { Ok(tries) };
            async { result }
        });
        assert_eq!(won.await.unwrap(), 3);
        let mut tries = 0;
        let broken = retrying(|| {
            tries += 1;
            async { Err::<(), _>(StoreError::corrupt("bad")) }
        });
        assert!(broken.await.is_err());
        assert_eq!(tries, 1);
    }
}
