//! RFC 7396 merge patches.

use config::money::Currency;
use config::problem::{InvalidFields, from_json};
use poem_openapi::types::ToJSON as _;
use serde_json::{Value, json};

use super::dto::{NewProduct, ProductDto};
use crate::application::Edit;
use crate::domain::{Draft, Product};

/// What is absent stays, what is null goes.
pub struct MergePatch {
    patch: Value,
    shop: Currency,
}

impl MergePatch {
    /// `shop` is the currency of a new product that doesn't name one.
    pub fn new(patch: Value, shop: Currency) -> Self {
        Self { patch, shop }
    }
}

impl Edit for MergePatch {
    fn apply(&self, present: Option<&Product>) -> Result<Draft, InvalidFields> {
        let present = present.and_then(|product| {
            let mut members = ProductDto::from(product).to_json()?;
            // What inventory-service says may be beyond what an operator may begin with.
            members.as_object_mut()?.remove("stock");
            Some(members)
        });
        let mut wanted = present.unwrap_or_else(|| json!({}));
        json_patch::merge(&mut wanted, &self.patch);
        from_json::<NewProduct>(&wanted)?.parse(self.shop)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn product() -> Product {
        let body = json!({
            "name": "Laptop", "description": "", "price": 1500, "category": "laptops", "sku": "LT-1",
            "attributes": { "brand": "Dell", "ram_gb": 16 }, "images": ["https://a.example/1"],
            "stock": 5, "weight_grams": 1800,
        });
        let draft = MergePatch::new(body, Currency::USD).apply(None).unwrap();
        Product::new("507f1f77bcf86cd799439011".parse().unwrap(), draft, DateTime::UNIX_EPOCH)
    }

    fn patched(patch: Value) -> Result<Product, InvalidFields> {
        let product = product();
        let draft = MergePatch::new(patch, Currency::USD).apply(Some(&product))?;
        Ok(product.revised(draft, DateTime::UNIX_EPOCH).unwrap_or(product))
    }

    #[test]
    fn an_empty_patch_changes_nothing() {
        assert_eq!(patched(json!({})).unwrap(), product());
    }

    #[test]
    fn members_are_merged_and_nulls_remove() {
        let patched = patched(json!({
            "price": 1499.99, "images": null, "attributes": { "brand": null, "colour": "grey" },
        }))
        .unwrap();
        let names: Vec<_> = patched.details.attributes.keys().map(|name| name.as_str()).collect();
        assert_eq!(names, ["colour", "ram_gb"]);
        assert_eq!(patched.details.price.money().minor(), 149_999);
        assert!(patched.details.images.is_empty());
        assert_eq!(patched.details.weight.grams(), 1800);
    }

    #[test]
    fn what_a_product_needs_cant_be_removed() {
        let wrong = patched(json!({ "name": null, "price": null, "status": "sold" })).unwrap_err();
        let fields: Vec<_> = wrong.all().iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["name", "price"]);
    }
}
