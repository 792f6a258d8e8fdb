//! The HTTP API.

use std::sync::Arc;

use config::id::{NoSuchProduct, ProductId};
use config::jwt_auth::{Admin, AuthError, Internal, MaybeSignedIn};
use config::money::{Amount, Currency};
use config::page::{Page, Slice, within};
use config::problem::{ApiError, Body, Fields, InvalidFields};
use config::response::{IfMatch, NoContent, client_has};
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::{MaybeUndefined, ToJSON as _};

use super::ShownProducts;
use super::answer::{Prepared, ProductAnswer};
use super::cache::Shown;
use super::dto::{
    CategoryDto, ExportedProduct, ImportReportDto, NewProduct, ProductDto, ProductForServices, ProductPatch,
};
use super::file::ImportFile;
use super::import;
use super::list::ListParameters;
use super::patch::MergePatch;
use crate::application::{
    ArchiveProduct, CatalogueError, ChangeProduct, CreateProduct, Edit, ImportProducts,
};
use crate::domain::Status;

/// More products than any order has.
const MAX_IDS: usize = 100;
/// Products in a part of the catalogue.
const MAX_EXPORT: u32 = 1_000;

/// The catalogue.
pub struct ProductApi {
    pub(crate) create: CreateProduct,
    pub(crate) change: ChangeProduct,
    pub(crate) archive: ArchiveProduct,
    pub(crate) import: ImportProducts,
    pub(crate) shown: Arc<ShownProducts>,
    /// The shop's currency.
    pub(crate) currency: Currency,
}

#[OpenApi]
impl ProductApi {
    /// Add a product
    #[oai(path = "/api/products", method = "post")]
    async fn create(&self, _admin: Admin, body: Body<NewProduct>) -> Result<ProductAnswer, ApiError> {
        let product = self.create.run(body.0.parse(self.currency)?).await?;
        let shown = self.shown.keep(product).await;
        Ok(ProductAnswer::Created(Prepared::new(shown.json.clone()), shown.tag.clone()))
    }

    /// The products for sale
    #[oai(path = "/api/products", method = "get")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the URL")]
    async fn list(
        &self,
        caller: MaybeSignedIn,
        skip: Query<Option<i64>>,
        /// 1 to 100; 10 when not given
        limit: Query<Option<i64>>,
        /// The `next_cursor` of an earlier answer in the same order
        cursor: Query<Option<String>>,
        category: Query<Option<String>>,
        /// In the shop's currency; products in other currencies are left out
        min_price: Query<Option<Amount>>,
        /// As `min_price`
        max_price: Query<Option<Amount>>,
        in_stock: Query<Option<bool>>,
        /// `active` or, for administrators, `archived`
        status: Query<Option<String>>,
        /// `price`, `name`, `created_at`, with `-` before it for the reverse; `-created_at` when not given
        sort: Query<Option<String>>,
    ) -> Result<Prepared<Page<ProductDto>>, ApiError> {
        let parameters = ListParameters {
            skip: skip.0,
            limit: limit.0,
            cursor: cursor.0,
            category: category.0,
            min_price: min_price.0,
            max_price: max_price.0,
            in_stock: in_stock.0,
            status: status.0,
            sort: sort.0,
        };
        let query = parameters.parse(self.currency)?;
        if query.status == Status::Archived {
            let caller = caller.0.ok_or(AuthError::Missing)?;
            if !caller.is_admin() {
                return Err(AuthError::NotAdmin.into());
            }
        }
        Ok(Prepared::new(self.shown.list(query).await?))
    }

    /// The categories of what is for sale
    #[oai(path = "/api/products/categories", method = "get")]
    async fn categories(&self) -> Result<Prepared<Page<CategoryDto>>, ApiError> {
        Ok(Prepared::new(self.shown.categories().await?))
    }

