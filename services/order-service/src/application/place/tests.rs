use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::id::ProductId;
use config::money::{Currency, Money};
use config::registry::CallError;

use super::*;
use config::database::{StoreError, UnitOfWork};
use config::registry::Trouble;

use crate::application::{
    Catalogue, Discounts, Entry, Figures, OrderRepository, Parcel, Promotions, Rate, ReturnRepository,
    SalesBook, Shipping, Taxable, Taxes, Wares,
};
use crate::domain::{NewReturn, OrderId, Product, Quantity, Return, ReturnId, TaxQuote};

/// Everything around placing: transactions end as planned, and what is asked of the stock is remembered.
#[derive(Default)]
struct World {
    commits: Mutex<VecDeque<Result<(), StoreError>>>,
    asked: Mutex<Vec<(&'static str, Uuid)>>,
    taxes_away: bool,
    open: u64,
    expected_total: Option<Amount>,
}

struct Attempt(Arc<World>);

#[async_trait]
impl UnitOfWork for Attempt {
    async fn claim_all(&mut self, _: &[&Envelope]) -> Result<bool, StoreError> {
        Ok(true)
    }
    async fn publish(&mut self, _: Envelope) -> Result<(), StoreError> {
        Ok(())
    }
    async fn answer(&mut self, _: &Claim, _: Answer) -> Result<(), StoreError> {
        Ok(())
    }
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.0.commits.lock().unwrap().pop_front().unwrap()
    }
}

#[async_trait]
impl OrderRepository for Attempt {
    async fn add_orders(
        &mut self,
        orders: &[&NewOrder],
        now: DateTime<Utc>,
    ) -> Result<Vec<Order>, StoreError> {
        Ok((1..)
            .zip(orders)
            .map(|(id, order)| Order::placed(OrderId::new(id), (*order).clone(), now))
            .collect())
    }
    async fn order_for_update(&mut self, _: OrderId) -> Result<Option<Order>, StoreError> {
        Ok(None)
    }
    async fn save_order(&mut self, _: &Order) -> Result<(), StoreError> {
        Ok(())
    }
    async fn save_lines(&mut self, _: &Order) -> Result<(), StoreError> {
        Ok(())
    }
    async fn save_price(&mut self, _: &Order) -> Result<(), StoreError> {
        Ok(())
    }
    async fn record(&mut self, _: &Entry) -> Result<(), StoreError> {
        Ok(())
    }
    async fn overdue(&mut self, _: DateTime<Utc>, _: u32) -> Result<Vec<Order>, StoreError> {
        Ok(Vec::new())
    }
    async fn open_orders(&mut self, users: &[UserId]) -> Result<Vec<(UserId, u64)>, StoreError> {
        Ok(users.iter().map(|user| (*user, self.0.open)).collect())
    }
}

