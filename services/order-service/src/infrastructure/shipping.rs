//! Sending: shipping-service.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use config::money::{Amount, Currency, Money};
use config::place::Country;
use config::registry::{CallError, Registry, ServiceClient};
use moka::future::Cache;
use serde::Deserialize;
use serde_json::json;

use crate::application::{Parcel, Rate, Shipping};
use crate::domain::Address;

/// Prices of sending are worth asking for once while somebody makes up their mind, and hardly ever change.
const LIFETIME: Duration = Duration::from_secs(30);
const PARCELS: u64 = 5_000;
/// An order by the standard method must not wait for long when shipping-service hangs.
const PATIENCE: Duration = Duration::from_millis(800);

/// Asks shipping-service for its methods.
pub struct ShippingService {
    service: ServiceClient,
    rates: Cache<Key, Arc<Vec<Rate>>>,
}

/// On what a price depends: the country, the weight, what the goods cost. The rest of an address counts for nothing.
type Key = (Option<Country>, u64, Money);

#[derive(Deserialize)]
struct Quote {
    currency: String,
    methods: Vec<Method>,
}

#[derive(Deserialize)]
struct Method {
    code: String,
    name: String,
    price: Amount,
}

impl ShippingService {
    pub fn new(registry: &Registry) -> Self {
        let rates = Cache::builder().max_capacity(PARCELS).time_to_live(LIFETIME).build();
        Self { service: registry.client("shipping-service"), rates }
    }

    async fn ask(&self, parcel: &Parcel) -> Result<Vec<Rate>, CallError> {
        let destination = parcel.destination.as_ref().map(|address| match address.place() {
            Some(place) => json!({ "country": place.country.code() }),
            None => json!(address.as_str()),
        });
        let body = json!({
            "destination": destination,
            "weight_grams": parcel.weight_grams,
            "subtotal": Amount::from(parcel.subtotal),
            "currency": parcel.subtotal.currency().code(),
        });
        let call = self.service.post("/api/shipments/quote").json(&body);
        let quote: Quote = call.retry_safe().timeout(PATIENCE).send().await?;
        let invalid = |source| CallError::Invalid { service: "shipping-service", source };
        let currency: Currency = quote.currency.parse().map_err(|error| invalid(Box::new(error)))?;
        if currency != parcel.subtotal.currency() {
            return Err(invalid(format!("it priced in {currency}").into()));
        }
        let rate = |Method { code, name, price }| {
            let price = price.in_currency(currency).map_err(|error| invalid(Box::new(error)))?;
            Ok(Rate { method: code, name, price })
        };
        quote.methods.into_iter().map(rate).collect()
    }
}

#[async_trait]
impl Shipping for ShippingService {
    async fn rates(&self, parcel: &Parcel) -> Result<Arc<Vec<Rate>>, CallError> {
        let place = parcel.destination.as_ref().and_then(Address::place);
        let country = place.map(|place| place.country);
        let key = (country, parcel.weight_grams, parcel.subtotal);
        if let Some(rates) = self.rates.get(&key).await {
            return Ok(rates);
        }
        let rates = Arc::new(self.ask(parcel).await?);
        self.rates.insert(key, rates.clone()).await;
        Ok(rates)
    }
}
