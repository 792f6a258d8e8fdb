use async_trait::async_trait;
use config::id::ProductId;
use proptest::prelude::*;

use super::*;
use crate::domain::{AppliedPromotion, Percentage, Quantity, TaxLine, TaxQuote};

/// A shop whose promotions take these per mille of each line, whose state takes these per mille of what is left, and
/// whose only way of sending costs this much.
#[derive(Debug, Clone)]
struct World {
    prices: Vec<Money>,
    off: i64,
    taken: i64,
    included: bool,
    sending: Money,
    free_shipping: bool,
}

fn product(n: usize) -> ProductId {
    format!("{n:024x}").parse().unwrap()
}

fn part(money: Money, per_mille: i64) -> Money {
    Money::from_minor(money.minor() * per_mille / 1000, money.currency())
}

#[async_trait]
impl Catalogue for World {
    async fn products(&self, _: &[ProductId]) -> Result<Vec<Arc<Product>>, CallError> {
        let product = |(n, price): (usize, &Money)| {
            Arc::new(Product {
                id: product(n),
                name: "lamp".to_owned(),
                price: *price,
                category: "lamps".to_owned(),
                weight_grams: 1,
                on_sale: true,
                version: 1,
            })
        };
        Ok(self.prices.iter().enumerate().map(product).collect())
    }
    async fn learn(&self, _: Product) {}
}

#[async_trait]
impl Promotions for World {
    async fn quote(&self, wares: &Wares<'_>) -> Result<Discounts, CallError> {
        let lines: Vec<_> = wares.lines.iter().map(|line| part(line.total().unwrap(), self.off)).collect();
        let total = Money::sum(lines.iter().copied(), wares.subtotal.currency()).unwrap();
        let (name, kind) = ("less".to_owned(), "percentage".to_owned());
        let applied = vec![AppliedPromotion { promotion_id: 1, code: None, name, kind, discount: total }];
        let free_shipping = self.free_shipping;
        Ok(Discounts { lines, total, free_shipping, applied, rejected: None, reservation_id: None })
    }
    async fn reserve(&self, _: Uuid, wares: &Wares<'_>) -> Result<Discounts, CallError> {
        self.quote(wares).await
    }
    async fn release(&self, _: Uuid) -> Result<(), CallError> {
        Ok(())
    }
}

#[async_trait]
impl Taxes for World {
    fn included(&self) -> bool {
        self.included
    }
    async fn tax(&self, taxable: &Taxable<'_>) -> Result<TaxQuote, CallError> {
        let currency = taxable.shipping.currency();
        let lines: Vec<_> =
            taxable.lines.iter().map(|line| part(line.discounted().unwrap(), self.taken)).collect();
        let of_lines = Money::sum(lines.iter().copied(), currency).unwrap();
        let total = of_lines.plus(part(taxable.shipping, self.taken)).unwrap();
        let percent = Percentage::from_millionths(0).unwrap();
        let (name, jurisdiction) = ("tax".to_owned(), "US".to_owned());
        let line = TaxLine { name, jurisdiction, percent, taxable: of_lines, tax: total };
        Ok(TaxQuote { lines, total, tax_lines: vec![line] })
    }
}

#[async_trait]
impl Shipping for World {
    async fn rates(&self, _: &Parcel) -> Result<Arc<Vec<Rate>>, CallError> {
        let (method, name) = (ShippingMethod::default().to_string(), "Standard".to_owned());
        Ok(Arc::new(vec![Rate { method, name, price: self.sending }]))
    }
}

/// Goods in currencies with no, two and three decimals.
fn goods() -> impl Strategy<Value = (Vec<(Money, u32)>, Money)> {
    let currency = prop_oneof![Just("VND"), Just("USD"), Just("KWD")];
    let goods = prop::collection::vec((0_i64..100_000_000, 1_u32..=100), 1..20);
    (currency, goods, 0_i64..100_000).prop_map(|(code, goods, sending)| {
        let currency: Currency = code.parse().unwrap();
        let goods = goods.into_iter().map(|(price, n)| (Money::from_minor(price, currency), n)).collect();
        (goods, Money::from_minor(sending, currency))
    })
}

proptest! {
    #[test]
    fn whatever_is_ordered_the_price_adds_up_to_the_last_minor_unit(
        (goods, sending) in goods(),
        (off, taken) in (0_i64..=1000, 0_i64..=300),
        included: bool,
        free_shipping: bool,
    ) {
        let prices = goods.iter().map(|(price, _)| *price).collect();
        let world = Arc::new(World { prices, off, taken, included, sending, free_shipping });
        let pricing = Pricing::new(world.clone(), world.clone(), world.clone(), world);
        let mut basket = Basket::default();
        for (n, (_, quantity)) in goods.iter().enumerate() {
            basket.add(n, product(n), Quantity::new((*quantity).into()).unwrap(), None).unwrap();
        }
        let address = Some("Huế".parse().unwrap());
        let wish = Wish { basket, address, method: ShippingMethod::default(), promotion_code: None };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let Priced { lines, totals, tax_lines, shipping_rate, .. } =
            runtime.block_on(pricing.quote(&wish, None)).unwrap().priced;
        let sum = |of: fn(&OrderLine) -> Money| lines.iter().map(|line| of(line).minor()).sum::<i64>();
        prop_assert_eq!(totals.subtotal().minor(), sum(|line| line.total().unwrap()));
        prop_assert_eq!(totals.discount().minor(), sum(|line| line.discount));
        prop_assert_eq!(totals.tax().minor(), tax_lines.iter().map(|line| line.tax.minor()).sum::<i64>());
        prop_assert_eq!(shipping_rate, sending);
        prop_assert_eq!(totals.shipping().minor(), if free_shipping { 0 } else { sending.minor() });
        let before_tax = totals.subtotal().minor() - totals.discount().minor() + totals.shipping().minor();
        let tax = if included { 0 } else { totals.tax().minor() };
        prop_assert_eq!(totals.total().minor(), before_tax + tax);
        prop_assert!(totals.total().minor() >= 0);
        prop_assert!(lines.iter().all(|line| line.paid(included).unwrap().minor() >= 0));
    }
}
