//! Every list stays on an index: by the plan, and by the rows that are looked at.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use config::database::{Begin, MySqlSettings};
use config::id::UserId;
use config::money::{Currency, Money};
use config::settings::{Env, Settings as _};
use config::testing::TestEnv;
use sqlx::{MySqlConnection, Row as _};
use uuid::Uuid;

use super::*;
use crate::application::transactions::TransactionStore;
use crate::domain::transactions::Details;

const ROWS: u64 = 20_000;
const SECONDS: i64 = 1000;

fn begin() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// The n-th of a day: evenly over time, senders, receivers and users.
fn row(n: u64) -> Transaction {
    let millis = begin().timestamp_millis().unsigned_abs() + n * SECONDS.unsigned_abs() * 1000 / ROWS;
    let mut random = [0; 10];
    random[2..].copy_from_slice(&n.to_be_bytes());
    let id = TransactionId::new(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid());
    let types = [PaymentType::Ach, PaymentType::Wire, PaymentType::Card];
    let done = n < ROWS - 50;
    Transaction {
        id,
        user_id: UserId::new(n % 20),
        sender: Party::kept(format!("s{}", n % 50)),
        receiver: Party::kept(format!("r{}", n % 40)),
        amount: Money::from_minor(1, Currency::USD),
        payment_type: types[usize::try_from(n % 3).unwrap()],
        reference: None,
        details: Details::default(),
        status: if done { TransactionStatus::Completed } else { TransactionStatus::Pending },
        attempt: 1,
        failure: None,
        settles_on: NaiveDate::default(),
        created_at: id.accepted_at(),
        updated_at: id.accepted_at(),
        completed_at: None,
    }
}

async fn filled() -> Db {
    let env = TestEnv::new().await;
    let url = ("DATABASE_URL".to_owned(), env.get("DATABASE_URL").to_owned());
    let settings = MySqlSettings::read(&mut Env::from_iter([url])).unwrap();
    let db = Db::connect("test", &settings).await.unwrap();
    db.migrate(sqlx::migrate!()).await.unwrap();
    let all: Vec<Transaction> = (0..ROWS).map(row).collect();
    for part in all.chunks(500) {
        let mut tx: Box<dyn TransactionStore> = Begin::<dyn TransactionStore>::begin(&db).await.unwrap();
        tx.add(&part.iter().collect::<Vec<_>>(), begin()).await.unwrap();
        tx.commit().await.unwrap();
    }
    sqlx::raw_sql("ANALYZE TABLE transactions").execute(db.pool()).await.unwrap();
    db
}

/// Every combination of filters, and a window of time or none.
fn filters() -> Vec<TransactionFilter> {
    let mut all = Vec::new();
    for bits in 0..64_u32 {
        let with = |bit: u32| bits & (1 << bit) != 0;
        let window = with(5).then(|| begin() + TimeDelta::seconds(SECONDS / 2));
        all.push(TransactionFilter {
            user_id: with(0).then(|| UserId::new(7)),
            status: with(1).then_some(TransactionStatus::Pending),
            payment_type: with(2).then_some(PaymentType::Wire),
            sender: with(3).then(|| Party::kept("s7".to_owned())),
            receiver: with(4).then(|| Party::kept("r7".to_owned())),
            from: window,
            to: window.map(|from| from + TimeDelta::seconds(10)),
        });
    }
    all
}

/// Table, kind of access, index and remarks of each step.
async fn plan(mut query: QueryBuilder<MySql>, db: &Db) -> Vec<(String, String, Option<String>, String)> {
    let rows = query.build().persistent(false).fetch_all(db.pool()).await.unwrap();
    let text = |row: &sqlx::mysql::MySqlRow, column: &str| -> Option<String> {
        row.try_get::<Option<Vec<u8>>, _>(column)
            .map(|bytes| bytes.map(|bytes| String::from_utf8(bytes).unwrap()))
            .unwrap_or_else(|_| row.get(column))
    };
    let step = |row: &sqlx::mysql::MySqlRow| {
        let [table, access, extra] =
            ["table", "type", "Extra"].map(|name| text(row, name).unwrap_or_default());
        (table, access, text(row, "key"), extra)
    };
    rows.iter().map(step).collect()
}

