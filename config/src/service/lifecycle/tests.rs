use poem_openapi::OpenApi;
use poem_openapi::payload::PlainText;
use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::*;
use crate::testing::{TestEnv, eventually};

/// A service whose migration takes its time between two tables.
struct Slow;

#[OpenApi]
impl Slow {
    #[oai(path = "/", method = "get")]
    async fn nothing(&self) -> PlainText<String> {
        PlainText(String::new())
    }
}

impl Service for Slow {
    const NAME: &'static str = "slow-service";
    const PORT: u16 = 0;
    const NEEDS: &'static [Dependency] = &[Dependency::MySql];
    type Settings = ();
    type Api = Self;

    fn migrations() -> Migrator {
        let sql = "CREATE TABLE begun (id INT); DO SLEEP(1); CREATE TABLE ended (id INT);";
        let sql = SqlStr::from_static(sql);
        Migrator::with_migrations(vec![Migration::new(2, "slow".into(), MigrationType::Simple, sql, false)])
    }

    async fn wire(_: &Context<()>) -> Result<Parts<Self>, BoxError> {
        Ok(Parts::new(Self))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_asked_to_end_while_it_migrates_ends_afterwards() {
    let env = TestEnv::new().await;
    let db = env.db().await;
    let url = ("DATABASE_URL".to_owned(), env.get("DATABASE_URL").to_owned());
    let mysql = MySqlSettings::read(&mut [url].into_iter().collect()).expect("DATABASE_URL is set");
    let (stop, migration) = (CancellationToken::new(), Mutex::default());
    let starting = unless_stopped(prepared::<Slow>(Some(&mysql), None, &migration), &stop, &migration);
    let stopping = async {
        eventually("the migration has begun", || async {
            let look = sqlx::query("SELECT id FROM begun").execute(db.pool()).await;
            look.map_err(|error| error.to_string())
        })
        .await;
        stop.cancel();
    };
    tokio::join!(starting, stopping);
    let applied: Vec<(i64, bool)> =
        sqlx::query_as("SELECT version, success FROM _sqlx_migrations ORDER BY version")
            .fetch_all(db.pool())
            .await
            .unwrap();
    assert_eq!(applied, [(1, true), (2, true)]);
    sqlx::query("SELECT id FROM ended").execute(db.pool()).await.unwrap();
}

#[tokio::test]
async fn who_is_asked_to_end_before_it_migrates_ends_at_once() {
    let (stop, migration) = (CancellationToken::new(), Mutex::default());
    stop.cancel();
    assert!(unless_stopped(std::future::pending::<()>(), &stop, &migration).await.is_none());
}
