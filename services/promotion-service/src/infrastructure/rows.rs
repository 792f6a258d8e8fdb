//! Rows, and what they stand for.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use config::database::{StoreError, stored};
use config::id::UserId;
use config::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use uuid::Uuid;

use crate::application::{Held, Priced};
use crate::domain::{
    Applied, Benefit, Category, Conditions, Deal, Description, GroupSize, Kind, Name, Percent, Period,
    Promotion, PromotionId, Rejection, ReservationId, Terms, Usage,
};

#[derive(FromRow)]
pub(super) struct PromotionRow {
    id: u64,
    code: Option<String>,
    name: Option<String>,
    description: String,
    kind: String,
    percent: Option<u16>,
    amount: Option<i64>,
    buy_quantity: Option<u32>,
    get_quantity: Option<u32>,
    currency: Option<String>,
    min_subtotal: Option<i64>,
    max_discount: Option<i64>,
    product_ids: String,
    categories: String,
    first_order_only: bool,
    usage_limit: Option<u32>,
    per_customer_limit: Option<u32>,
    stackable: bool,
    priority: i32,
    is_active: bool,
    is_public: bool,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    used: u32,
    reserved: u32,
    archived: bool,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A `SELECT` of [`PromotionRow`]s.
macro_rules! select_promotions {
    ($rest:literal) => {
        concat!(
            "SELECT id, code, name, description, kind, percent, amount, buy_quantity, get_quantity, currency, \
             min_subtotal, max_discount, product_ids, categories, first_order_only, usage_limit, \
             per_customer_limit, stackable, priority, is_active, is_public, starts_at, ends_at, used, reserved, \
             archived, version, created_at, updated_at FROM promotions ",
            $rest
        )
    };
}
pub(super) use select_promotions;

/// A list as it is kept in one column.
fn list<T: FromStr<Err: Display>>(json: &str) -> Result<Vec<T>, StoreError> {
    texts(json)?.iter().map(|text| stored(text)).collect()
}

fn texts(json: &str) -> Result<Vec<String>, StoreError> {
    serde_json::from_str(json).map_err(StoreError::corrupt)
}

impl TryFrom<PromotionRow> for Promotion {
    type Error = StoreError;