#[async_trait]
impl ReturnRepository for Attempt {
    async fn add_return(&mut self, _: &Order, _: NewReturn, _: DateTime<Utc>) -> Result<Return, StoreError> {
        Err(StoreError::corrupt("nothing is returned here"))
    }
    async fn return_of(&mut self, _: OrderId, _: ReturnId) -> Result<Option<Return>, StoreError> {
        Ok(None)
    }
    async fn returns_of(&mut self, _: OrderId) -> Result<Vec<Return>, StoreError> {
        Ok(Vec::new())
    }
    async fn save_return(&mut self, _: &Return) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl SalesBook for Attempt {
    async fn book(&mut self, _: &Order, _: Figures) -> Result<(), StoreError> {
        Ok(())
    }
    async fn book_placed(&mut self, _: &[Order]) -> Result<(), StoreError> {
        Ok(())
    }
    async fn book_products(&mut self, _: &Order) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The same world, as the ports see it.
#[derive(Clone)]
struct Shared(Arc<World>);

#[async_trait]
impl Begin<dyn Store> for Shared {
    async fn begin(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(Box::new(Attempt(self.0.clone())))
    }
}

#[async_trait]
impl Stock for Shared {
    async fn reserve(&self, id: Uuid, _: &[OrderLine]) -> Result<(), StockError> {
        self.0.asked.lock().unwrap().push(("reserve", id));
        Ok(())
    }
    async fn release(&self, id: Uuid) -> Result<(), CallError> {
        self.0.asked.lock().unwrap().push(("release", id));
        Ok(())
    }
}

#[async_trait]
impl Catalogue for Shared {
    async fn products(&self, ids: &[ProductId]) -> Result<Vec<Arc<Product>>, CallError> {
        let product = |id: &ProductId| Product {
            id: id.clone(),
            name: "lamp".to_owned(),
            price: Money::from_minor(1_000, Currency::USD),
            category: "lamps".to_owned(),
            weight_grams: 1,
            on_sale: true,
            version: 1,
        };
        Ok(ids.iter().map(|id| Arc::new(product(id))).collect())
    }
    async fn learn(&self, _: Product) {}
}

#[async_trait]
impl Promotions for Shared {
    async fn quote(&self, wares: &Wares<'_>) -> Result<Discounts, CallError> {
        Promotions::reserve(self, Uuid::nil(), wares).await
    }
    async fn reserve(&self, id: Uuid, wares: &Wares<'_>) -> Result<Discounts, CallError> {
        self.0.asked.lock().unwrap().push(("promote", id));
        Ok(Discounts {
            lines: vec![Money::from_minor(100, Currency::USD); wares.lines.len()],
            total: Money::from_minor(100, Currency::USD),
            free_shipping: false,
            applied: Vec::new(),
            rejected: None,
            reservation_id: Some(id),
        })
    }
    async fn release(&self, id: Uuid) -> Result<(), CallError> {
        self.0.asked.lock().unwrap().push(("demote", id));
        Ok(())
    }
}

#[async_trait]
impl Taxes for Shared {
    fn included(&self) -> bool {
        false
    }
    async fn tax(&self, taxable: &Taxable<'_>) -> Result<TaxQuote, CallError> {
        if self.0.taxes_away {
            return Err(CallError::Unavailable { service: "tax-service", source: Trouble::TimedOut });
        }
        let total = Money::zero(taxable.shipping.currency());
        Ok(TaxQuote { lines: vec![total; taxable.lines.len()], total, tax_lines: Vec::new() })
    }
}

#[async_trait]
impl Shipping for Shared {
    async fn rates(&self, parcel: &Parcel) -> Result<Arc<Vec<Rate>>, CallError> {
        let price = Money::zero(parcel.subtotal.currency());
        Ok(Arc::new(vec![Rate { method: "standard".to_owned(), name: "Standard".to_owned(), price }]))
    }
}

/// What became of an order whose transactions end like this, and what the others were asked.
async fn place(
    commits: impl IntoIterator<Item = Result<(), StoreError>>,
) -> (Result<Order, OrderError>, Vec<&'static str>) {
    place_in(World { commits: Mutex::new(commits.into_iter().collect()), ..World::default() }).await
}

async fn place_in(world: World) -> (Result<Order, OrderError>, Vec<&'static str>) {
    place_by(Actor::Customer(UserId::new(7)), world).await
}

async fn place_by(by: Actor, world: World) -> (Result<Order, OrderError>, Vec<&'static str>) {
    let world = Arc::new(world);
    let ports = Arc::new(Shared(world.clone()));
    let pricing = Pricing::new(ports.clone(), ports.clone(), ports.clone(), ports.clone());
    let place =
        PlaceOrder::new(ports.clone(), pricing, ports, config::clock::system(), Duration::from_secs(900), 20);
    let mut basket = Basket::default();
    basket.add(0, "507f1f77bcf86cd799439011".parse().unwrap(), Quantity::new(1).unwrap(), None).unwrap();
    let request = OrderRequest {
        basket,
        address: "Huế".parse().unwrap(),
        method: ShippingMethod::default(),
        promotion_code: None,
        notes: None,
        expected_total: world.expected_total,
    };
    let placed = place.run(UserId::new(7), by, request, None).await;
    let asked = world.asked.lock().unwrap().clone();
    for (kept, given_back) in [("reserve", "release"), ("promote", "demote")] {
        let mut ids: Vec<_> = asked.iter().filter(|(what, _)| [kept, given_back].contains(what)).collect();
        ids.dedup_by_key(|(_, id)| *id);
        assert_eq!(ids.len(), 1, "one reservation an order");
    }
    (placed, asked.into_iter().map(|(what, _)| what).collect())
}

fn contended() -> StoreError {
    StoreError::Contended("deadlock".into())
}

#[tokio::test]
async fn a_lost_deadlock_is_tried_again_with_the_same_reservations() {
    let (placed, asked) = place([Err(contended()), Err(contended()), Ok(())]).await;
    assert_eq!((placed.unwrap().id, asked), (OrderId::new(1), vec!["promote", "reserve"]));
}

#[tokio::test]
async fn what_is_kept_for_an_order_that_was_rolled_back_is_given_back() {
    let (placed, asked) = place([Err(StoreError::corrupt("refused"))]).await;
    assert!(placed.is_err());
    assert_eq!(asked, ["promote", "reserve", "release", "demote"]);
}

#[tokio::test]
async fn what_is_kept_for_an_order_that_may_be_there_stays_kept() {
    let (placed, asked) =
        place([Err(StoreError::Unavailable("connection lost during the commit".into()))]).await;
    assert_eq!(placed.unwrap_err().kind(), Kind::Unavailable);
    assert_eq!(asked, ["promote", "reserve"]);
}

#[tokio::test]
async fn without_the_tax_there_is_no_order_and_nothing_stays_kept() {
    let (placed, asked) = place_in(World { taxes_away: true, ..World::default() }).await;
    assert_eq!(placed.unwrap_err().facts().code, "tax-unavailable");
    assert_eq!(asked, ["promote", "reserve", "release", "demote"]);
}

#[tokio::test]
async fn who_has_too_many_open_orders_gets_no_more_and_nothing_stays_kept() {
    let (placed, asked) = place_in(World { open: 20, ..World::default() }).await;
    assert_eq!(placed.unwrap_err().facts().code, "too-many-open-orders");
    assert_eq!(asked, ["promote", "reserve", "release", "demote"]);
    for (by, open) in [(Actor::Customer(UserId::new(7)), 19), (Actor::Admin(UserId::new(1)), 20)] {
        let commits = Mutex::new([Ok(())].into());
        let (placed, asked) = place_by(by, World { open, commits, ..World::default() }).await;
        assert_eq!((placed.unwrap().id, asked), (OrderId::new(1), vec!["promote", "reserve"]));
    }
}

#[tokio::test]
async fn at_another_total_than_was_expected_there_is_no_order_and_nothing_stays_kept() {
    for minor in [1_000, 899] {
        let expected_total = Some(Money::from_minor(minor, Currency::USD).into());
        let (placed, asked) = place_in(World { expected_total, ..World::default() }).await;
        let facts = placed.unwrap_err().facts();
        assert_eq!((facts.code, facts.kind), ("price-changed", Kind::Conflict));
        assert_eq!(facts.members["total_amount"], 9);
        assert_eq!(asked, ["promote", "reserve", "release", "demote"]);
    }
    let expected_total = Some(Money::from_minor(900, Currency::USD).into());
    let commits = Mutex::new([Ok(())].into());
    let (placed, _) = place_in(World { expected_total, commits, ..World::default() }).await;
    assert_eq!(placed.unwrap().totals.total(), Money::from_minor(900, Currency::USD));
}
