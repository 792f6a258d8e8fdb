use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::id::ProductId;
use config::money::{Currency, Money};
use config::registry::CallError;

use super::*;
use crate::application::{Catalogue, OrderRepository, Parcel, Promotions, Rate, SalesBook, Shipping, Taxes};
use crate::domain::{OrderId, OrderLine, Product, Quantity};
use config::database::UnitOfWork;

/// Everything around placing: transactions end as planned, and what is asked of the stock is remembered.
#[derive(Default)]
struct World {
    commits: Mutex<VecDeque<Result<(), StoreError>>>,
    asked: Mutex<Vec<(&'static str, Uuid)>>,
}

struct Attempt(Arc<World>);

#[async_trait]
impl UnitOfWork for Attempt {
    async fn claim(&mut self, _: &Envelope) -> Result<bool, StoreError> {
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
    async fn add_order(&mut self, order: NewOrder, now: DateTime<Utc>) -> Result<Order, StoreError> {
        Ok(Order::placed(OrderId::new(1), order, now))
    }
    async fn order_for_update(&mut self, _: OrderId) -> Result<Option<Order>, StoreError> {
        Ok(None)
    }
    async fn save_order(&mut self, _: &Order) -> Result<(), StoreError> {
        Ok(())
    }
    async fn record(&mut self, _: &Entry) -> Result<(), StoreError> {
        Ok(())
    }
    async fn overdue(&mut self, _: DateTime<Utc>, _: u32) -> Result<Vec<Order>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl SalesBook for Attempt {
    async fn book(&mut self, _: &Order, _: Figures) -> Result<(), StoreError> {
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
            weight_grams: 1,
            on_sale: true,
            version: 1,
        };
        Ok(ids.iter().map(|id| Arc::new(product(id))).collect())
    }
}

#[async_trait]
impl Promotions for Shared {
    async fn discount(
        &self,
        _: &PromotionCode,
        _: &[OrderLine],
        _: Money,
    ) -> Result<Option<Money>, CallError> {
        Ok(None)
    }
}

#[async_trait]
impl Taxes for Shared {
    async fn tax(&self, _: Option<&Address>, taxable: Money) -> Result<Money, CallError> {
        Ok(Money::zero(taxable.currency()))
    }
}

#[async_trait]
impl Shipping for Shared {
    async fn rates(&self, parcel: &Parcel) -> Result<Arc<Vec<Rate>>, CallError> {
        let price = Money::zero(parcel.subtotal.currency());
        Ok(Arc::new(vec![Rate { method: "standard".to_owned(), name: "Standard".to_owned(), price }]))
    }
}

/// What became of an order whose transactions end like this, and what the stock was asked.
async fn place(
    commits: impl IntoIterator<Item = Result<(), StoreError>>,
) -> (Result<Order, OrderError>, Vec<&'static str>) {
    let world = Arc::new(World { commits: Mutex::new(commits.into_iter().collect()), ..World::default() });
    let ports = Arc::new(Shared(world.clone()));
    let pricing = Pricing::new(ports.clone(), ports.clone(), ports.clone(), ports.clone());
    let place =
        PlaceOrder::new(ports.clone(), pricing, ports, config::clock::system(), Duration::from_secs(900));
    let mut basket = Basket::default();
    basket.add(0, "507f1f77bcf86cd799439011".parse().unwrap(), Quantity::new(1).unwrap(), None).unwrap();
    let request = OrderRequest {
        basket,
        address: "Huế".parse().unwrap(),
        method: ShippingMethod::default(),
        promotion_code: None,
        notes: None,
    };
    let placed = place.run(UserId::new(7), request, None).await;
    let asked = world.asked.lock().unwrap().clone();
    assert!(asked.iter().all(|(_, id)| *id == asked[0].1), "one reservation an order");
    (placed, asked.into_iter().map(|(what, _)| what).collect())
}

fn contended() -> StoreError {
    StoreError::Contended("deadlock".into())
}

#[tokio::test]
async fn a_lost_deadlock_is_tried_again_with_the_same_reservation() {
    let (placed, asked) = place([Err(contended()), Err(contended()), Ok(())]).await;
    assert_eq!((placed.unwrap().id, asked), (OrderId::new(1), vec!["reserve"]));
}

#[tokio::test]
async fn the_stock_of_an_order_that_was_rolled_back_is_given_back() {
    let (placed, asked) = place([Err(StoreError::corrupt("refused"))]).await;
    assert!(placed.is_err());
    assert_eq!(asked, ["reserve", "release"]);
}

#[tokio::test]
async fn the_stock_of_an_order_that_may_be_there_is_kept() {
    let (placed, asked) =
        place([Err(StoreError::Unavailable("connection lost during the commit".into()))]).await;
    assert_eq!(placed.unwrap_err().kind(), Kind::Unavailable);
    assert_eq!(asked, ["reserve"]);
}