    fn try_from(row: PromotionRow) -> Result<Self, StoreError> {
        let currency: Option<Currency> = row.currency.as_deref().map(stored).transpose()?;
        let money = |minor: Option<i64>| Some(Money::from_minor(minor?, currency?));
        let terms = Terms {
            code: row.code.as_deref().map(stored).transpose()?,
            name: row.name.as_deref().map(Name::stored),
            description: Description::stored(&row.description),
            benefit: benefit(&row, money(row.amount))?,
            max_discount: money(row.max_discount),
            conditions: Conditions {
                min_subtotal: money(row.min_subtotal),
                product_ids: list(&row.product_ids)?,
                categories: texts(&row.categories)?.iter().map(|text| Category::stored(text)).collect(),
                first_order_only: row.first_order_only,
                usage_limit: row.usage_limit,
                per_customer_limit: row.per_customer_limit,
            },
            period: Period::new(row.starts_at, row.ends_at).map_err(StoreError::corrupt)?,
            stackable: row.stackable,
            priority: row.priority,
            is_active: row.is_active,
            is_public: row.is_public,
        };
        Ok(Self {
            id: PromotionId::new(row.id),
            terms,
            usage: Usage { used: row.used.into(), reserved: row.reserved.into() },
            version: row.version,
            archived: row.archived,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn benefit(row: &PromotionRow, amount: Option<Money>) -> Result<Benefit, StoreError> {
    let incomplete = || StoreError::corrupt(format!("promotion {} is incomplete", row.id));
    let percent = || {
        let hundredths = row.percent.ok_or_else(incomplete)?;
        Percent::from_hundredths(hundredths).map_err(StoreError::corrupt)
    };
    Ok(match stored(&row.kind)? {
        Kind::Percentage => Benefit::Percentage(percent()?),
        Kind::Fixed => Benefit::Fixed(amount.ok_or_else(incomplete)?),
        Kind::FreeShipping => Benefit::FreeShipping,
        Kind::BuyXGetY => {
            let (buy, get) = row.buy_quantity.zip(row.get_quantity).ok_or_else(incomplete)?;
            Benefit::BuyXGetY(GroupSize::new(buy, get).map_err(StoreError::corrupt)?, percent()?)
        }
    })
}

pub(super) fn promotions(rows: Vec<PromotionRow>) -> Result<Vec<Promotion>, StoreError> {
    rows.into_iter().map(Promotion::try_from).collect()
}

/// The list as it is kept in one column.
pub(super) fn joined(list: &[impl Display]) -> String {
    let texts: Vec<String> = list.iter().map(ToString::to_string).collect();
    serde_json::Value::from(texts).to_string()
}

/// A reservation beside one of its uses.
#[derive(FromRow)]
pub(super) struct HeldRow {
    id: Uuid,
    state: String,
    user_id: Option<u64>,
    promotion_id: Option<u64>,
}

/// Puts rows that are ordered by reservation and promotion together.
pub(super) fn held(rows: Vec<HeldRow>) -> Result<Vec<Held>, StoreError> {
    let mut all: Vec<Held> = Vec::new();
    for row in rows {
        let id = ReservationId::new(row.id);
        if all.last().is_none_or(|last| last.id != id) {
            let state = stored(&row.state)?;
            all.push(Held { id, state, user_id: row.user_id.map(UserId::new), promotions: Vec::new() });
        }
        if let Some(last) = all.last_mut() {
            last.promotions.extend(row.promotion_id.map(PromotionId::new));
        }
    }
    Ok(all)
}

/// What a caller was told, as it is kept. Amounts are in minor units.
#[derive(Serialize, Deserialize)]
pub(super) struct Answer {
    currency: String,
    free_shipping: bool,
    lines: Vec<(String, i64)>,
    applied: Vec<AppliedAnswer>,
    /// The code and the reason.
    rejected: Option<(String, String)>,
}

#[derive(Serialize, Deserialize)]
struct AppliedAnswer {
    promotion_id: u64,
    code: Option<String>,
    name: String,
    kind: String,
    discount: i64,
}

impl From<&Priced> for Answer {
    fn from(priced: &Priced) -> Self {
        let Priced { products, deal, rejected } = priced;
        let applied = |applied: &Applied| AppliedAnswer {
            promotion_id: applied.promotion_id.get(),
            code: applied.code.as_ref().map(ToString::to_string),
            name: applied.name.clone(),
            kind: applied.kind.as_str().to_owned(),
            discount: applied.discount.minor(),
        };
        Self {
            currency: deal.discount.currency().to_string(),
            free_shipping: deal.free_shipping,
            lines: products
                .iter()
                .map(ToString::to_string)
                .zip(deal.lines.iter().map(|it| it.minor()))
                .collect(),
            applied: deal.applied.iter().map(applied).collect(),
            rejected: rejected.as_ref().map(|it| (it.code.to_string(), it.reason.as_str().to_owned())),
        }
    }
}

impl TryFrom<Answer> for Priced {
    type Error = StoreError;

    fn try_from(answer: Answer) -> Result<Self, StoreError> {
        let currency: Currency = stored(&answer.currency)?;
        let money = |minor| Money::from_minor(minor, currency);
        let applied = |applied: AppliedAnswer| {
            Ok(Applied {
                promotion_id: PromotionId::new(applied.promotion_id),
                code: applied.code.as_deref().map(stored).transpose()?,
                name: applied.name,
                kind: stored(&applied.kind)?,
                discount: money(applied.discount),
            })
        };
        let rejected = answer.rejected.map(|(code, reason)| {
            Ok::<_, StoreError>(Rejection { code: stored(&code)?, reason: stored(&reason)? })
        });
        let products = answer.lines.iter().map(|(product, _)| stored(product)).collect::<Result<_, _>>()?;
        let deal = Deal {
            discount: money(answer.lines.iter().map(|(_, minor)| minor).sum()),
            lines: answer.lines.iter().map(|(_, minor)| money(*minor)).collect(),
            free_shipping: answer.free_shipping,
            applied: answer.applied.into_iter().map(applied).collect::<Result<_, StoreError>>()?,
        };
        Ok(Self { products, deal, rejected: rejected.transpose()? })
    }
}
