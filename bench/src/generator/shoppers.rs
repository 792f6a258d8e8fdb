//! Shoppers: they look around, search, wish, fill carts, order, pay, and some rate or send back what they got.

mod accounts;
mod aftermath;
mod visit;

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::time::Instant;

use self::accounts::{Account, Accounts, Admin};
use self::visit::{Intention, Look, Visit};
use super::connections::Answer;
use super::{Run, Workload};
use crate::Error;
use crate::client::Call;

/// Where parcels go: with and without taxes.
const ADDRESSES: [(&str, &str, &str, &str); 4] = [
    ("Hauptstr. 5", "10115", "Berlin", "DE"),
    ("12 Rue de la Paix", "75002", "Paris", "FR"),
    ("1 Market St", "94105", "San Francisco", "US"),
    ("5 Oxford St", "W1D 1AN", "London", "GB"),
];

pub struct Shoppers {
    run: Arc<Run>,
    accounts: Accounts,
    admin: Arc<Admin>,
    /// Made for this purpose: nobody else's stock is sold.
    products: Vec<String>,
    /// Of the whole catalogue, to search for.
    words: Vec<String>,
}

impl Workload for Shoppers {
    const NAME: &'static str = "shoppers";

    async fn prepare(run: Arc<Run>) -> Result<Self, Error> {
        let admin = Arc::new(Admin::sign_in(&run).await?);
        let products = accounts::products(&run, &admin).await?;
        let words = accounts::words(&run).await?;
        let accounts = Accounts::register(&run).await?;
        Ok(Self { run, accounts, admin, products, words })
    }

    async fn arrive(&self, n: u64, due: Instant) {
        let visit = Visit::new(&mut self.run.dice(n), self.products.len(), self.words.len());
        let account = self.accounts.take();
        let mut visitor = Visitor { shop: self, account: &account, number: n, due };
        if let Err(error) = visitor.visit(&visit).await {
            self.run.board.failed(error);
        }
        self.accounts.put_back(account);
    }
}

/// Somebody in the shop.
struct Visitor<'a> {
    shop: &'a Shoppers,
    account: &'a Account,
    number: u64,
    /// When the next step is to begin: at once after the one before.
    due: Instant,
}

impl Visitor<'_> {
    /// Until the visitor has had enough, or something went wrong that isn't in the plan.
    async fn visit(&mut self, visit: &Visit) -> Result<(), String> {
        self.call("browse", Call::get(format!("/api/products/?limit=20&skip={}", visit.page * 20))).await?;
        for look in &visit.looks {
            match look {
                Look::Product(n) => {
                    self.call("look", Call::get(format!("/api/products/{}", self.product(*n)))).await?;
                    self.call("read ratings", Call::get(format!("/api/ratings/{}", self.product(*n))))
                        .await?;
                }
                Look::Search { word, mistyped } => {
                    let word = visit::typed(&self.shop.words[*word], *mistyped);
                    let word = visit::escaped(&word);
                    self.call("search", Call::get(format!("/api/search/?keyword={word}"))).await?;
                }
            }
        }
        if let Some(wish) = visit.wish {
            let wish = json!({ "product_id": self.product(wish) });
            self.call("wish", self.by_me(Call::post("/api/favourites/", &wish)).await?).await?;
        }
        match &visit.intention {
            Intention::Look => Ok(()),
            Intention::Fill { lines } => self.fill(lines).await,
            Intention::Order { lines, address, payment } => {
                self.fill(lines).await?;
                let order = self.check_out(*address).await?;
                match payment {
                    Some(payment) => self.pay(order, payment).await,
                    None => Ok(()),
                }
            }
        }
    }

    async fn fill(&mut self, lines: &[(usize, u32)]) -> Result<(), String> {
        for (product, quantity) in lines {
            let path = format!("/api/cart/items/{}", self.product(*product));
            let call = Call::put(path, &json!({ "quantity": quantity }));
            self.call("cart", self.by_me(call).await?).await?;
        }
        Ok(())
    }

    async fn check_out(&mut self, address: usize) -> Result<Value, String> {
        let (line1, postal_code, city, country) = ADDRESSES[address % ADDRESSES.len()];
        let address = json!({ "line1": line1, "postal_code": postal_code, "city": city, "country": country });
        let call = Call::post("/api/cart/checkout", &json!({ "shipping_address": address }));
        let call = self.by_me(call.once(self.key("order"))).await?;
        self.call("order", call).await
    }

    /// Pays, and leaves: what becomes of the order is followed by others.
    async fn pay(&mut self, order: Value, payment: &visit::Payment) -> Result<(), String> {
        let id = order["id"].as_u64().ok_or("order: it has no id")?;
        let token = if payment.is_good { "tok_success" } else { "tok_declined" };
        let body = json!({ "order_id": id, "amount": order["total_amount"],
            "payment_method": "credit_card", "payment_token": token });
        let call = self.by_me(Call::post("/api/payments/", &body).once(self.key("payment"))).await?;
        let answer = self.shop.run.connections.send("pay", &call).await;
        self.answered("pay");
        let answer = answer.map_err(|error| format!("pay: {error}"))?;
        if !payment.is_good && answer.status.as_u16() == 402 {
            return Ok(());
        }
        answer.success().map_err(|error| format!("pay: {error}"))?;
        let line = order["items"][0]["product_id"].as_str().unwrap_or_default().to_owned();
        let bought = aftermath::Bought { order: id, product: line, number: self.number };
        let (run, admin, account) =
            (self.shop.run.clone(), self.shop.admin.clone(), self.account.session.clone());
        let (rating, is_sent_back) = (payment.rating, payment.is_sent_back);
        self.shop.run.follower.spawn(async move {
            bought.follow(&run, &admin, &account, rating, is_sent_back).await;
        });
        Ok(())
    }

    /// A step that must succeed.
    async fn call(&mut self, step: &'static str, call: Call) -> Result<Value, String> {
        let answer = self.shop.run.connections.send(step, &call).await;
        self.answered(step);
        answer.and_then(Answer::success).map_err(|error| format!("{step}: {error}"))
    }

    fn answered(&mut self, step: &'static str) {
        let now = Instant::now();
        self.shop.run.board.answered(step, now - self.due);
        self.due = now;
    }

    async fn by_me(&self, call: Call) -> Result<Call, String> {
        Ok(call.by(&self.account.session.token(&self.shop.run).await?))
    }

    fn product(&self, n: usize) -> &str {
        &self.shop.products[n % self.shop.products.len()]
    }

    /// The same whenever this call is repeated, and another one in every run.
    fn key(&self, what: &str) -> String {
        format!("{}-{}-{what}", self.shop.run.name, self.number)
    }
}