    /// A product by its SKU
    #[oai(path = "/api/products/sku/:sku", method = "get")]
    async fn get_by_sku(
        &self,
        sku: Path<String>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> Result<ProductAnswer, ApiError> {
        let sku = sku.0.parse().map_err(|_| NoSuchProduct)?;
        let shown = self.shown.by_sku(&sku).await?.ok_or(CatalogueError::NoSuchSku(sku))?;
        Ok(read(&shown, if_none_match.0.as_deref()))
    }

    /// A product; an archived one too, for those who have bought it
    #[oai(path = "/api/products/:product_id", method = "get")]
    async fn get(
        &self,
        product_id: Path<String>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> Result<ProductAnswer, ApiError> {
        let id = ProductId::in_path(&product_id)?;
        let shown = self.shown.product(&id).await?.ok_or(CatalogueError::NotFound(id))?;
        Ok(read(&shown, if_none_match.0.as_deref()))
    }

    /// Replace what is said about a product
    #[oai(path = "/api/products/:product_id", method = "put")]
    async fn replace(
        &self,
        _admin: Admin,
        product_id: Path<String>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<NewProduct>,
    ) -> Result<ProductAnswer, ApiError> {
        // Whoever read a product writes back what it said of the stock, which may be more than a new one begins with.
        let draft = NewProduct { stock: None, ..body.0 }.parse(self.currency)?;
        self.write(&product_id, &draft, if_match.0).await
    }

    /// Change some of what is said about a product, by RFC 7396
    #[oai(path = "/api/products/:product_id", method = "patch")]
    async fn patch(
        &self,
        _admin: Admin,
        product_id: Path<String>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<ProductPatch>,
    ) -> Result<ProductAnswer, ApiError> {
        if !matches!(body.0.stock, MaybeUndefined::Undefined) {
            return Err(InvalidFields::one("stock", "read-only", "is changed at /api/inventory").into());
        }
        let patch = MergePatch::new(body.0.to_json().unwrap_or_default(), self.currency);
        self.write(&product_id, &patch, if_match.0).await
    }

    /// Take a product off sale
    #[oai(path = "/api/products/:product_id", method = "delete")]
    async fn archive(
        &self,
        _admin: Admin,
        product_id: Path<String>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> Result<NoContent, ApiError> {
        self.archive.run(&ProductId::in_path(&product_id)?, &versions(if_match.0)).await?;
        Ok(NoContent::NoContent)
    }

    /// Add or change many products, by SKU
    ///
    /// A bad row stops no good one, and the same file again changes nothing.
    #[oai(path = "/api/products/import", method = "post")]
    async fn import(&self, _admin: Admin, file: ImportFile) -> Result<Json<ImportReportDto>, ApiError> {
        let rows = import::rows(file, self.currency)?;
        Ok(Json(self.import.run(rows).await?.into()))
    }

    /// Those of the products that exist, for other services
    #[oai(path = "/internal/products", method = "get")]
    async fn products(
        &self,
        _service: Internal,
        /// At most 100, between commas
        ids: Query<String>,
    ) -> Result<Json<Vec<ProductForServices>>, ApiError> {
        let mut ids = ids
            .0
            .split(',')
            .filter(|id| !id.is_empty())
            .map(str::parse)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error: config::id::NotAProductId| {
                InvalidFields::one("ids", "invalid", error.to_string())
            })?;
        if ids.len() > MAX_IDS {
            return Err(InvalidFields::one("ids", "length", format!("must be at most {MAX_IDS}")).into());
        }
        ids.sort();
        ids.dedup();
        let products = self.shown.products(&ids).await?;
        Ok(Json(products.iter().map(|shown| ProductForServices::from(&shown.product)).collect()))
    }

    /// The whole catalogue in parts, archived products too, for other services
    #[oai(path = "/internal/products/export", method = "get")]
    async fn export(
        &self,
        _service: Internal,
        /// The `next_cursor` of the part before
        after: Query<Option<String>>,
        /// 1 to 1000; 100 when not given
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<ExportedProduct>>, ApiError> {
        let mut fields = Fields::default();
        let after = fields.check("after", after.0.map(|id| id.parse()).transpose());
        let limit = fields.check("limit", within(limit.0.map(i64::from), 100, 1, MAX_EXPORT));
        let (after, limit) = fields.finish(|| Some((after?, limit?)))?;
        let Slice { items, total } = self.shown.export(after.as_ref(), limit).await?;
        let full = items.len() == limit as usize;
        let next_cursor = items.last().filter(|_| full).map(|product| product.id.to_string());
        let items: Vec<ExportedProduct> = items.into_iter().map(ExportedProduct::from).collect();
        Ok(Json(Page { count: items.len() as u64, items, total, next_cursor }))
    }
}

impl ProductApi {
    async fn write(
        &self,
        product_id: &str,
        edit: &dyn Edit,
        if_match: Option<String>,
    ) -> Result<ProductAnswer, ApiError> {
        let product = self.change.run(&ProductId::in_path(product_id)?, edit, &versions(if_match)).await?;
        let shown = self.shown.keep(product).await;
        Ok(ProductAnswer::Ok(Prepared::new(shown.json.clone()), shown.tag.clone()))
    }
}

fn read(shown: &Shown, if_none_match: Option<&str>) -> ProductAnswer {
    match client_has(if_none_match, &shown.tag) {
        true => ProductAnswer::NotModified(shown.tag.clone()),
        false => ProductAnswer::Ok(Prepared::new(shown.json.clone()), shown.tag.clone()),
    }
}

/// `"7.42.0"` means version 7: a sale or a rating meanwhile is no reason to refuse an operator's change.
fn versions(if_match: Option<String>) -> IfMatch {
    let version = |tag: &str| match tag.split_once('.') {
        Some((version, _)) => format!("{version}\""),
        None => tag.to_owned(),
    };
    IfMatch::new(if_match.map(|header| header.split(',').map(version).collect::<Vec<_>>().join(",")))
}
