//! Rows, and what they stand for.

use chrono::{DateTime, Utc};
use config::database::{StoreError, stored};
use config::id::UserId;
use config::money::Money;
use sqlx::FromRow;

use crate::application::{ShownWish, Wisher};
use crate::domain::{Known, List, ListId, ListName, Note, Product, Wish, WishId};

#[derive(FromRow)]
pub(super) struct ListRow {
    id: u64,
    user_id: u64,
    name: String,
    items: u32,
    share_token: Option<String>,
    created_at: DateTime<Utc>,
}

impl TryFrom<ListRow> for List {
    type Error = StoreError;

    fn try_from(row: ListRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: ListId::new(row.id),
            user_id: UserId::new(row.user_id),
            name: ListName::stored(row.name),
            items: row.items,
            share_token: row.share_token.as_deref().map(stored).transpose()?,
            created_at: row.created_at,
        })
    }
}

#[derive(FromRow)]
pub(super) struct ProductRow {
    product_id: String,
    name: Option<String>,
    price: Option<i64>,
    currency: Option<String>,
    active: bool,
    version: u64,
    available: Option<u64>,
    stock_version: u64,
    least_on_hand: Option<u64>,
    returns: u64,
}

impl TryFrom<ProductRow> for Product {
    type Error = StoreError;

    fn try_from(row: ProductRow) -> Result<Self, StoreError> {
        let price = match (row.price, &row.currency) {
            (Some(minor), Some(currency)) => Some(money(minor, currency)?),
            _ => None,
        };
        Ok(Self {
            id: stored(&row.product_id)?,
            name: row.name.unwrap_or_default(),
            price,
            active: row.active,
            version: row.version,
            available: row.available,
            stock_version: row.stock_version,
            least_on_hand: row.least_on_hand,
            returns: row.returns,
        })
    }
}

#[derive(FromRow)]
pub(super) struct WishRow {
    id: u64,
    user_id: u64,
    list_id: u64,
    product_id: String,
    note: Option<String>,
    wished_price: i64,
    wished_currency: String,
    created_at: DateTime<Utc>,
}

impl TryFrom<WishRow> for Wish {
    type Error = StoreError;

    fn try_from(row: WishRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: WishId::new(row.id),
            user_id: UserId::new(row.user_id),
            list_id: ListId::new(row.list_id),
            product_id: stored(&row.product_id)?,
            note: row.note.map(Note::stored),
            wished_price: money(row.wished_price, &row.wished_currency)?,
            created_at: row.created_at,
        })
    }
}

/// A wish beside its list and its product.
#[derive(FromRow)]
pub(super) struct ShownRow {
    #[sqlx(flatten)]
    wish: WishRow,
    list_name: String,
    name: Option<String>,
    price: Option<i64>,
    currency: Option<String>,
    active: bool,
    version: u64,
    available: Option<u64>,
    stock_version: u64,
    least_on_hand: Option<u64>,
    returns: u64,
}

/// The columns of [`ShownRow`]; `i` is the wish, `l` its list, `p` its product.
macro_rules! select_wishes {
    ($rest:literal) => {
        concat!(
            "SELECT i.id, i.user_id, i.list_id, i.product_id, i.note, i.wished_price, i.wished_currency, i.created_at, \
             l.name AS list_name, p.name, p.price, p.currency, p.active, p.version, p.available, p.stock_version, \
             p.least_on_hand, p.returns FROM items i JOIN lists l ON l.id = i.list_id \
             JOIN products p ON p.product_id = i.product_id ",
            $rest
        )
    };
}
pub(super) use select_wishes;

impl TryFrom<ShownRow> for ShownWish {
    type Error = StoreError;

    fn try_from(row: ShownRow) -> Result<Self, StoreError> {
        let ShownRow { wish, name: product_name, price, currency, active, .. } = row;
        let product = ProductRow {
            product_id: wish.product_id.clone(),
            name: product_name,
            price,
            currency,
            active,
            version: row.version,
            available: row.available,
            stock_version: row.stock_version,
            least_on_hand: row.least_on_hand,
            returns: row.returns,
        };
        Ok(Self {
            wish: wish.try_into()?,
            list: ListName::stored(row.list_name),
            product: product.try_into()?,
        })
    }
}

#[derive(FromRow)]
pub(super) struct WisherRow {
    id: u64,
    user_id: u64,
    told_price: i64,
    told_currency: String,
    told_return: u64,
}

impl TryFrom<WisherRow> for Wisher {
    type Error = StoreError;

    fn try_from(row: WisherRow) -> Result<Self, StoreError> {
        let known = Known { price: money(row.told_price, &row.told_currency)?, returns: row.told_return };
        Ok(Self { wish: WishId::new(row.id), user_id: UserId::new(row.user_id), known })
    }
}

fn money(minor: i64, currency: &str) -> Result<Money, StoreError> {
    Ok(Money::from_minor(minor, stored(currency)?))
}

/// All rows, or the first that makes no sense.
pub(super) fn all<R, T: TryFrom<R, Error = StoreError>>(rows: Vec<R>) -> Result<Vec<T>, StoreError> {
    rows.into_iter().map(T::try_from).collect()
}
