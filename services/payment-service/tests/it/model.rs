//! Whatever is done to an order's payments, in whatever order, with notices that are late or come twice, and with
//! processes that die in the middle: against a model of what must hold.
//!
//! The use cases, the store and the recovery job are the real ones. The provider is played: it remembers, as one
//! outside does, and tells notices that are delivered whenever the sequence says so.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use config::clock::{Clock, SystemClock};
use config::database::{Db, MySqlSettings};
use config::id::UserId;
use config::jwt_auth::{Caller, Role};
use config::kafka::Envelope;
use config::money::{Amount, Currency, Money};
use config::registry::CallError;
use config::service::Service as _;
use config::settings::{Env, Settings as _};
use config::testing::TestEnv;
use payment_service::Payments;
use payment_service::application::{
    Act, Action, Disputes, EndOrder, EndedOrder, Ending, HandleWebhook, LedgerReader as _, Operations,
    OrderSnapshot, Orders, Patience, Pay, PaymentRequest, ProviderEvent, Providers, Recover, Reply,
};
use payment_service::domain::{Instrument, Method, OrderId, PaymentId, ProviderName, verify};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::played::{Memory, Mood, Played};
use crate::support::cancelled;

const PRICE: i64 = 10_000;

#[derive(Debug, Clone)]
enum Step {
    Pay {
        capture: bool,
        mood: Mood,
    },
    Capture {
        amount: Option<i64>,
        mood: Mood,
    },
    Void {
        mood: Mood,
    },
    Refund {
        amount: Option<i64>,
        mood: Mood,
    },
    /// The customers who were asked to confirm do, or, too late, those who were given up.
    Confirm {
        late: bool,
    },
    /// Refunds that were done don't reach their customers.
    ReturnRefunds,
    /// One of the notices told so far, also those that were delivered before.
    Notice(prop::sample::Index),
    Cancel,
    Recover,
}

/// What has become of the order when everything has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Wanted,
    Cancelled,
}

