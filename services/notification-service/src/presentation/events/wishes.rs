//! `favourite-events`

use config::kafka::Envelope;
use config::money::Amount;
use serde::Deserialize;

use super::{BadEvent, money};
use crate::application::{Details, News, Notice};
use crate::domain::{NotificationType, Wording};

#[derive(Deserialize)]
struct PriceDropped {
    user_id: u64,
    product_name: String,
    old_price: Amount,
    new_price: Amount,
    currency: String,
}

#[derive(Deserialize)]
struct BackInStock {
    user_id: u64,
    product_name: String,
    available: u64,
}

pub fn news(message: &Envelope) -> Result<News, BadEvent> {
    let (user, kind, wording) = match message.kind.as_str() {
        "wish_price_dropped" => {
            let wish: PriceDropped = message.data()?;
            let old = money(wish.old_price, &wish.currency)?;
            let new = money(wish.new_price, &wish.currency)?;
            let wording = Wording::wish_price_dropped(&wish.product_name, old, new);
            (wish.user_id, NotificationType::WishPriceDropped, wording)
        }
        "wish_back_in_stock" => {
            let wish: BackInStock = message.data()?;
            let wording = Wording::wish_back_in_stock(&wish.product_name, wish.available);
            (wish.user_id, NotificationType::WishBackInStock, wording)
        }
        _ => return Ok(News::default()),
    };
    Ok(News::one(user, Notice::new(kind, wording, Details::Message)))
}
