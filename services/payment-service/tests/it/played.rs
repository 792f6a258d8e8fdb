//! A provider for the model: it remembers and acts once for each key, and dies or is away when it is told to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::money::Money;
use config::problem::InvalidFields;
use payment_service::application::{
    Charge, Evidence, Fee, News, Provider, ProviderError, ProviderEvent, WebhookError,
};
use payment_service::domain::{ChargeOutcome, Confirmation, Decline, Instrument, Method, ProviderName};
use tokio::sync::Notify;
use uuid::Uuid;

/// How it takes the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mood {
    #[default]
    Well,
    Declines,
    /// The customer must confirm, and does so later: the notice tells it.
    Challenges,
    /// It does nothing, and says so.
    Away,
    /// Our process dies before it has acted.
    DiesBefore,
    /// Our process dies when it has acted.
    DiesAfter,
}

/// What it remembers of a charge.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    pub amount: i64,
    pub captured: i64,
    pub refunded: i64,
    /// Whether an authorization waits.
    pub held: bool,
    /// What was given back and came back again.
    pub came_back: i64,
    refunds: BTreeMap<Uuid, i64>,
    failed: BTreeSet<Uuid>,
    capture: bool,
    challenged: bool,
    abandoned: bool,
}

impl Memory {
    fn take(&mut self, capture: bool) {
        self.challenged = false;
        self.held = !capture;
        self.captured = if capture { self.amount } else { 0 };
    }

    fn outcome(&self) -> ChargeOutcome {
        let transaction_id = "played".to_owned();
        match self {
            Self { captured: 1.., .. } => ChargeOutcome::Captured { transaction_id, fee: None },
            Self { held: true, .. } => ChargeOutcome::Authorized { transaction_id },
            Self { challenged: true, .. } => {
                ChargeOutcome::ActionRequired(Confirmation::Redirect("/challenge".to_owned()))
            }
            Self { abandoned: true, .. } => ChargeOutcome::Declined(Decline::coded("abandoned")),
            _ => ChargeOutcome::Declined(Decline::coded("card_declined")),
        }
    }
}

#[derive(Default)]
pub struct Played {
    charges: Mutex<BTreeMap<Uuid, Memory>>,
    told: Mutex<Vec<ProviderEvent>>,
    mood: Mutex<Mood>,
    died: Notify,
}

impl Played {
    pub fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub async fn died(&self) {
        self.died.notified().await;
    }

    pub fn memory(&self, charge: Uuid) -> Memory {
        self.charges.lock().unwrap().get(&charge).cloned().unwrap_or_default()
    }

    pub fn told(&self) -> Vec<ProviderEvent> {
        self.told.lock().unwrap().clone()
    }

    /// Whatever was before is another order's.
    pub fn forget(&self) {
        self.told.lock().unwrap().clear();
        self.charges.lock().unwrap().clear();
    }

    /// The money of those who confirm is taken; also, as no provider should, of those who were given up.
    pub fn confirm(&self, late: bool) {
        for (charge, memory) in self.charges.lock().unwrap().iter_mut() {
            if memory.challenged || (late && memory.abandoned && memory.amount > 0) {
                memory.abandoned = false;
                memory.take(memory.capture);
                self.tell(*charge, News::Charge(memory.outcome()));
            }
        }
    }

    /// Customers' banks don't take what was refunded last of each charge.
    pub fn return_refunds(&self) {
        for (charge, memory) in self.charges.lock().unwrap().iter_mut() {
            if let Some((refund, amount)) = memory.refunds.pop_last() {
                memory.failed.insert(refund);
                memory.refunded -= amount;
                memory.came_back += amount;
                self.tell(*charge, News::RefundFailed(refund));
            }
        }
    }

    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }

    async fn die(&self) {
        self.died.notify_one();
        std::future::pending::<()>().await;
    }

    /// Acts as the mood has it.
    async fn act<T>(&self, work: impl FnOnce(&mut BTreeMap<Uuid, Memory>) -> T) -> Result<T, ProviderError> {
        match self.mood() {
            Mood::Away => return Err(ProviderError::Unavailable("it is away".into())),
            Mood::DiesBefore => self.die().await,
            _ => {}
        }
        let done = work(&mut self.charges.lock().unwrap());
        if self.mood() == Mood::DiesAfter {
            self.die().await;
        }
        Ok(done)
    }

    fn tell(&self, charge: Uuid, news: News) {
        let mut told = self.told.lock().unwrap();
        let id = format!("evt_{charge}_{}", told.len());
        told.push(ProviderEvent { id, charge, news });
    }
}