/// Rows or index entries that this connection has looked at.
async fn looked_at(connection: &mut MySqlConnection) -> i64 {
    let rows = sqlx::raw_sql("SHOW SESSION STATUS LIKE 'Handler_read%'").fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(1).parse::<i64>().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_stays_on_its_index_and_looks_at_little() {
    let db = filled().await;
    let part = Part { skip: 0, limit: 10, before: None };
    let after = Part { before: Some(row(ROWS / 2).id), ..part };
    let mut steps = 0;
    for filter in filters() {
        let list =
            |part| listing(concat!("EXPLAIN FORMAT=TRADITIONAL ", select_transactions!("")), &filter, part);
        let count =
            counting("EXPLAIN FORMAT=TRADITIONAL SELECT COUNT(*) FROM (SELECT 1 FROM transactions ", &filter);
        for query in [list(part), list(after), count] {
            for (table, access, key, extra) in plan(query, &db).await {
                if table != "transactions" {
                    // What was counted, or nothing at all because no row matches.
                    continue;
                }
                steps += 1;
                assert_eq!(key.as_deref(), Some(index(&filter)), "{filter:?}");
                let unfiltered = index(&filter) == "PRIMARY";
                assert!(matches!(access.as_str(), "ref" | "range") || unfiltered, "{access}: {filter:?}");
                assert!(!extra.contains("filesort") && !extra.contains("temporary"), "{extra}: {filter:?}");
            }
        }
    }
    assert!(steps > 100, "{steps}");
    // A connection of its own, whose counters nobody else moves.
    let mut connection = db.pool().acquire().await.unwrap();
    for filter in filters() {
        for part in [part, after] {
            let before = looked_at(&mut connection).await;
            let mut query = listing(select_transactions!(""), &filter, part);
            query.build().fetch_all(&mut *connection).await.unwrap();
            let rows = looked_at(&mut connection).await - before;
            // What one account or user has at most, or a scheme and status together.
            assert!(rows <= 2200, "{rows}: {filter:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_for_an_account_of_others_has_none_of_its_history_looked_at() {
    let db = filled().await;
    let mut connection = db.pool().acquire().await.unwrap();
    let part = Part { skip: 0, limit: 10, before: None };
    let (sender, receiver) = (Some(Party::kept("s7".to_owned())), Some(Party::kept("r7".to_owned())));
    let of_sender = TransactionFilter { sender, ..TransactionFilter::default() };
    let of_receiver = TransactionFilter { receiver, ..TransactionFilter::default() };
    let of_both = TransactionFilter { receiver: of_receiver.receiver.clone(), ..of_sender.clone() };
    // Accounts end in the digit that their users' numbers end in, and 4 is another.
    for filter in [of_sender, of_receiver, of_both] {
        let filter = TransactionFilter { user_id: Some(UserId::new(4)), ..filter };
        for mut query in [
            listing(select_transactions!(""), &filter, part),
            counting("SELECT COUNT(*) FROM (SELECT 1 FROM transactions ", &filter),
        ] {
            let before = looked_at(&mut connection).await;
            query.build().fetch_all(&mut *connection).await.unwrap();
            let rows = looked_at(&mut connection).await - before;
            // What the counters themselves cost; each account has ten times as many.
            assert!(rows <= 40, "{rows}: {filter:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn far_behind_many_rows_a_page_costs_a_page() {
    let db = filled().await;
    let mut connection = db.pool().acquire().await.unwrap();
    let filters = [
        TransactionFilter::default(),
        TransactionFilter { status: Some(TransactionStatus::Completed), ..TransactionFilter::default() },
        TransactionFilter { payment_type: Some(PaymentType::Card), ..TransactionFilter::default() },
        TransactionFilter { user_id: Some(UserId::new(7)), ..TransactionFilter::default() },
        TransactionFilter { sender: Some(Party::kept("s7".to_owned())), ..TransactionFilter::default() },
    ];
    for filter in filters {
        let before = looked_at(&mut connection).await;
        let part = Part { skip: 0, limit: 10, before: Some(TransactionId::new(row(ROWS / 3).id.get())) };
        let mut query = listing(select_transactions!(""), &filter, part);
        let found = query.build().fetch_all(&mut *connection).await.unwrap();
        let rows = looked_at(&mut connection).await - before;
        assert!(found.len() == 10 && rows <= 40, "{rows}: {filter:?}");
    }
    let nobody = TransactionId::new(Uuid::nil());
    assert!(TransactionReader::transaction(&db, nobody).await.unwrap().is_none());
}