fn mood() -> impl Strategy<Value = Mood> {
    prop_oneof![
        6 => Just(Mood::Well),
        1 => Just(Mood::Declines),
        1 => Just(Mood::Challenges),
        1 => Just(Mood::Away),
        2 => Just(Mood::DiesBefore),
        2 => Just(Mood::DiesAfter),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let amount = || proptest::option::of(1..PRICE + PRICE / 4);
    prop_oneof![
        4 => (any::<bool>(), mood()).prop_map(|(capture, mood)| Step::Pay { capture, mood }),
        3 => (amount(), mood()).prop_map(|(amount, mood)| Step::Capture { amount, mood }),
        1 => mood().prop_map(|mood| Step::Void { mood }),
        4 => (amount(), mood()).prop_map(|(amount, mood)| Step::Refund { amount, mood }),
        2 => prop::bool::weighted(0.3).prop_map(|late| Step::Confirm { late }),
        1 => Just(Step::ReturnRefunds),
        4 => any::<prop::sample::Index>().prop_map(Step::Notice),
        1 => Just(Step::Cancel),
        2 => Just(Step::Recover),
    ]
}

/// Every order may be paid at the same price, each by somebody who was never declined before.
struct Priced;

#[async_trait::async_trait]
impl Orders for Priced {
    async fn find(&self, order: OrderId) -> Result<Option<OrderSnapshot>, CallError> {
        let total = Money::from_minor(PRICE, Currency::USD);
        let user_id = customer(order);
        Ok(Some(OrderSnapshot { user_id, status: "pending".to_owned(), total, payable: true }))
    }
}

/// Ahead of the machine's, so that whatever waits is due when the test says so.
#[derive(Default)]
struct Later(Mutex<chrono::TimeDelta>);

impl Later {
    fn wait(&self, time: chrono::TimeDelta) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for Later {
    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        SystemClock.now() + *self.0.lock().unwrap()
    }
}

/// A process of the service, which may die at any `await`.
struct Process {
    db: Db,
    clock: Arc<Later>,
    provider: Arc<Played>,
    pay: Pay,
    act: Act,
    end: EndOrder,
    webhook: HandleWebhook,
    recover: Recover,
    admin: Caller,
}

impl Process {
    async fn start() -> Self {
        let env = TestEnv::new().await;
        let mut settings: Env =
            [("DATABASE_URL".to_owned(), env.get("DATABASE_URL").to_owned())].into_iter().collect();
        let db = Db::connect("payment-service", &MySqlSettings::read(&mut settings).unwrap()).await.unwrap();
        db.migrate(Payments::migrations()).await.unwrap();
        let (store, clock, provider) =
            (Arc::new(db.clone()), Arc::new(Later::default()), Arc::new(Played::default()));
        let providers = Providers::new([provider.clone() as _], ProviderName::Simulator);
        let patience = Patience { provider: Duration::from_secs(60), customer: Duration::from_secs(600) };
        let operations = Operations::new(store.clone(), providers, clock.clone(), patience);
        let disputes = Disputes::new(operations.clone(), store.clone());
        Self {
            pay: Pay::new(operations.clone(), Arc::new(Priced), store.clone()),
            act: Act::new(operations.clone(), store.clone()),
            end: EndOrder::new(operations.clone()),
            webhook: HandleWebhook::new(operations.clone(), disputes, store),
            recover: Recover::new(operations),
            admin: caller(UserId::new(1), Role::Admin),
            db,
            clock,
            provider,
        }
    }

    /// The order's newest payment.
    async fn newest(&self, order: OrderId) -> Option<PaymentId> {
        let newest: Option<u64> = sqlx::query_scalar("SELECT MAX(id) FROM payments WHERE order_id = ?")
            .bind(order.get())
            .fetch_one(self.db.pool())
            .await
            .unwrap();
        newest.map(PaymentId::new)
    }

    /// Does it until it is done or its process dies: then the future is dropped where it stands.
    async fn attempt<T>(&self, mood: Mood, work: impl Future<Output = T>) {
        self.provider.be(mood);
        tokio::select! {
            _ = work => {}
            () = self.provider.died() => {}
        }
        self.provider.be(Mood::Well);
    }

    async fn act(&self, order: OrderId, action: Action, mood: Mood) {
        if let Some(id) = self.newest(order).await {
            let reply = reply();
            self.attempt(mood, self.act.run(&self.admin, id, &action, &reply)).await;
        }
    }

    async fn take(&self, order: OrderId, step: &Step) {
        match step {
            Step::Pay { capture, mood } => {
                let request = PaymentRequest {
                    order_id: order,
                    user_id: None,
                    amount: Money::from_minor(PRICE, Currency::USD),
                    method: Method::CreditCard,
                    instrument: Instrument::OnFile,
                    capture: *capture,
                };
                let (me, reply) = (caller(customer(order), Role::Client), reply());
                self.attempt(*mood, self.pay.run(&me, &request, &reply)).await;
            }
            Step::Capture { amount, mood } => {
                self.act(order, Action::Capture { amount: amount.map(major) }, *mood).await;
            }
            Step::Void { mood } => self.act(order, Action::Void, *mood).await,
            Step::Refund { amount, mood } => {
                let reason = "asked for".parse().unwrap();
                let action = Action::Refund { amount: amount.map(major), reason };
                self.act(order, action, *mood).await;
            }
            Step::Confirm { late } => self.provider.confirm(*late),
            Step::ReturnRefunds => self.provider.return_refunds(),
            Step::Notice(which) => {
                let told: Vec<ProviderEvent> = self.provider.told();
                if !told.is_empty() {
                    let notice = which.get(&told).clone();
                    self.webhook.run(ProviderName::Simulator, notice).await.unwrap();
                }
            }
            Step::Cancel => {
                let message: Envelope = cancelled(order.get());
                let user = customer(order);
                let ended = EndedOrder { order, user, ending: Ending::Cancelled, money: None };
                for _ in 0..2 {
                    self.end.run(&message, ended).await.unwrap();
                }
            }
            Step::Recover => {
                self.clock.wait(chrono::TimeDelta::seconds(90));
                self.recover.round().await.unwrap();
            }
        }
    }

    /// Lets everything that is open end, as it does when nobody dies any more.
    async fn settle(&self) {
        for _ in 0..50 {
            let open: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM operations WHERE state = 'pending'")
                .fetch_one(self.db.pool())
                .await
                .unwrap();
            if open == 0 {
                return;
            }
            self.clock.wait(chrono::TimeDelta::seconds(700));
            self.recover.round().await.unwrap();
        }
        panic!("something is open for ever");
    }

    /// What must hold at any time; what the provider has done counts, whatever we know of it.
    async fn check(&self, order: OrderId, end: Option<End>) -> Result<(), TestCaseError> {
        let books = self.db.books(0, 10_000).await.unwrap();
        let mut kept = 0;
        for (payment, entries) in books.iter().filter(|(payment, _)| payment.order_id == order) {
            let findings = verify(payment, entries);
            prop_assert!(findings.is_empty(), "the ledger of payment {}: {:?}", payment.id, findings);
            let Memory { amount, captured, refunded, came_back, held, .. } =
                self.provider.memory(payment.charge_key);
            prop_assert!(captured <= amount && amount <= PRICE, "captured {} of {}", captured, amount);
            prop_assert!(refunded <= captured, "refunded {} of {}", refunded, captured);
            prop_assert!(payment.captured.minor() <= captured, "we claim more than was taken");
            // What came back may not have been told yet.
            let given = refunded + came_back;
            prop_assert!(payment.refunded.minor() <= given, "we claim more than was given back");
            if let Some(end) = end {
                prop_assert!(!(held && end == End::Cancelled), "money is set aside for a cancelled order");
                prop_assert_eq!(payment.captured.minor(), captured);
                prop_assert_eq!(payment.refunded.minor(), refunded);
                prop_assert_eq!(payment.held().is_positive(), held);
            }
            // An operator is to find another way for what came back.
            kept += captured - refunded - came_back;
        }
        let most = match end {
            None => return Ok(()),
            Some(End::Wanted) => PRICE,
            Some(End::Cancelled) => 0,
        };
        prop_assert!(kept <= most, "the customer was charged {} instead of {}", kept, most);
        Ok(())
    }

    /// Each payment's money is told once, and each refund.
    async fn check_told(&self) -> Result<(), TestCaseError> {
        let count = async |select: &'static str| -> i64 {
            sqlx::query_scalar(select).fetch_one(self.db.pool()).await.unwrap()
        };
        // Of a payment whose order another one pays only the refund is told.
        let processed = "SELECT COUNT(*) FROM outbox WHERE payload LIKE '%\"payment_processed\"%'";
        prop_assert_eq!(
            count(processed).await,
            count(
                "SELECT COUNT(*) FROM payments WHERE captured > 0 AND id NOT IN \
                 (SELECT payment_id FROM operations WHERE reason = 'duplicate_payment')"
            )
            .await
        );
        let refunds = "SELECT COUNT(*) FROM operations WHERE kind = 'refund' AND state = 'succeeded'";
        let told = "SELECT COUNT(*) FROM outbox WHERE payload LIKE '%\"payment_refunded\"%'";
        let undone = "SELECT COUNT(*) FROM outbox WHERE payload LIKE '%\"refund_failed\"%' \
                      AND payload LIKE '%\"was_refunded\":true%'";
        prop_assert_eq!(count(told).await, count(refunds).await + count(undone).await);
        Ok(())
    }
}

