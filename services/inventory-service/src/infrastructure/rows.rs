//! Rows, and what they stand for.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use config::database::{StoreError, stored};
use config::id::ProductId;
use sqlx::FromRow;
use uuid::Uuid;

use crate::application::{MovementRecord, Reservation};
use crate::domain::{Allocation, Level, ReservationId, Sku, StockItem};

/// A product beside one of its levels.
#[derive(FromRow)]
pub(super) struct ItemRow {
    product_id: String,
    sku: Option<String>,
    low_stock_threshold: u32,
    pub is_low: bool,
    warehouse: Option<String>,
    on_hand: Option<u32>,
    reserved: Option<u32>,
    version: Option<u64>,
}

/// The columns of [`ItemRow`]; `p` is the product, `s` the level.
macro_rules! select_items {
    ($rest:literal) => {
        concat!(
            "SELECT p.product_id, p.sku, p.low_stock_threshold, p.is_low, s.warehouse, s.on_hand, s.reserved, s.version \
             FROM products p LEFT JOIN stock s ON s.product_id = p.product_id ",
            $rest
        )
    };
}
pub(super) use select_items;

/// Puts rows that are ordered by product together; with each product, whether it was low when last announced.
pub(super) fn items(rows: Vec<ItemRow>) -> Result<Vec<(StockItem, bool)>, StoreError> {
    let mut items: Vec<(StockItem, bool)> = Vec::new();
    for row in rows {
        let same = items.last().is_some_and(|(item, _)| item.product_id.as_str() == row.product_id);
        if !same {
            let item = StockItem {
                product_id: stored(&row.product_id)?,
                sku: row.sku.map(Sku::stored),
                low_stock_threshold: row.low_stock_threshold,
                levels: Vec::new(),
            };
            items.push((item, row.is_low));
        }
        if let (Some((item, _)), Some(warehouse), Some(on_hand), Some(reserved), Some(version)) =
            (items.last_mut(), row.warehouse, row.on_hand, row.reserved, row.version)
        {
            let warehouse = stored(&warehouse)?;
            item.levels.push(Level { warehouse, on_hand, reserved, version });
        }
    }
    Ok(items)
}

/// A level alone.
#[derive(FromRow)]
pub(super) struct LevelRow {
    product_id: String,
    warehouse: String,
    on_hand: u32,
    reserved: u32,
    version: u64,
}

/// Puts the levels of a product together.
pub(super) fn levels(rows: Vec<LevelRow>) -> Result<BTreeMap<ProductId, Vec<Level>>, StoreError> {
    let mut levels: BTreeMap<ProductId, Vec<Level>> = BTreeMap::new();
    for LevelRow { product_id, warehouse, on_hand, reserved, version } in rows {
        let warehouse = stored(&warehouse)?;
        levels.entry(stored(&product_id)?).or_default().push(Level { warehouse, on_hand, reserved, version });
    }
    Ok(levels)
}

/// A reservation beside one of its lines.
#[derive(FromRow)]
pub(super) struct ReservationRow {
    id: Uuid,
    state: String,
    expires_at: DateTime<Utc>,
    parcel_away: bool,
    product_id: String,
    warehouse: String,
    quantity: u32,
}

/// A `SELECT` of [`ReservationRow`]s of one reservation.
macro_rules! select_reservation {
    ($lock:literal) => {
        concat!(
            "SELECT r.id, r.state, r.expires_at, r.parcel_away, l.product_id, l.warehouse, l.quantity \
             FROM reservations r JOIN reservation_lines l ON l.reservation_id = r.id \
             WHERE r.id = ? ORDER BY l.product_id, l.warehouse",
            $lock
        )
    };
}
pub(super) use select_reservation;

/// Puts rows that are ordered by reservation together.
pub(super) fn reservations(rows: Vec<ReservationRow>) -> Result<Vec<Reservation>, StoreError> {
    let mut all: Vec<Reservation> = Vec::new();
    for row in rows {
        let line = Allocation {
            product_id: stored(&row.product_id)?,
            warehouse: stored(&row.warehouse)?,
            quantity: row.quantity,
        };
        let id = ReservationId::new(row.id);
        match all.last_mut().filter(|last| last.id == id) {
            Some(last) => last.lines.push(line),
            None => {
                let (state, expires_at) = (stored(&row.state)?, row.expires_at);
                all.push(Reservation {
                    id,
                    state,
                    expires_at,
                    parcel_away: row.parcel_away,
                    lines: vec![line],
                });
            }
        }
    }
    Ok(all)
}

#[derive(FromRow)]
pub(super) struct MovementRow {
    id: u64,
    warehouse: String,
    kind: String,
    delta: i32,
    reason: String,
    created_at: DateTime<Utc>,
}

impl From<MovementRow> for MovementRecord {
    fn from(row: MovementRow) -> Self {
        let MovementRow { id, warehouse, kind, delta, reason, created_at } = row;
        Self { id, warehouse, kind, delta: delta.into(), reason, created_at }
    }
}
