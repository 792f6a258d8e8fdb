//! What comes after a payment: the parcel, a rating, a return.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::Run;
use super::super::follow::Sight;
use super::super::session::Session;
use super::accounts::Admin;
use crate::client::Call;

const WAY: [&str; 5] = ["picked", "packed", "in_transit", "out_for_delivery", "delivered"];

/// A paid order.
pub struct Bought {
    pub order: u64,
    /// One of its products.
    pub product: String,
    /// The number of the visit.
    pub number: u64,
}

impl Bought {
    /// To the shipment, and further for those who rate or send back.
    pub async fn follow(self, run: &Run, admin: &Admin, shopper: &Session, rating: Option<u8>, back: bool) {
        let name = self.order.to_string();
        let shipped = run.follower.follow("order", &name, || self.look(run, admin)).await;
        if !shipped || (rating.is_none() && !back) {
            return;
        }
        if let Err(error) = self.goes_on(run, admin, shopper, rating, back).await {
            run.board.failed(error);
        }
    }

    async fn goes_on(
        &self,
        run: &Run,
        admin: &Admin,
        shopper: &Session,
        rating: Option<u8>,
        back: bool,
    ) -> Result<(), String> {
        self.deliver(run, admin).await?;
        let begun = Instant::now();
        while self.order(run, admin).await.unwrap_or_default()["status"] != "delivered" {
            if begun.elapsed() > run.plan.patience {
                return Err("deliver: the order isn't delivered".to_owned());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        if let Some(rating) = rating {
            let body = json!({ "product_id": self.product, "rating": rating, "comment": "As described." });
            self.step(run, shopper, "rate", Call::post("/api/ratings/", &body)).await?;
        }
        if back { self.send_back(run, admin, shopper).await } else { Ok(()) }
    }

    /// The warehouse and the carrier do their work.
    async fn deliver(&self, run: &Run, admin: &Admin) -> Result<(), String> {
        let shipment = admin.does(run, "track", self.tracking()).await?;
        let id = shipment["shipment_id"].as_u64().ok_or("track: no shipment")?;
        let path = format!("/api/shipments/{id}/status");
        for status in WAY {
            admin.does(run, "deliver", Call::put(path.as_str(), &json!({ "status": status }))).await?;
        }
        Ok(())
    }

    async fn send_back(&self, run: &Run, admin: &Admin, shopper: &Session) -> Result<(), String> {
        let returns = format!("/api/orders/{}/returns", self.order);
        let item = json!({ "product_id": self.product, "quantity": 1, "reason": "One is enough" });
        let call = Call::post(returns.as_str(), &json!({ "items": [item] }));
        let call = call.once(format!("{}-{}-return", run.name, self.number));
        let Some(asked) = self.step(run, shopper, "return", call).await? else { return Ok(()) };
        let path = format!("{returns}/{}", asked["id"].as_u64().ok_or("return: it has no id")?);
        for step in ["approve", "receive", "refund"] {
            admin.does(run, "take back", Call::post(format!("{path}/{step}"), &json!({}))).await?;
        }
        let look = || async {
            match admin.sees(run, Call::get(path.as_str())).await {
                Ok(back) if back["status"] == "refunded" => Sight::Settled("refunded".to_owned()),
                Ok(back) => Sight::Waiting(text(&back["status"])),
                Err(error) => Sight::Waiting(error),
            }
        };
        run.follower.follow("return", &path, look).await;
        Ok(())
    }

    /// A step of the shopper; nothing when it was done before.
    async fn step(
        &self,
        run: &Run,
        shopper: &Session,
        step: &'static str,
        call: Call,
    ) -> Result<Option<Value>, String> {
        let due = Instant::now();
        let call = call.by(&shopper.token(run).await?);
        let answer = run.connections.send(step, &call).await;
        run.board.answered(step, due.elapsed());
        let answer = answer.map_err(|error| format!("{step}: {error}"))?;
        match answer.status.as_u16() {
            // The same product was rated after another order.
            409 if step == "rate" => Ok(None),
            _ => answer.success().map(Some).map_err(|error| format!("{step}: {error}")),
        }
    }

    /// An accepted payment makes the order paid, and a paid order has its shipment.
    async fn look(&self, run: &Run, admin: &Admin) -> Sight {
        let order = match self.order(run, admin).await {
            Ok(order) => text(&order["status"]),
            Err(error) => return Sight::Waiting(error),
        };
        if order == "pending" || order == "confirmed" || order == "cancelled" {
            return Sight::Waiting(order);
        }
        match admin.sees(run, self.tracking()).await {
            Ok(shipment) if shipment["tracking_number"].is_string() => Sight::Settled("shipped".to_owned()),
            Ok(_) => Sight::Waiting(format!("{order}, without a tracking number")),
            Err(error) => Sight::Waiting(format!("{order}, its shipment {error}")),
        }
    }

    async fn order(&self, run: &Run, admin: &Admin) -> Result<Value, String> {
        admin.sees(run, Call::get(format!("/api/orders/{}", self.order))).await
    }

    fn tracking(&self) -> Call {
        Call::get(format!("/api/shipments/{}/track", self.order))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("unknown").to_owned()
}
