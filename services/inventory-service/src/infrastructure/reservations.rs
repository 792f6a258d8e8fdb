//! Reservations in a transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx, padded};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::rows::{reservations, select_reservation};
use crate::application::{Reservation, Reservations};
use crate::domain::{Allocation, ReservationId, ReservationState};

#[async_trait]
impl Reservations for Tx {
    async fn add_reservations(
        &mut self,
        reservations: &[&Reservation],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut insert = QueryBuilder::new("INSERT INTO reservations (id, state, expires_at, created_at) ");
        insert.push_values(reservations, |mut row, reservation| {
            row.push_bind(reservation.id.get())
                .push_bind(reservation.state.as_str())
                .push_bind(reservation.expires_at)
                .push_bind(now);
        });
        insert.build().execute(self.connection()).await?;
        let lines = reservations.iter().flat_map(|it| it.lines.iter().map(move |line| (it.id.get(), line)));
        let mut insert = QueryBuilder::new(
            "INSERT INTO reservation_lines (reservation_id, product_id, warehouse, quantity) ",
        );
        insert.push_values(lines, |mut row, (id, line)| {
            row.push_bind(id)
                .push_bind(line.product_id.as_str())
                .push_bind(line.warehouse.as_str())
                .push_bind(line.quantity);
        });
        insert.build().execute(self.connection()).await?;
        Ok(())
    }

    async fn reservation_for_update(&mut self, id: ReservationId) -> Result<Option<Reservation>, StoreError> {
        let rows = sqlx::query_as(select_reservation!(" FOR UPDATE"))
            .bind(id.get())
            .fetch_all(self.connection())
            .await?;
        Ok(reservations(rows)?.pop())
    }

    async fn set_state(
        &mut self,
        id: ReservationId,
        state: ReservationState,
        order: Option<u64>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let update = "UPDATE reservations SET state = ?, order_id = COALESCE(?, order_id), changed_at = ? WHERE id = ?";
        sqlx::query(update)
            .bind(state.as_str())
            .bind(order)
            .bind(now)
            .bind(id.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn set_parcel_away(&mut self, id: ReservationId, away: bool) -> Result<(), StoreError> {
        sqlx::query("UPDATE reservations SET parcel_away = ? WHERE id = ?")
            .bind(away)
            .bind(id.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn set_taken(&mut self, id: ReservationId, lines: &[Allocation]) -> Result<(), StoreError> {
        let update = "UPDATE reservation_lines SET quantity = ? \
                      WHERE reservation_id = ? AND product_id = ? AND warehouse = ?";
        for line in lines {
            sqlx::query(update)
                .bind(line.quantity)
                .bind(id.get())
                .bind(line.product_id.as_str())
                .bind(line.warehouse.as_str())
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }

    async fn hold_all(&mut self, orders: &[(ReservationId, u64)]) -> Result<bool, StoreError> {
        let mut update = QueryBuilder::new("UPDATE reservations r JOIN (");
        for (n, (reservation, order)) in padded(orders).enumerate() {
            update.push(if n == 0 { "SELECT " } else { " UNION ALL SELECT " });
            update
                .push_bind(reservation.get())
                .push(if n == 0 { " AS id, " } else { ", " })
                .push_bind(*order);
            if n == 0 {
                update.push(" AS order_id");
            }
        }
        update.push(
            ") o ON o.id = r.id SET r.state = 'held', r.order_id = o.order_id WHERE r.state = 'active'",
        );
        let held = update.build().execute(self.connection()).await?;
        Ok(held.rows_affected() == orders.len() as u64)
    }

    async fn due(&mut self, now: DateTime<Utc>, limit: u32) -> Result<Vec<Reservation>, StoreError> {
        let ids: Vec<Uuid> = sqlx::query_scalar(
            "SELECT id FROM reservations WHERE state = 'active' AND expires_at <= ? \
             ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED",
        )
        .bind(now)
        .bind(limit)
        .fetch_all(self.connection())
        .await?;
        let mut due = Vec::with_capacity(ids.len());
        for id in ids {
            due.extend(self.reservation_for_update(ReservationId::new(id)).await?);
        }
        Ok(due)
    }
}
