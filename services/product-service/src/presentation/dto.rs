//! What travels over HTTP.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use config::money::{Amount, Currency};
use config::problem::{Fields, InvalidFields};
use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;
use serde_json::Value;

use crate::application::{CategoryCount, ImportReport, LineError};
use crate::domain::{
    AttributeName, AttributeValue, Attributes, Details, Draft, Price, Product, Sku, Status, StockLevel,
    Variant, Weight, limits,
};

/// A product as an operator writes it.
#[derive(Debug, Object)]
pub struct NewProduct {
    /// 1 to 200 characters.
    pub name: String,
    /// At most 10 000 characters.
    pub description: String,
    /// 0 or more, exact to the currency.
    pub price: Amount,
    /// The shop's when not given.
    pub currency: Option<String>,
    /// 1 to 100 characters.
    pub category: String,
    /// 1 to 64 letters, digits, dots, hyphens and underscores; no other product may have it.
    pub sku: String,
    /// 0 to 1 000 000. Opens the inventory record of a new product; ignored, whatever it is, for one that is replaced,
    /// whose stock is changed at `/api/inventory`.
    pub stock: Option<i64>,
    /// At most 20 http or https URLs.
    pub images: Option<Vec<String>>,
    /// At most 50 texts, numbers and truth values.
    pub attributes: Option<BTreeMap<String, Value>>,
    /// At most 100.
    pub variants: Option<Vec<VariantDto>>,
    /// 0 to 10 000 000.
    pub weight_grams: Option<i64>,
    /// `active` or `archived`; as it is when not given.
    pub status: Option<String>,
}

/// What to change of a product, by RFC 7396: what is absent stays, what is null goes.
#[derive(Debug, Object)]
pub struct ProductPatch {
    name: MaybeUndefined<String>,
    description: MaybeUndefined<String>,
    price: MaybeUndefined<Amount>,
    currency: MaybeUndefined<String>,
    category: MaybeUndefined<String>,
    sku: MaybeUndefined<String>,
    images: MaybeUndefined<Vec<String>>,
    /// Merged with those that are there; a null removes one.
    attributes: MaybeUndefined<BTreeMap<String, Value>>,
    variants: MaybeUndefined<Vec<VariantDto>>,
    weight_grams: MaybeUndefined<i64>,
    /// `active` puts an archived product on sale again.
    status: MaybeUndefined<String>,
    /// Refused: stock is changed at `/api/inventory`.
    pub stock: MaybeUndefined<i64>,
}

/// A form that a product comes in. It is shown, not sold: what is ordered is the product, at its price, and what is
/// to be ordered by itself is a product of its own.
#[derive(Debug, Object)]
pub struct VariantDto {
    /// As a product's; no two variants of a product share one.
    pub sku: String,
    /// 1 to 200 characters.
    pub name: String,
    /// The product's when not given.
    pub price: Option<Amount>,
    pub attributes: Option<BTreeMap<String, Value>>,
}

impl NewProduct {
    /// `shop` is the currency when none is given.
    pub fn parse(self, shop: Currency) -> Result<Draft, InvalidFields> {
        let mut fields = Fields::default();
        let currency = self.currency.as_deref().map_or(Ok(shop), str::parse);
        let currency = fields.check("currency", currency);
        let name = fields.check("name", self.name.parse());
        let description = fields.check("description", self.description.parse());
        let price = currency.and_then(|currency| price(&mut fields, "price", self.price, currency));
        let category = fields.check("category", self.category.parse());
        let sku = fields.check("sku", self.sku.parse::<Sku>());
        let stock = fields.check("stock", self.stock.map(StockLevel::new).transpose());
        let images = images(&mut fields, &self.images.unwrap_or_default());
        let attributes = attributes(&mut fields, "attributes", self.attributes.unwrap_or_default());
        let variants = variants(&mut fields, self.variants.unwrap_or_default(), sku.as_ref(), currency);
        let weight = fields.check("weight_grams", Weight::from_grams(self.weight_grams.unwrap_or(0)));
        let status = fields.check("status", self.status.map(|word| word.parse::<Status>()).transpose());
        fields.finish(|| {
            let details = Details {
                name: name?,
                description: description?,
                price: price?,
                category: category?,
                sku: sku?,
                images,
                attributes,
                variants,
                weight: weight?,
            };
            Some(Draft { details, status: status?, stock: stock? })
        })
    }
}

