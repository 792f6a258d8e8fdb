//! Reservations in a transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx, push_list};
use sqlx::{MySql, QueryBuilder};
use uuid::Uuid;

use super::rows::{Answer, held};
use crate::application::{Held, Reservation, Reservations};
use crate::domain::{OrderId, PromotionId, ReservationId, ReservationState};

#[async_trait]
impl Reservations for Tx {
    async fn add_reservation(
        &mut self,
        reservation: &Reservation,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let answer =
            serde_json::to_string(&Answer::from(&reservation.priced)).map_err(StoreError::corrupt)?;
        sqlx::query(
            "INSERT INTO reservations (id, state, user_id, order_id, first_order, answer, expires_at, created_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(reservation.id.get())
        .bind(reservation.state.as_str())
        .bind(reservation.user_id.get())
        .bind(reservation.order_id.map(OrderId::get))
        .bind(reservation.first_order)
        .bind(answer)
        .bind(reservation.expires_at)
        .bind(now)
        .execute(self.connection())
        .await?;
        let mut insert = QueryBuilder::new("INSERT INTO reservation_uses (reservation_id, promotion_id) ");
        insert.push_values(&reservation.promotions, |mut row, promotion| {
            row.push_bind(reservation.id.get()).push_bind(promotion.get());
        });
        insert.build().execute(self.connection()).await?;
        Ok(())
    }

    async fn add_tombstone(&mut self, id: ReservationId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let inserted = sqlx::query(
            "INSERT IGNORE INTO reservations (id, state, expires_at, created_at) VALUES (?, ?, ?, ?)",
        )
        .bind(id.get())
        .bind(ReservationState::Released.as_str())
        .bind(now)
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(inserted.rows_affected() == 1)
    }

    async fn held_for_update(&mut self, id: ReservationId) -> Result<Option<Held>, StoreError> {
        let rows = sqlx::query_as(
            "SELECT r.id, r.state, r.user_id, u.promotion_id FROM reservations r \
             LEFT JOIN reservation_uses u ON u.reservation_id = r.id \
             WHERE r.id = ? ORDER BY u.promotion_id FOR UPDATE",
        )
        .bind(id.get())
        .fetch_all(self.connection())
        .await?;
        Ok(held(rows)?.pop())
    }

    async fn set_state(
        &mut self,
        id: ReservationId,
        state: ReservationState,
        order: Option<OrderId>,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE reservations SET state = ?, order_id = COALESCE(?, order_id) WHERE id = ?")
            .bind(state.as_str())
            .bind(order.map(OrderId::get))
            .bind(id.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn due(&mut self, now: DateTime<Utc>, limit: u32) -> Result<Vec<Held>, StoreError> {
        let ids: Vec<Uuid> = sqlx::query_scalar(
            "SELECT id FROM reservations WHERE state = 'active' AND expires_at <= ? \
             ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED",
        )
        .bind(now)
        .bind(limit)
        .fetch_all(self.connection())
        .await?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        // Locked as they are, they don't change any more.
        let mut select = QueryBuilder::new(
            "SELECT r.id, r.state, r.user_id, u.promotion_id FROM reservations r \
             LEFT JOIN reservation_uses u ON u.reservation_id = r.id WHERE r.id IN ",
        );
        push_list(&mut select, ids);
        select.push(" ORDER BY r.id, u.promotion_id");
        held(select.build_query_as().fetch_all(self.connection()).await?)
    }

    async fn expire(&mut self, ids: &[ReservationId]) -> Result<(), StoreError> {
        let mut update = QueryBuilder::<MySql>::new("UPDATE reservations SET state = ");
        update.push_bind(ReservationState::Expired.as_str()).push(" WHERE id IN ");
        push_list(&mut update, ids.iter().map(|id| id.get()));
        update.build().execute(self.connection()).await?;
        Ok(())
    }

    async fn promotions_of(&mut self, order: OrderId) -> Result<Vec<PromotionId>, StoreError> {
        let ids: Vec<u64> =
            sqlx::query_scalar(PROMOTIONS_OF_ORDER).bind(order.get()).fetch_all(self.connection()).await?;
        Ok(ids.into_iter().map(PromotionId::new).collect())
    }
}

/// The promotions that an order has, one row for each use.
pub(super) const PROMOTIONS_OF_ORDER: &str = "SELECT u.promotion_id FROM reservations r \
     JOIN reservation_uses u ON u.reservation_id = r.id \
     WHERE r.order_id = ? AND r.state IN ('active', 'held', 'consumed')";
