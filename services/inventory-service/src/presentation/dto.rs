//! What travels over HTTP.

use chrono::{DateTime, Utc};
use config::id::ProductId;
use config::problem::{Fields, InvalidFields};
use poem_openapi::Object;
use uuid::Uuid;

use crate::application::{Change, MovementRecord, Opening, Reservation};
use crate::domain::{Level, Quantity, Reason, ReservationId, StockItem, Wanted, Warehouse};

/// More lines than any order has.
const MAX_LINES: usize = 100;

/// Stock to begin with.
#[derive(Debug, Object)]
pub struct NewStock {
    pub product_id: String,
    /// Units on hand, 0 to 1 000 000.
    pub quantity: i64,
    /// 1 to 64 characters.
    pub sku: Option<String>,
    /// `main` when not given.
    pub warehouse: Option<String>,
    /// Units available at which `inventory_low` is said; the shop's when not given.
    pub low_stock_threshold: Option<i64>,
}

impl NewStock {
    pub fn parse(self) -> Result<Opening, InvalidFields> {
        let mut fields = Fields::default();
        let product_id = fields.check("product_id", self.product_id.parse());
        let on_hand = fields.check("quantity", Quantity::level(self.quantity));
        let warehouse = fields.check("warehouse", warehouse(self.warehouse.as_deref()));
        let sku = fields.check("sku", self.sku.as_deref().map(str::parse).transpose());
        let threshold = threshold(&mut fields, self.low_stock_threshold);
        fields.finish(|| {
            Some(Opening {
                product_id: product_id?,
                sku: sku?,
                warehouse: warehouse?,
                on_hand: on_hand?,
                threshold: threshold?,
            })
        })
    }
}

/// What was counted, or what is low, or both; what is left out stays.
#[derive(Debug, Object)]
pub struct CountedStock {
    /// Units on hand, 0 to 1 000 000.
    pub quantity: Option<i64>,
    /// Where they are; `main` when not given.
    pub warehouse: Option<String>,
    /// Units available, in all warehouses, at which `inventory_low` is said.
    pub low_stock_threshold: Option<i64>,
}

impl CountedStock {
    pub fn parse(self) -> Result<(Warehouse, Change), InvalidFields> {
        let mut fields = Fields::default();
        let on_hand = fields.check("quantity", self.quantity.map(Quantity::level).transpose());
        let warehouse = fields.check("warehouse", warehouse(self.warehouse.as_deref()));
        let threshold = threshold(&mut fields, self.low_stock_threshold);
        if self.quantity.is_none() && self.low_stock_threshold.is_none() {
            fields.reject("quantity", "required", "is required, or low_stock_threshold");
            fields.reject("low_stock_threshold", "required", "is required, or quantity");
        }
        fields.finish(|| {
            let change = match (on_hand?, threshold?) {
                (Some(on_hand), threshold) => Change::Count { on_hand, threshold },
                (None, Some(threshold)) => Change::Threshold(threshold),
                (None, None) => return None,
            };
            Some((warehouse?, change))
        })
    }
}

/// More or less.
#[derive(Debug, Object)]
pub struct Adjustment {
    /// Units to add, or to take when negative; not 0.
    pub delta: i64,
    /// Why, for the record: 1 to 200 characters.
    pub reason: String,
    /// `main` when not given.
    pub warehouse: Option<String>,
}

impl Adjustment {
    pub fn parse(self) -> Result<(Warehouse, Change), InvalidFields> {
        let mut fields = Fields::default();
        let warehouse = fields.check("warehouse", warehouse(self.warehouse.as_deref()));
        if self.delta == 0 || Quantity::new(self.delta.saturating_abs()).is_err() {
            fields.reject("delta", "invalid", "must be from -1000000 to 1000000, and not 0");
        }
        let reason = fields.check("reason", self.reason.parse::<Reason>());
        fields.finish(|| Some((warehouse?, Change::Adjust { delta: self.delta, reason: reason? })))
    }
}

/// What an order wants set aside.
#[derive(Debug, Object)]
pub struct NewReservation {
    /// Chosen by the caller: the same again reserves once.
    pub reservation_id: Uuid,
    pub items: Vec<ReservationLine>,
}

#[derive(Debug, Object)]
pub struct ReservationLine {
    pub product_id: String,
    pub quantity: i64,
}

