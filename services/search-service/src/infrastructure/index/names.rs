//! Numbers for the names that products are counted and filtered by.

use std::collections::HashMap;

use crate::domain::{AttributeValue, Product, folded};

/// An attribute with more values than this tells nothing as a facet.
const VALUES: usize = 200;
/// Attributes that are counted; the rest can still be searched for.
const ATTRIBUTES: usize = 64;
/// A longer value is prose.
const LONGEST: usize = 60;

/// Categories, attributes and their values, in the order in which they were met.
#[derive(Debug, Clone, Default)]
pub struct Names {
    pub categories: Vec<String>,
    by_category: HashMap<String, u16>,
    pub attributes: Vec<Attribute>,
    by_attribute: HashMap<String, u16>,
    /// Each value with its attribute.
    pub values: Vec<(u16, String)>,
    by_value: HashMap<(u16, String), u16>,
}

#[derive(Debug, Clone)]
pub struct Attribute {
    pub name: String,
    known: usize,
    /// Has more values than are counted.
    pub wide: bool,
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
    pub fn values(&mut self, product: &Product) -> Box<[u16]> {
        let mut numbers = Vec::with_capacity(product.details.attributes.len());
        for (name, value) in &product.details.attributes {
            let text = match value {
                AttributeValue::Text(text) if text.len() > LONGEST || text.is_empty() => continue,
                value => value.to_string(),
            };
            if let Some(number) = self.attribute_of(name).and_then(|attribute| self.value(attribute, text)) {
                numbers.push(number);
            }
        }
        numbers.into()
    }

    fn attribute_of(&mut self, name: &str) -> Option<u16> {
        let key = folded(name);
        if let Some(number) = self.by_attribute.get(key.as_ref()) {
            return Some(*number);
        }
        let number = u16::try_from(self.attributes.len()).ok().filter(|n| usize::from(*n) < ATTRIBUTES)?;
        self.attributes.push(Attribute { name: name.to_owned(), known: 0, wide: false });
        self.by_attribute.insert(key.into_owned(), number);
        Some(number)
    }

    fn value(&mut self, attribute: u16, text: String) -> Option<u16> {
        let key = (attribute, folded(&text).into_owned());
        if let Some(number) = self.by_value.get(&key) {
            return Some(*number);
        }
        let of = &mut self.attributes[usize::from(attribute)];
        of.wide |= of.known == VALUES;
        let number = u16::try_from(self.values.len()).ok().filter(|_| !of.wide)?;
        of.known += 1;
        self.values.push((attribute, text));
        self.by_value.insert(key, number);
        Some(number)
    }

    /// The number of a folded name, if a product has ever had it.
    pub fn find_category(&self, name: &str) -> Option<u16> {
        self.by_category.get(name).copied()
    }

    pub fn find_attribute(&self, name: &str) -> Option<u16> {
        self.by_attribute.get(name).copied()
    }

    pub fn find_value(&self, attribute: u16, value: &str) -> Option<u16> {
        self.by_value.get(&(attribute, value.to_owned())).copied()
    }
}
