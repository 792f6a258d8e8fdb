//! The demonstration's products, as they stand in `demo/products.json`.

use config::BoxError;
use config::id::ProductId;
use config::money::Currency;
use config::problem::from_json;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::dto::NewProduct;
use crate::domain::{Draft, Sku};

const PRODUCTS: &str = include_str!("../../demo/products.json");

/// Every product with its id, which is the same wherever the demonstration is loaded.
pub fn demo_products() -> Result<Vec<(ProductId, Draft)>, BoxError> {
    let products: Vec<Value> = serde_json::from_str(PRODUCTS)?;
    products
        .iter()
        .map(|product| {
            let draft = from_json::<NewProduct>(product)?.parse(Currency::USD)?;
            Ok((id(&draft.details.sku)?, draft))
        })
        .collect()
}

fn id(sku: &Sku) -> Result<ProductId, BoxError> {
    let digest = Sha256::digest(sku.as_str());
    let hex: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    Ok(hex.parse()?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_demonstration_is_a_believable_shop() {
        let products = demo_products().unwrap();
        assert!((55..=70).contains(&products.len()), "{}", products.len());
        let ids: BTreeSet<_> = products.iter().map(|(id, _)| id).collect();
        assert_eq!(ids.len(), products.len());
        let categories: BTreeSet<_> = products.iter().map(|(_, draft)| &draft.details.category).collect();
        assert!((7..=10).contains(&categories.len()), "{categories:?}");
        for (_, draft) in &products {
            let details = &draft.details;
            assert!((300..=250_000).contains(&details.price.money().minor()), "{}", details.sku);
            assert!(!details.images.is_empty() && details.weight.grams() > 0, "{}", details.sku);
            assert!(draft.stock.is_some() && !details.attributes.is_empty(), "{}", details.sku);
        }
    }
}