impl NewReservation {
    pub fn parse(self) -> Result<(ReservationId, Vec<Wanted>), InvalidFields> {
        let mut fields = Fields::default();
        if self.items.is_empty() || self.items.len() > MAX_LINES {
            fields.reject("items", "length", format!("must be 1 to {MAX_LINES} lines"));
        }
        let mut wanted: Vec<Wanted> = Vec::with_capacity(self.items.len());
        for (index, line) in self.items.iter().enumerate() {
            let product_id =
                fields.check(format!("items[{index}].product_id"), line.product_id.parse::<ProductId>());
            let quantity = fields.check(format!("items[{index}].quantity"), Quantity::new(line.quantity));
            let (Some(product_id), Some(quantity)) = (product_id, quantity) else { continue };
            match wanted.iter().any(|other| other.product_id == product_id) {
                true => fields.reject(
                    format!("items[{index}].product_id"),
                    "duplicate",
                    "must be on one line only",
                ),
                false => wanted.push(Wanted { product_id, quantity }),
            }
        }
        fields.finish(|| Some((ReservationId::new(self.reservation_id), wanted)))
    }
}

/// A reservation.
#[derive(Debug, Object)]
pub struct ReservationDto {
    pub reservation_id: Uuid,
    /// `active`, `held`, `committed`, `released`, `expired` or `returned`.
    pub state: String,
    pub expires_at: DateTime<Utc>,
}

impl From<Reservation> for ReservationDto {
    fn from(reservation: Reservation) -> Self {
        Self {
            reservation_id: reservation.id.get(),
            state: reservation.state.as_str().to_owned(),
            expires_at: reservation.expires_at,
        }
    }
}

/// A product's stock.
#[derive(Debug, Object)]
pub struct StockDto {
    pub product_id: String,
    pub sku: Option<String>,
    /// The same as `on_hand`.
    pub quantity: u32,
    pub on_hand: u32,
    /// Kept for orders; part of what is on hand.
    pub reserved: u32,
    /// What can still be ordered.
    pub available: u32,
    pub low_stock_threshold: u32,
    pub warehouses: Vec<LevelDto>,
    pub version: u64,
}

/// Stock in one warehouse.
#[derive(Debug, Object)]
pub struct LevelDto {
    pub warehouse: String,
    pub on_hand: u32,
    pub reserved: u32,
    pub available: u32,
}

impl From<StockItem> for StockDto {
    fn from(item: StockItem) -> Self {
        let level = |level: &Level| LevelDto {
            warehouse: level.warehouse.to_string(),
            on_hand: level.on_hand,
            reserved: level.reserved,
            available: level.available(),
        };
        Self {
            quantity: item.on_hand(),
            on_hand: item.on_hand(),
            reserved: item.reserved(),
            available: item.available(),
            version: item.version(),
            warehouses: item.levels.iter().map(level).collect(),
            product_id: item.product_id.to_string(),
            low_stock_threshold: item.low_stock_threshold,
            sku: item.sku.map(|sku| sku.to_string()),
        }
    }
}

/// Whether so much can be had.
#[derive(Debug, Object)]
pub struct StockCheck {
    pub product_id: String,
    pub available: u32,
    pub requested: u32,
    pub in_stock: bool,
}

/// A change of what is on hand.
#[derive(Debug, Object)]
pub struct MovementDto {
    pub id: u64,
    pub warehouse: String,
    /// `opening`, `count`, `adjustment`, `sale` or `return`.
    pub kind: String,
    pub delta: i64,
    pub reason: String,
    pub created_at: DateTime<Utc>,
}

impl From<MovementRecord> for MovementDto {
    fn from(movement: MovementRecord) -> Self {
        let MovementRecord { id, warehouse, kind, delta, reason, created_at } = movement;
        Self { id, warehouse, kind, delta, reason, created_at }
    }
}

fn warehouse(name: Option<&str>) -> Result<Warehouse, crate::domain::WarehouseError> {
    name.map_or_else(|| Ok(Warehouse::default()), str::parse)
}

/// `None`: it was refused.
fn threshold(fields: &mut Fields, units: Option<i64>) -> Option<Option<u32>> {
    fields.check("low_stock_threshold", units.map(Quantity::level).transpose())
}
