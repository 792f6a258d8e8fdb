//! The demonstration's promotions, as they stand in `demo/promotions.json`.

use config::BoxError;
use config::money::Currency;
use config::problem::from_json;
use serde_json::Value;

use super::promotion_request::PromotionRequest;
use crate::domain::Terms;

const PROMOTIONS: &str = include_str!("../../demo/promotions.json");

/// Every promotion with the name under which it is remembered.
pub fn demo_promotions() -> Result<Vec<(String, Terms)>, BoxError> {
    let promotions: serde_json::Map<String, Value> = serde_json::from_str(PROMOTIONS)?;
    promotions
        .into_iter()
        .map(|(name, promotion)| {
            let terms = from_json::<PromotionRequest>(&promotion)?.parse(Currency::USD)?;
            Ok((name, terms))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demonstration_is_readable_and_nothing_applies_to_everything_by_itself() {
        let promotions = demo_promotions().unwrap();
        let codes: Vec<_> =
            promotions.iter().filter_map(|(_, terms)| terms.code.as_ref()).map(ToString::to_string).collect();
        assert_eq!(codes, ["FREESHIP", "WELCOME10"]);
        for (name, terms) in &promotions {
            let narrow = !terms.conditions.categories.is_empty() || !terms.conditions.product_ids.is_empty();
            assert!(terms.code.is_some() || narrow, "{name}");
        }
    }
}
