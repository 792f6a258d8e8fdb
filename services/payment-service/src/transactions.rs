//! The transactions' settings and wiring.

use std::collections::HashMap;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveTime;
use config::kafka::Consumer;
use config::names::UnknownName;
use config::service::{Context, Job};
use config::settings::{Env, Invalid, Settings, Value};

use crate::application::transactions::{Accept, Deadlines, Network, Process, RecoverTransactions, Stats};
use crate::domain::transactions::{HouseRules, PaymentType, SuccessRate};
use crate::presentation::{TransactionApi, TransactionEvents};

/// The processors' consumer group: as many can work as the topic has partitions.
const PROCESSORS: &str = "payment-service-transactions";
/// How often it is looked for transactions that nobody works on.
const SWEEP: Duration = Duration::from_secs(1);

config::names! {
    /// What an instance does for transactions.
    Role {
        All = "all",
        Api = "api",
        Processor = "processor",
    }
}

/// Settings of transactions.
#[derive(Debug, Clone)]
pub struct TransactionSettings {
    role: Role,
    network: Network,
    deadlines: Deadlines,
    rules: HouseRules,
}

impl Settings for TransactionSettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let role =
            env.var("TRANSACTION_ROLE", "what this instance does for transactions: all, api or processor");
        let role = role.default("all");
        let success = env.var("TRANSACTION_SUCCESS_RATE", "part of the transactions that succeed, 0 to 1");
        let success = success.default("0.95");
        let delay = env.var("TRANSACTION_DELAY_MS", "how long a scheme's network takes, in milliseconds");
        let delay: Result<u32, _> = delay.default("0");
        let parallelism =
            env.var("TRANSACTION_PARALLELISM", "transactions that wait for their network at once");
        let parallelism: Result<u16, _> = parallelism.default("64");
        let stuck = env.var("TRANSACTION_STUCK_SECONDS", "after which one in process is taken over");
        let stuck: Result<Duration, _> = stuck.default("30");
        let lost = env.var("TRANSACTION_LOST_SECONDS", "after which a pending one is told of again");
        let lost: Result<Duration, _> = lost.default("300");
        let cutoffs = env.var("TRANSACTION_CUTOFFS", "when a scheme's banking day ends, in UTC");
        let cutoffs = cutoffs.default("ACH=21:45,WIRE=23:45,SEPA=15:00,DIRECT_DEBIT=15:00,CHECK=21:00");
        let limits = env.var("TRANSACTION_LIMITS", "the most at once, in major units, as ACH=5000,CARD=900");
        let limits = limits.default("");
        let (delay, stuck): (_, Duration) = (Duration::from_millis(delay?.into()), stuck?);
        let success: Share = success?;
        let (cutoffs, limits): (Vec<PerType<NaiveTime>>, Vec<PerType<u32>>) = (cutoffs?, limits?);
        Ok(Self {
            role: role?,
            network: Network { success: success.0, delay, parallelism: parallelism?.into() },
            // One that waits for its network isn't stuck.
            deadlines: Deadlines { pending: lost?, processing: stuck + delay },
            rules: HouseRules { cutoffs: by_type(cutoffs), limits: by_type(limits) },
        })
    }
}

impl TransactionSettings {
    /// When something must be wrong with a transaction.
    pub(crate) fn deadlines(&self) -> Deadlines {
        self.deadlines
    }
}

impl Value for Role {
    fn parse(raw: &str) -> Result<Self, String> {
        raw.parse().map_err(|error: UnknownName| error.to_string())
    }
}

struct Share(SuccessRate);

impl Value for Share {
    fn parse(raw: &str) -> Result<Self, String> {
        let rate = raw.parse().ok().and_then(SuccessRate::new);
        rate.map(Self).ok_or_else(|| "must be a number from 0 to 1".to_owned())
    }
}

/// `ACH=…`
struct PerType<T>(PaymentType, T);

fn by_type<T>(all: Vec<PerType<T>>) -> HashMap<PaymentType, T> {
    all.into_iter().map(|PerType(payment_type, value)| (payment_type, value)).collect()
}

impl Value for PerType<NaiveTime> {
    fn parse(raw: &str) -> Result<Self, String> {
        per_type(raw, |time| NaiveTime::parse_from_str(time, "%H:%M").ok())
    }
}

impl Value for PerType<u32> {
    fn parse(raw: &str) -> Result<Self, String> {
        per_type(raw, |limit| limit.parse().ok())
    }
}

fn per_type<T>(raw: &str, read: impl Fn(&str) -> Option<T>) -> Result<PerType<T>, String> {
    let pair = raw.split_once('=').and_then(|(payment_type, value)| {
        Some(PerType(PaymentType::from_str(payment_type.trim()).ok()?, read(value.trim())?))
    });
    pair.ok_or_else(|| "must be a list of TYPE=value".to_owned())
}

/// What of the service is for transactions.
pub(crate) struct Transactions {
    pub api: TransactionApi,
    pub consumers: Vec<Consumer>,
    pub jobs: Vec<Job>,
    /// Nobody is to send requests to this instance.
    pub unlisted: bool,
}

pub(crate) fn wire<S>(ctx: &Context<S>, settings: &TransactionSettings) -> Transactions {
    let store = Arc::new(ctx.mysql().clone());
    let rules = Arc::new(settings.rules.clone());
    let deadlines = settings.deadlines;
    let api = TransactionApi {
        accept: Accept::new(store.clone(), rules.clone(), deadlines),
        stats: Stats::new(store.clone()),
        transactions: store.clone(),
        rules,
        clock: ctx.clock.clone(),
        idempotency: ctx.idempotency(),
        currency: ctx.service.currency,
    };
    let (mut jobs, mut consumers) = (Vec::new(), Vec::new());
    if settings.role != Role::Api {
        let process = Process::new(store.clone(), ctx.clock.clone(), settings.network, deadlines);
        let recover =
            Arc::new(RecoverTransactions::new(store, process.clone(), ctx.clock.clone(), deadlines));
        let events = Arc::new(TransactionEvents { process });
        consumers.push(Consumer::new("payment-transactions", events).at_once().in_group(PROCESSORS));
        jobs.push(Job::every("recover-transactions", SWEEP, move || recover.clone().run()));
    }
    Transactions { api, consumers, jobs, unlisted: settings.role == Role::Processor }
}
