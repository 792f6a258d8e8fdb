//! Reads outside a transaction.

use async_trait::async_trait;
use config::database::{Db, First, StoreError, push_list};
use config::page::{Paging, Slice};
use sqlx::{MySql, QueryBuilder};

use super::rows::{
    ItemRow, ShipmentRow, TrackingEventRow, methods, select_methods, select_shipments, shipments,
};
use crate::application::{MethodsReader, ShipmentFilter, ShipmentsReader};
use crate::domain::{
    MethodCode, OrderId, Shipment, ShipmentId, ShippingMethod, TrackingEvent, TrackingNumber,
};

#[async_trait]
impl ShipmentsReader for Db {
    async fn shipment(&self, id: ShipmentId) -> Result<Option<Shipment>, StoreError> {
        let query = sqlx::query_as(select_shipments!(made, " AND id = ?")).bind(id.get());
        Ok(with_items(self, query.fetch_all(self.pool()).await?).await?.pop())
    }

    async fn shipment_of_order(&self, order: OrderId) -> Result<Option<Shipment>, StoreError> {
        let query = sqlx::query_as(select_shipments!(made, " AND order_id = ?")).bind(order.get());
        Ok(with_items(self, query.fetch_all(self.pool()).await?).await?.pop())
    }

    async fn shipment_by_number(&self, number: &TrackingNumber) -> Result<Option<Shipment>, StoreError> {
        let query = sqlx::query_as(select_shipments!(made, " AND tracking_number = ?")).bind(number.as_str());
        Ok(with_items(self, query.fetch_all(self.pool()).await?).await?.pop())
    }

    async fn list(&self, filter: &ShipmentFilter, paging: Paging) -> Result<Slice<Shipment>, StoreError> {
        let count = "SELECT COUNT(*) FROM shipments WHERE NOT (status = 'cancelled' AND version = 1)";
        let select = select_shipments!(made, "");
        let matching = |query: &mut QueryBuilder<MySql>| push_filter(query, filter);
        let Slice { items, total } = self.part(count, select, matching, First::Newest("id"), paging).await?;
        Ok(Slice { items: with_items(self, items).await?, total })
    }

    async fn timeline(&self, id: ShipmentId) -> Result<Vec<TrackingEvent>, StoreError> {
        let rows: Vec<TrackingEventRow> = sqlx::query_as(
            "SELECT status, location, note, occurred_at FROM tracking_events WHERE shipment_id = ? ORDER BY id",
        )
        .bind(id.get())
        .fetch_all(self.pool())
        .await?;
        rows.into_iter().map(TrackingEvent::try_from).collect()
    }
}

#[async_trait]
impl MethodsReader for Db {
    async fn methods(&self) -> Result<Vec<ShippingMethod>, StoreError> {
        methods(&sqlx::query_as(select_methods!("", "")).fetch_all(self.pool()).await?)
    }

    async fn method(&self, code: &MethodCode) -> Result<Option<ShippingMethod>, StoreError> {
        let rows = sqlx::query_as(select_methods!("WHERE m.code = ?", ""))
            .bind(code.as_str())
            .fetch_all(self.pool())
            .await?;
        Ok(methods(&rows)?.pop())
    }
}

fn push_filter(query: &mut QueryBuilder<MySql>, filter: &ShipmentFilter) {
    if let Some(user) = filter.user_id {
        query.push(" AND user_id = ").push_bind(user.get());
    }
    if let Some(order) = filter.order_id {
        query.push(" AND order_id = ").push_bind(order.get());
    }
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
}

async fn with_items(db: &Db, rows: Vec<ShipmentRow>) -> Result<Vec<Shipment>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut select = QueryBuilder::new(
        "SELECT shipment_id, product_id, product_name, quantity FROM shipment_items WHERE shipment_id IN ",
    );
    push_list(&mut select, rows.iter().map(|row| row.id));
    select.push(" ORDER BY shipment_id, line");
    let items: Vec<ItemRow> = select.build_query_as().fetch_all(db.pool()).await?;
    shipments(&rows, items)
}