fn price(fields: &mut Fields, field: &str, amount: Amount, currency: Currency) -> Option<Price> {
    let money = fields.check(field, amount.in_currency(currency))?;
    fields.check(field, Price::new(money))
}

fn images(fields: &mut Fields, urls: &[String]) -> Vec<crate::domain::ImageUrl> {
    if urls.len() > limits::IMAGES {
        fields.reject("images", "length", format!("must be at most {}", limits::IMAGES));
        return Vec::new();
    }
    let parsed =
        urls.iter().enumerate().map(|(index, url)| fields.check(format!("images[{index}]"), url.parse()));
    parsed.collect::<Vec<_>>().into_iter().flatten().collect()
}

fn attributes(fields: &mut Fields, field: &str, values: BTreeMap<String, Value>) -> Attributes {
    if values.len() > limits::ATTRIBUTES {
        fields.reject(field, "length", format!("must be at most {}", limits::ATTRIBUTES));
        return Attributes::new();
    }
    let mut attributes = Attributes::new();
    for (name, value) in values {
        let path = format!("{field}.{name}");
        let name = fields.check(&path, name.parse::<AttributeName>());
        let value = match value {
            Value::String(text) => AttributeValue::text(text),
            Value::Bool(flag) => Ok(AttributeValue::Flag(flag)),
            Value::Number(number) => AttributeValue::number(number.as_f64().unwrap_or(f64::NAN)),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                Err("must be a text, a number, true or false")
            }
        };
        if let (Some(name), Some(value)) = (name, fields.check(path, value)) {
            attributes.insert(name, value);
        }
    }
    attributes
}

fn variants(
    fields: &mut Fields,
    variants: Vec<VariantDto>,
    own: Option<&Sku>,
    currency: Option<Currency>,
) -> Vec<Variant> {
    if variants.len() > limits::VARIANTS {
        fields.reject("variants", "length", format!("must be at most {}", limits::VARIANTS));
        return Vec::new();
    }
    let mut parsed: Vec<Variant> = Vec::with_capacity(variants.len());
    for (index, variant) in variants.into_iter().enumerate() {
        let path = |member: &str| format!("variants[{index}].{member}");
        let sku = fields.check(path("sku"), variant.sku.parse::<Sku>());
        let name = fields.check(path("name"), variant.name.parse());
        let price = variant.price.zip(currency);
        let price =
            price.and_then(|(amount, currency)| self::price(fields, &path("price"), amount, currency));
        let attributes = attributes(fields, &path("attributes"), variant.attributes.unwrap_or_default());
        let (Some(sku), Some(name)) = (sku, name) else { continue };
        if own == Some(&sku) || parsed.iter().any(|other| other.sku == sku) {
            fields.reject(path("sku"), "duplicate", "must differ from the product's and other variants'");
        }
        parsed.push(Variant { sku, name, price, attributes });
    }
    parsed
}

