//! The outbox: events wait in the document of their product, oldest first.
//!
//! `outbox` holds them, `outbox_since` tells since when the document has any (a sparse index finds such
//! documents), `outbox_last` is the newest one's id: who has sent that one has sent all.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{TimeDelta, Utc};
use config::clock::Clock;
use config::database::StoreError;
use config::kafka::{Envelope, Lead, Outbox, Unsent};
use futures_util::TryStreamExt as _;
use mongodb::Collection;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, doc, serialize_to_bson};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::MongoProducts;

/// How long an instance that has gone still counts as the one that sends.
const LEASE: TimeDelta = TimeDelta::seconds(5);
const LEASE_ID: &str = "outbox";

/// An event that waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct OutboxEntry {
    id: String,
    topic: String,
    key: String,
    payload: String,
}

#[derive(Debug, Deserialize)]
struct Waiting {
    _id: ObjectId,
    outbox: Vec<OutboxEntry>,
    outbox_since: DateTime,
    outbox_last: String,
}

impl OutboxEntry {
    pub fn new(event: &Envelope, payload: String) -> Self {
        Self { id: event.id.to_string(), topic: event.topic.clone(), key: event.key.clone(), payload }
    }

    /// The outbox of a new document.
    pub fn first(&self, now: chrono::DateTime<Utc>) -> Result<Document, StoreError> {
        Ok(
            doc! { "outbox": [serialize_to_bson(self).map_err(StoreError::corrupt)?], "outbox_since": millis(now), "outbox_last": &self.id },
        )
    }
}

/// An update that sets members and adds an event.
pub(super) fn appended(
    set: Document,
    entry: &OutboxEntry,
    now: chrono::DateTime<Utc>,
) -> Result<Document, StoreError> {
    let mut set = set;
    set.insert("outbox_last", &entry.id);
    Ok(doc! {
        "$set": set,
        "$push": { "outbox": serialize_to_bson(entry).map_err(StoreError::corrupt)? },
        "$min": { "outbox_since": millis(now) },
    })
}

fn millis(time: chrono::DateTime<Utc>) -> DateTime {
    DateTime::from_millis(time.timestamp_millis())
}

#[async_trait]
impl Outbox for MongoProducts {
    async fn lead(&self) -> Result<Option<Box<dyn Lead>>, StoreError> {
        let (owner, now) = (Uuid::now_v7().to_string(), self.clock.now());
        let free = doc! { "_id": LEASE_ID, "until": { "$lt": millis(now) } };
        let take = doc! { "$set": { "owner": &owner, "until": millis(now + LEASE) } };
        match self.leases.update_one(free, take).upsert(true).await.map_err(StoreError::from) {
            Ok(_) => {}
            // It is held: the filter found nothing, and the upsert met the holder's document.
            Err(StoreError::Duplicate { .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
        Ok(Some(Box::new(MongoLead {
            products: self.products.clone_with_type(),
            leases: self.leases.clone(),
            clock: self.clock.clone(),
            owner,
            until: now + LEASE,
            lasts: HashMap::new(),
        })))
    }

    async fn changed(&self) {
        self.added.notified().await;
    }
}

struct MongoLead {
    products: Collection<Waiting>,
    leases: Collection<Document>,
    clock: std::sync::Arc<dyn Clock>,
    owner: String,
    until: chrono::DateTime<Utc>,
    /// The newest event of each document as it was read.
    lasts: HashMap<ObjectId, String>,
}

impl MongoLead {
    async fn renew(&mut self) -> Result<(), StoreError> {
        let now = self.clock.now();
        if self.until - now > LEASE / 2 {
            return Ok(());
        }
        let until = now + LEASE;
        let mine = doc! { "_id": LEASE_ID, "owner": &self.owner };
        let renewed = self.leases.update_one(mine, doc! { "$set": { "until": millis(until) } }).await?;
        match renewed.matched_count {
            1 => {
                self.until = until;
                Ok(())
            }
            _ => Err(StoreError::Contended("another instance sends the outbox now".into())),
        }
    }
}

#[async_trait]
impl Lead for MongoLead {
    async fn unsent(&mut self, limit: u32) -> Result<Vec<Unsent>, StoreError> {
        self.renew().await?;
        let has_events = doc! { "outbox_since": { "$gte": DateTime::from_millis(0) } };
        let waiting: Vec<Waiting> = self
            .products
            .find(has_events)
            .projection(doc! { "outbox": 1, "outbox_since": 1, "outbox_last": 1 })
            .sort(doc! { "outbox_since": 1 })
            .limit(limit.into())
            .await?
            .try_collect()
            .await?;
        let now = millis(self.clock.now()).timestamp_millis();
        self.lasts.clear();
        let mut unsent = Vec::new();
        for product in waiting {
            let waited = u64::try_from(now - product.outbox_since.timestamp_millis()).unwrap_or(0);
            self.lasts.insert(product._id, product.outbox_last);
            unsent.extend(product.outbox.into_iter().map(|entry| Unsent {
                position: format!("{}/{}", product._id, entry.id),
                topic: entry.topic,
                key: entry.key,
                payload: entry.payload,
                age: Duration::from_millis(waited),
            }));
        }
        Ok(unsent)
    }

    /// Products that have events; hardly ever has one more than one.
    async fn pending(&mut self) -> Result<u64, StoreError> {
        let has_events = doc! { "outbox_since": { "$gte": DateTime::from_millis(0) } };
        Ok(self.products.count_documents(has_events).await?)
    }

    async fn sent(&mut self, events: &[Unsent]) -> Result<(), StoreError> {
        let mut sent: HashMap<ObjectId, Vec<&str>> = HashMap::new();
        for event in events {
            let (product, id) =
                event.position.split_once('/').ok_or_else(|| StoreError::corrupt("a position of ours"))?;
            sent.entry(product.parse().map_err(StoreError::corrupt)?).or_default().push(id);
        }
        let products: Vec<ObjectId> = sent.keys().copied().collect();
        let lasts: Vec<&String> = products.iter().filter_map(|product| self.lasts.get(product)).collect();
        let nothing_since = doc! { "_id": { "$in": &products }, "outbox_last": { "$in": lasts } };
        let empty = doc! { "$unset": { "outbox": "", "outbox_since": "", "outbox_last": "" } };
        let emptied = self.products.update_many(nothing_since, empty).await?;
        if emptied.matched_count < products.len() as u64 {
            let ids: Vec<&str> = sent.into_values().flatten().collect();
            let rest = doc! { "_id": { "$in": products }, "outbox.id": { "$in": &ids } };
            self.products.update_many(rest, doc! { "$pull": { "outbox": { "id": { "$in": ids } } } }).await?;
        }
        Ok(())
    }
}

/// Another instance needn't wait for the lease to run out when this one ends in good order.
impl Drop for MongoLead {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (leases, mine) = (self.leases.clone(), doc! { "_id": LEASE_ID, "owner": &self.owner });
        runtime.spawn(async move {
            if let Err(error) = leases.delete_one(mine).await {
                tracing::debug!(%error, "the outbox's lease could not be given back; it will run out");
            }
        });
    }
}
