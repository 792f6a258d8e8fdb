//! What somebody is about to order.

use config::id::{ProductId, UserId};
use config::money::{Currency, Money, MoneyError};

use super::{Category, Code, OrderId, ReservationId};

/// A product in a basket. It is on one line only.
#[derive(Debug, Clone)]
pub struct Line {
    pub product_id: ProductId,
    pub category: Option<Category>,
    /// 1 or more.
    pub quantity: u32,
    /// Of one; not negative.
    pub price: Money,
}

/// A basket whose sum is known to be money.
#[derive(Debug, Clone)]
pub struct Basket {
    /// `None`: a guest.
    pub user_id: Option<UserId>,
    /// What the shopper typed.
    pub code: Option<Code>,
    /// The order that is being priced again, if it exists already: what it has needn't be had twice.
    pub order_id: Option<OrderId>,
    /// The reservation that this order has.
    pub of_order: Option<ReservationId>,
    lines: Vec<Line>,
    costs: Vec<i64>,
    subtotal: Money,
}

impl Basket {
    /// Fails when a line is in another currency, or all is more than money can be.
    pub fn new(currency: Currency, lines: Vec<Line>) -> Result<Self, MoneyError> {
        let costs =
            lines.iter().map(|line| line.price.times(line.quantity)).collect::<Result<Vec<_>, _>>()?;
        let subtotal = Money::sum(costs.iter().copied(), currency)?;
        let costs = costs.into_iter().map(Money::minor).collect();
        Ok(Self { user_id: None, code: None, order_id: None, of_order: None, lines, costs, subtotal })
    }

    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What each line costs without any promotion, in minor units.
    pub fn costs(&self) -> &[i64] {
        &self.costs
    }

    pub fn subtotal(&self) -> Money {
        self.subtotal
    }

    pub fn currency(&self) -> Currency {
        self.subtotal.currency()
    }
}
