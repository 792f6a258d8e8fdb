//! Numbers for the names that products are counted and filtered by.

use std::collections::HashMap;

use crate::domain::{AttributeValue, Product, folded, limits};

/// An attribute with more values than this tells nothing as a facet.
const VALUES: usize = 200;

/// Categories, attributes and their values, in the order in which they were met. All that may be filtered by have a
/// number; which of them are told as facets is another matter.
#[derive(Debug, Clone, Default)]
pub struct Names {
    pub categories: Vec<String>,
    by_category: HashMap<String, u16>,
    pub attributes: Vec<Attribute>,
    by_attribute: HashMap<String, u32>,
    /// Each value with its attribute.
    pub values: Vec<(u32, String)>,
    by_value: HashMap<(u32, String), u32>,
}

#[derive(Debug, Clone)]
pub struct Attribute {
    pub name: String,
    known: usize,
}

impl Attribute {
    pub fn is_facet(&self) -> bool {
        self.known <= VALUES
    }
}

impl Names {
    /// The number of the product's category.
    pub fn category(&mut self, product: &Product) -> u16 {
        let name = &product.details.category;
        let next = u16::try_from(self.categories.len()).unwrap_or(u16::MAX);
        *self.by_category.entry(folded(name).into_owned()).or_insert_with(|| {
            self.categories.push(name.clone());
            next
        })
    }

    /// The numbers of the product's values.
    pub fn values(&mut self, product: &Product) -> Box<[u32]> {
        let mut numbers = Vec::with_capacity(product.details.attributes.len());
        for (name, value) in &product.details.attributes {
            let text = match value {
                // Nobody can ask for a longer one.
                AttributeValue::Text(text) if text.is_empty() || text.chars().count() > limits::NAME => {
                    continue;
                }
                value => value.to_string(),
            };
            let attribute = self.attribute_of(name);
            numbers.push(self.value(attribute, text));
        }
        numbers.into()
    }

    fn attribute_of(&mut self, name: &str) -> u32 {
        let next = self.attributes.len() as u32;
        *self.by_attribute.entry(folded(name).into_owned()).or_insert_with(|| {
            self.attributes.push(Attribute { name: name.to_owned(), known: 0 });
            next
        })
    }

    fn value(&mut self, attribute: u32, text: String) -> u32 {
        let next = self.values.len() as u32;
        *self.by_value.entry((attribute, folded(&text).into_owned())).or_insert_with(|| {
            self.attributes[attribute as usize].known += 1;
            self.values.push((attribute, text));
            next
        })
    }

    /// The number of a folded name, if a product has ever had it.
    pub fn find_category(&self, name: &str) -> Option<u16> {
        self.by_category.get(name).copied()
    }

    pub fn find_attribute(&self, name: &str) -> Option<u32> {
        self.by_attribute.get(name).copied()
    }

    pub fn find_value(&self, attribute: u32, value: &str) -> Option<u32> {
        self.by_value.get(&(attribute, value.to_owned())).copied()
    }
}