#[async_trait]
impl Provider for Played {
    fn name(&self) -> ProviderName {
        ProviderName::Simulator
    }

    fn admits(&self, _: Money, _: Method, _: &Instrument) -> Result<(), InvalidFields> {
        Ok(())
    }

    async fn charge(&self, charge: Charge<'_>) -> Result<ChargeOutcome, ProviderError> {
        let (mood, key, amount, capture) = (self.mood(), charge.key, charge.amount.minor(), charge.capture);
        self.act(|charges| {
            let memory = charges.entry(key).or_insert_with(|| {
                let mut memory = Memory { amount, capture, ..Memory::default() };
                match mood {
                    Mood::Declines => {}
                    Mood::Challenges => memory.challenged = true,
                    _ => memory.take(capture),
                }
                memory
            });
            let outcome = memory.outcome();
            if !memory.challenged {
                self.tell(key, News::Charge(outcome.clone()));
            }
            outcome
        })
        .await
    }

    async fn conclude(&self, charge: Uuid) -> Result<ChargeOutcome, ProviderError> {
        self.act(|charges| {
            let memory =
                charges.entry(charge).or_insert_with(|| Memory { abandoned: true, ..Memory::default() });
            memory.abandoned |= memory.challenged;
            memory.challenged = false;
            memory.outcome()
        })
        .await
    }

    async fn capture(
        &self,
        _: Uuid,
        charge: Uuid,
        amount: Money,
    ) -> Result<Result<Fee, Decline>, ProviderError> {
        let mood = self.mood();
        self.act(|charges| {
            let memory = charges.entry(charge).or_default();
            if memory.held && mood != Mood::Declines {
                (memory.held, memory.captured) = (false, amount.minor());
                self.tell(charge, News::Charge(memory.outcome()));
            }
            let done = memory.captured == amount.minor();
            if done { Ok(None) } else { Err(Decline::coded("not_capturable")) }
        })
        .await
    }

    async fn void(&self, _: Uuid, charge: Uuid) -> Result<Result<(), Decline>, ProviderError> {
        self.act(|charges| {
            let memory = charges.entry(charge).or_default();
            memory.held = false;
            if memory.captured == 0 { Ok(()) } else { Err(Decline::coded("not_voidable")) }
        })
        .await
    }

    async fn refund(
        &self,
        key: Uuid,
        charge: Uuid,
        amount: Money,
    ) -> Result<Result<(), Decline>, ProviderError> {
        let mood = self.mood();
        self.act(|charges| {
            let memory = charges.entry(charge).or_default();
            if memory.refunds.contains_key(&key) {
                return Ok(());
            }
            if mood == Mood::Declines || memory.failed.contains(&key) {
                return Err(Decline::coded("not_refundable"));
            }
            memory.refunds.insert(key, amount.minor());
            memory.refunded += amount.minor();
            Ok(())
        })
        .await
    }

    async fn submit_evidence(&self, _: &str, _: &Evidence) -> Result<Result<(), Decline>, ProviderError> {
        Ok(Ok(()))
    }

    async fn read_notice(
        &self,
        _: &(dyn Fn(&str) -> Option<String> + Sync),
        _: &[u8],
        _: DateTime<Utc>,
    ) -> Result<Option<ProviderEvent>, WebhookError> {
        Ok(None)
    }
}
