//! Shipments in a transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx};
use sqlx::QueryBuilder;

use super::rows::{ItemRow, ShipmentRow, select_shipments, shipments};
use crate::application::Shipments;
use crate::domain::{Consignment, OrderId, Shipment, ShipmentId, ShipmentStatus, TrackingEvent};

#[async_trait]
impl Shipments for Tx {
    async fn add(
        &mut self,
        consignment: &Consignment,
        status: ShipmentStatus,
        now: DateTime<Utc>,
    ) -> Result<Option<Shipment>, StoreError> {
        let inserted = sqlx::query(
            "INSERT INTO shipments (order_id, user_id, method, carrier, tracking_number, destination, status, \
             estimated_delivery, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(consignment.order_id.get())
        .bind(consignment.user_id.get())
        .bind(consignment.method.as_str())
        .bind(consignment.carrier.as_str())
        .bind(consignment.tracking_number.as_str())
        .bind(consignment.destination.as_str())
        .bind(status.as_str())
        .bind(consignment.estimated_delivery)
        .bind(now)
        .bind(now)
        .execute(self.connection())
        .await
        .map_err(StoreError::from);
        let id = match inserted {
            Ok(inserted) => ShipmentId::new(inserted.last_insert_id()),
            Err(error) if error.violates("shipments_order") => return Ok(None),
            Err(error) => return Err(error),
        };
        if !consignment.items.is_empty() {
            let mut insert = QueryBuilder::new(
                "INSERT INTO shipment_items (shipment_id, line, product_id, product_name, quantity) ",
            );
            insert.push_values((0u16..).zip(&consignment.items), |mut row, (line, item)| {
                row.push_bind(id.get())
                    .push_bind(line)
                    .push_bind(item.product_id.as_str())
                    .push_bind(&item.product_name)
                    .push_bind(item.quantity);
            });
            insert.build().execute(self.connection()).await?;
        }
        Ok(Some(Shipment {
            id,
            consignment: consignment.clone(),
            status,
            version: 1,
            created_at: now,
            updated_at: now,
            shipped_at: None,
            delivered_at: None,
        }))
    }

    async fn shipment_for_update(&mut self, id: ShipmentId) -> Result<Option<Shipment>, StoreError> {
        let row = sqlx::query_as(select_shipments!("WHERE id = ? FOR UPDATE"))
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
        sqlx::query(
            "UPDATE shipments SET status = ?, version = ?, updated_at = ?, shipped_at = ?, delivered_at = ? WHERE id = ?",
        )
        .bind(shipment.status.as_str())
        .bind(shipment.version)
        .bind(shipment.updated_at)
        .bind(shipment.shipped_at)
        .bind(shipment.delivered_at)
        .bind(shipment.id.get())
        .execute(self.connection())
        .await?;
        Ok(())
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
