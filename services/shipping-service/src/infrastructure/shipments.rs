//! Shipments in a transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx};
use config::money::Money;
use sqlx::QueryBuilder;

use super::rows::{ItemRow, ShipmentRow, select_shipments, shipments};
use crate::application::Shipments;
use crate::domain::{
    Consignment, OrderId, Shipment, ShipmentId, ShipmentItem, ShipmentStatus, TrackingEvent,
};

#[async_trait]
impl Shipments for Tx {
    async fn add(
        &mut self,
        consignment: &Consignment,
        now: DateTime<Utc>,
    ) -> Result<Option<Shipment>, StoreError> {
        let status = ShipmentStatus::Pending;
        let Some(id) = insert(self, consignment, status, false, now).await? else { return Ok(None) };
        insert_items(self, id, &consignment.items).await?;
        Ok(Some(Shipment {
            id,
            consignment: consignment.clone(),
            status,
            version: 1,
            created_at: now,
            updated_at: now,
            shipped_at: None,
            delivered_at: None,
            order_over: false,
            beyond_recall: None,
        }))
    }

    async fn rule_out(&mut self, consignment: &Consignment, now: DateTime<Utc>) -> Result<bool, StoreError> {
        Ok(insert(self, consignment, ShipmentStatus::Cancelled, true, now).await?.is_some())
    }

    async fn shipment_for_update(&mut self, id: ShipmentId) -> Result<Option<Shipment>, StoreError> {
        let row = sqlx::query_as(select_shipments!(made, " AND id = ? FOR UPDATE"))
            .bind(id.get())
            .fetch_optional(self.connection())
            .await?;
        with_items(self, row).await
    }

    async fn shipment_of_order_for_update(&mut self, order: OrderId) -> Result<Option<Shipment>, StoreError> {
        let row = sqlx::query_as(select_shipments!("WHERE order_id = ? FOR UPDATE"))
            .bind(order.get())
            .fetch_optional(self.connection())
            .await?;
        with_items(self, row).await
    }

    async fn save(&mut self, shipment: &Shipment) -> Result<(), StoreError> {
        let consignment = &shipment.consignment;
        sqlx::query(
            "UPDATE shipments SET destination = ?, order_version = ?, status = ?, cash_due = ?, version = ?, \
             updated_at = ?, shipped_at = ?, delivered_at = ?, order_over = ?, beyond_recall = ? WHERE id = ?",
        )
        .bind(consignment.destination.as_str())
        .bind(consignment.order_version)
        .bind(shipment.status.as_str())
        .bind(consignment.cash_due.map(Money::minor))
        .bind(shipment.version)
        .bind(shipment.updated_at)
        .bind(shipment.shipped_at)
        .bind(shipment.delivered_at)
        .bind(shipment.order_over)
        .bind(shipment.beyond_recall)
        .bind(shipment.id.get())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn entrust(&mut self, shipment: &Shipment) -> Result<(), StoreError> {
        let consignment = &shipment.consignment;
        sqlx::query(
            "UPDATE shipments SET method = ?, carrier = ?, collected = ?, tracking_number = ?, currency = ?, \
             estimated_delivery = ? WHERE id = ?",
        )
        .bind(consignment.method.as_str())
        .bind(consignment.carrier.as_str())
        .bind(consignment.collected)
        .bind(consignment.tracking_number.as_str())
        .bind(consignment.cash_due.map(|due| due.currency().code()))
        .bind(consignment.estimated_delivery)
        .bind(shipment.id.get())
        .execute(self.connection())
        .await?;
        sqlx::query("DELETE FROM shipment_items WHERE shipment_id = ?")
            .bind(shipment.id.get())
            .execute(self.connection())
            .await?;
        insert_items(self, shipment.id, &consignment.items).await
    }

    async fn record(&mut self, id: ShipmentId, event: &TrackingEvent) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO tracking_events (shipment_id, status, location, note, occurred_at) VALUES (?, ?, ?, ?, ?)")
            .bind(id.get())
            .bind(event.status.as_str())
            .bind(event.location.as_ref().map(|location| location.as_str()))
            .bind(event.note.as_ref().map(|note| note.as_str()))
            .bind(event.at)
            .execute(self.connection())
            .await?;
        Ok(())
    }
}

/// A new row; `None` when the order has one already.
async fn insert(
    tx: &mut Tx,
    consignment: &Consignment,
    status: ShipmentStatus,
    order_over: bool,
    now: DateTime<Utc>,
) -> Result<Option<ShipmentId>, StoreError> {
    let inserted = sqlx::query(
        "INSERT INTO shipments (order_id, user_id, method, carrier, collected, tracking_number, destination, \
         order_version, status, cash_due, currency, estimated_delivery, order_over, created_at, updated_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(consignment.order_id.get())
    .bind(consignment.user_id.get())
    .bind(consignment.method.as_str())
    .bind(consignment.carrier.as_str())
    .bind(consignment.collected)
    .bind(consignment.tracking_number.as_str())
    .bind(consignment.destination.as_str())
    .bind(consignment.order_version)
    .bind(status.as_str())
    .bind(consignment.cash_due.map(Money::minor))
    .bind(consignment.cash_due.map(|due| due.currency().code()))
    .bind(consignment.estimated_delivery)
    .bind(order_over)
    .bind(now)
    .bind(now)
    .execute(tx.connection())
    .await
    .map_err(StoreError::from);
    match inserted {
        Ok(inserted) => Ok(Some(ShipmentId::new(inserted.last_insert_id()))),
        Err(error) if error.violates("shipments_order") => Ok(None),
        Err(error) => Err(error),
    }
}

async fn insert_items(tx: &mut Tx, id: ShipmentId, items: &[ShipmentItem]) -> Result<(), StoreError> {
    if items.is_empty() {
        return Ok(());
    }
    let mut insert = QueryBuilder::new(
        "INSERT INTO shipment_items (shipment_id, line, product_id, product_name, quantity) ",
    );
    insert.push_values((0u16..).zip(items), |mut row, (line, item)| {
        row.push_bind(id.get())
            .push_bind(line)
            .push_bind(item.product_id.as_str())
            .push_bind(item.product_name.as_ref().map(|name| name.as_str()))
            .push_bind(item.quantity);
    });
    insert.build().execute(tx.connection()).await?;
    Ok(())
}

async fn with_items(tx: &mut Tx, row: Option<ShipmentRow>) -> Result<Option<Shipment>, StoreError> {
    let Some(row) = row else { return Ok(None) };
    let items: Vec<ItemRow> = sqlx::query_as(
        "SELECT shipment_id, product_id, product_name, quantity FROM shipment_items WHERE shipment_id = ? ORDER BY line",
    )
    .bind(row.id)
    .fetch_all(tx.connection())
    .await?;
    Ok(shipments(&[row], items)?.pop())
}
