//! The outbox: events wait in the document of their product, oldest first.
//!
//! `outbox` holds them, `outbox_since` tells since when the document has any (a sparse index finds such
//! documents), `outbox_last` is the newest one's id: who has sent that one has sent all.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{TimeDelta, Utc};
use config::clock::Clock;
use config::database::{StoreError, stored};
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

fn has_events() -> Document {
    doc! { "outbox_since": { "$gte": DateTime::from_millis(0) } }
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
    /// Whole products, until there is enough of them: after hours without Kafka one may have hundreds.
    async fn unsent(&mut self, limit: u32) -> Result<Vec<Unsent>, StoreError> {
        self.renew().await?;
        let mut waiting = self
            .products
            .find(has_events())
            .projection(doc! { "outbox": 1, "outbox_since": 1 })
            .sort(doc! { "outbox_since": 1 })
            .limit(limit.into())
            .await?;
        let now = millis(self.clock.now()).timestamp_millis();
        let mut unsent = Vec::new();
        while unsent.len() < limit as usize
            && let Some(product) = waiting.try_next().await?
        {
            let waited = u64::try_from(now - product.outbox_since.timestamp_millis()).unwrap_or(0);
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

    /// Products that have events; hardly ever has one more than one. Nothing else is asked while Kafka is away, and the
    /// lease is to last.
    async fn pending(&mut self) -> Result<u64, StoreError> {
        self.renew().await?;
        Ok(self.products.count_documents(has_events()).await?)
    }

    async fn sent(&mut self, events: &[Unsent]) -> Result<(), StoreError> {
        let (mut products, mut ids) = (HashSet::<ObjectId>::new(), Vec::with_capacity(events.len()));
        for event in events {
            let (product, id) =
                event.position.split_once('/').ok_or_else(|| StoreError::corrupt("a position of ours"))?;
            products.insert(stored(product)?);
            ids.push(id);
        }
        let products: Vec<ObjectId> = products.into_iter().collect();
        // Of a product whose newest event is among them, all are.
        let wholly = doc! { "_id": { "$in": &products }, "outbox_last": { "$in": &ids } };
        let empty = doc! { "$unset": { "outbox": "", "outbox_since": "", "outbox_last": "" } };
        let emptied = self.products.update_many(wholly, empty).await?;
        // Others were sent in part, or have been changed since.
        if emptied.matched_count < products.len() as u64 {
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

#[cfg(test)]
mod tests {
    use config::testing::TestEnv;
    use mongodb::Client;

    use super::*;

    /// Products with this many events each, oldest first.
    async fn with_events(counts: &[usize]) -> MongoProducts {
        let env = TestEnv::new().await;
        let client = Client::with_uri_str(env.get("MONGODB_URL")).await.unwrap();
        let database = client.database(env.get("MONGODB_DATABASE"));
        let store = MongoProducts::open(&database, "test", config::clock::system()).await.unwrap();
        let product = |(n, count): (usize, &usize)| {
            let event = |m: usize| {
                let id = format!("{n}-{m}");
                OutboxEntry {
                    id: id.clone(),
                    topic: "product-events".to_owned(),
                    key: n.to_string(),
                    payload: id,
                }
            };
            let events: Vec<OutboxEntry> = (0..*count).map(event).collect();
            let last = events.last().map(|event| event.id.clone());
            let since = DateTime::from_millis(i64::try_from(n).unwrap());
            let outbox = serialize_to_bson(&events).unwrap();
            doc! { "sku": n.to_string(), "outbox": outbox, "outbox_since": since, "outbox_last": last }
        };
        let products: Vec<Document> = counts.iter().enumerate().map(product).collect();
        store.products.clone_with_type::<Document>().insert_many(products).await.unwrap();
        store
    }

    async fn unsent(lead: &mut dyn Lead, limit: u32) -> (Vec<Unsent>, Vec<String>) {
        let unsent = lead.unsent(limit).await.unwrap();
        let payloads = unsent.iter().map(|event| event.payload.clone()).collect();
        (unsent, payloads)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_was_not_sent_of_a_product_stays() {
        let store = with_events(&[2, 3, 1]).await;
        let mut lead = store.lead().await.unwrap().expect("nobody else leads");
        let (events, _) = unsent(lead.as_mut(), 100).await;
        assert_eq!(events.len(), 6);
        lead.sent(&events[..4]).await.unwrap();
        assert_eq!(lead.pending().await.unwrap(), 2);
        let (events, payloads) = unsent(lead.as_mut(), 100).await;
        assert_eq!(payloads, ["1-2", "2-0"]);
        lead.sent(&events).await.unwrap();
        assert_eq!(lead.pending().await.unwrap(), 0);
        let left = store.products.count_documents(doc! { "outbox": { "$exists": true } }).await.unwrap();
        assert_eq!(left, 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_more_products_are_read_than_give_enough() {
        let store = with_events(&[2, 3, 1]).await;
        let mut lead = store.lead().await.unwrap().expect("nobody else leads");
        assert_eq!(unsent(lead.as_mut(), 3).await.1, ["0-0", "0-1", "1-0", "1-1", "1-2"]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_asks_how_many_wait_goes_on_leading() {
        let store = with_events(&[1]).await;
        let mut lead = store.lead().await.unwrap().expect("nobody else leads");
        for _ in 0..2 * LEASE.num_seconds() {
            tokio::time::sleep(Duration::from_secs(1)).await;
            lead.pending().await.unwrap();
            assert!(store.lead().await.unwrap().is_none());
        }
    }
}