fn customer(order: OrderId) -> UserId {
    UserId::new(order.get())
}

fn caller(user_id: UserId, role: Role) -> Caller {
    Caller { user_id, role, session: "test-session".to_owned() }
}

fn reply() -> Reply {
    Reply::new(None, |_| unreachable!("nobody waits for an answer"))
}

fn major(minor: i64) -> Amount {
    Money::from_minor(minor, Currency::USD).into()
}

#[test]
fn no_sequence_takes_or_gives_back_too_much() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let process = runtime.block_on(Process::start());
    let orders = std::sync::atomic::AtomicU64::new(1);
    let sequences = proptest::collection::vec(step(), 1..25);
    proptest!(ProptestConfig { cases: 60, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() }, |(steps in sequences)| {
        let order = OrderId::new(orders.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        process.provider.forget();
        runtime.block_on(async {
            for step in &steps {
                process.take(order, step).await;
                process.check(order, None).await?;
            }
            process.settle().await;
            // Whatever was told late changes nothing that is wrong.
            for notice in process.provider.told() {
                process.webhook.run(ProviderName::Simulator, notice).await.unwrap();
            }
            process.settle().await;
            let is_cancelled = steps.iter().any(|step| matches!(step, Step::Cancel));
            process.check(order, Some(if is_cancelled { End::Cancelled } else { End::Wanted })).await?;
            process.check_told().await
        })?;
    });
}