/// A product.
#[derive(Debug, Object)]
pub struct ProductDto {
    /// 24 hexadecimal digits.
    pub id: String,
    /// The same as `id`.
    #[oai(rename = "_id")]
    pub object_id: String,
    pub name: String,
    pub description: String,
    pub price: Amount,
    pub currency: String,
    pub category: String,
    pub sku: String,
    pub images: Vec<String>,
    pub attributes: BTreeMap<String, Value>,
    pub variants: Vec<VariantDto>,
    pub weight_grams: u32,
    /// What can be ordered, as inventory-service last said.
    pub stock: u64,
    pub in_stock: bool,
    /// `active` or `archived`.
    pub status: String,
    /// 1 to 5; 0 while nobody has rated it.
    pub average_rating: f64,
    pub rating_count: u64,
    /// What `If-Match` means.
    pub version: u64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<&Product> for ProductDto {
    fn from(product: &Product) -> Self {
        let details = &product.details;
        let price = details.price.money();
        let variant = |variant: &Variant| VariantDto {
            sku: variant.sku.to_string(),
            name: variant.name.to_string(),
            price: variant.price.map(|price| price.money().into()),
            attributes: Some(values(&variant.attributes)),
        };
        Self {
            id: product.id.to_string(),
            object_id: product.id.to_string(),
            name: details.name.to_string(),
            description: details.description.to_string(),
            price: price.into(),
            currency: price.currency().code().to_owned(),
            category: details.category.to_string(),
            sku: details.sku.to_string(),
            images: details.images.iter().map(|image| image.as_str().to_owned()).collect(),
            attributes: values(&details.attributes),
            variants: details.variants.iter().map(variant).collect(),
            weight_grams: details.weight.grams(),
            stock: product.stock.available,
            in_stock: product.stock.available > 0,
            status: product.status.to_string(),
            average_rating: product.rating.average,
            rating_count: product.rating.count,
            version: product.version,
            created_at: product.created_at,
            updated_at: product.updated_at,
        }
    }
}

fn values(attributes: &Attributes) -> BTreeMap<String, Value> {
    let value = |value: &AttributeValue| match value {
        AttributeValue::Text(text) => text.as_str().into(),
        AttributeValue::Integer(number) => (*number).into(),
        AttributeValue::Decimal(number) => (*number).into(),
        AttributeValue::Flag(flag) => (*flag).into(),
    };
    attributes.iter().map(|(name, it)| (name.as_str().to_owned(), value(it))).collect()
}

/// A product as our other services need it.
#[derive(Debug, Object)]
pub struct ProductForServices {
    pub id: String,
    pub name: String,
    pub price: Amount,
    /// The price in the currency's smallest units.
    pub price_minor: i64,
    pub currency: String,
    pub sku: String,
    pub category: String,
    pub weight_grams: u32,
    /// `active` or `archived`.
    pub status: String,
    pub stock: u64,
    pub version: u64,
}

impl From<&Product> for ProductForServices {
    fn from(product: &Product) -> Self {
        let details = &product.details;
        let price = details.price.money();
        Self {
            id: product.id.to_string(),
            name: details.name.to_string(),
            price: price.into(),
            price_minor: price.minor(),
            currency: price.currency().code().to_owned(),
            sku: details.sku.to_string(),
            category: details.category.to_string(),
            weight_grams: details.weight.grams(),
            status: product.status.to_string(),
            stock: product.stock.available,
            version: product.version,
        }
    }
}

/// A product as events tell it, and how new its rating is.
#[derive(Debug, Object)]
pub struct ExportedProduct {
    pub product_id: String,
    pub name: String,
    pub description: String,
    pub price: Amount,
    pub currency: String,
    pub category: String,
    pub sku: String,
    pub images: Vec<String>,
    pub attributes: BTreeMap<String, Value>,
    pub weight_grams: u32,
    pub stock: u64,
    pub stock_version: u64,
    /// `active` or `archived`.
    pub status: String,
    pub average_rating: f64,
    pub rating_count: u64,
    pub rating_version: u64,
    pub version: u64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<Product> for ExportedProduct {
    fn from(product: Product) -> Self {
        let (rating_version, stock_version) = (product.rating.version, product.stock.version);
        let ProductDto {
            id,
            name,
            description,
            price,
            currency,
            category,
            sku,
            images,
            attributes,
            weight_grams,
            stock,
            status,
            average_rating,
            rating_count,
            version,
            created_at,
            updated_at,
            ..
        } = ProductDto::from(&product);
        Self {
            product_id: id,
            name,
            description,
            price,
            currency,
            category,
            sku,
            images,
            attributes,
            weight_grams,
            stock,
            stock_version,
            status,
            average_rating,
            rating_count,
            rating_version,
            version,
            created_at,
            updated_at,
        }
    }
}

/// A category of what is for sale.
#[derive(Debug, Object)]
pub struct CategoryDto {
    pub name: String,
    /// How many products for sale it has.
    pub products: u64,
}

impl From<CategoryCount> for CategoryDto {
    fn from(category: CategoryCount) -> Self {
        Self { name: category.name, products: category.products }
    }
}

/// What came of an import.
#[derive(Debug, Object)]
pub struct ImportReportDto {
    pub created: u64,
    pub updated: u64,
    /// Rows that say what is so already.
    pub unchanged: u64,
    pub failed: u64,
    /// What is wrong with 10 000 of the failed rows, by line: each field, but no more than ten of a row.
    pub errors: Vec<LineErrorDto>,
    /// Whether more is wrong than `errors` says.
    pub errors_cut: bool,
}

/// What is wrong with a field of a row.
#[derive(Debug, Object)]
pub struct LineErrorDto {
    /// From 1.
    pub line: u64,
    pub field: String,
    pub message: String,
}

impl From<ImportReport> for ImportReportDto {
    fn from(report: ImportReport) -> Self {
        let line = |LineError { line, field, message }| LineErrorDto { line, field, message };
        Self {
            created: report.created,
            updated: report.updated,
            unchanged: report.unchanged,
            failed: report.failed,
            errors: report.errors.into_iter().map(line).collect(),
            errors_cut: report.is_cut,
        }
    }
}
