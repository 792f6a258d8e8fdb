//! The HTTP API.

use std::sync::Arc;

use config::id::ProductId;
use config::jwt_auth::{Admin, Internal};
use config::page::{Page, Paging};
use config::problem::{ApiError, Body, Fields, InvalidFields, Kind};
use config::response::{Created, IfMatch, NoContent, Versioned};
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use uuid::Uuid;

use super::dto::{
    Adjustment, CountedStock, MovementDto, NewReservation, NewStock, ReservationDto, StockCheck, StockDto,
};
use crate::application::{Change, ChangeStock, InventoryError, OpenStock, Reserve, Settle, StockReader};
use crate::domain::{Quantity, ReservationId, StockItem, Warehouse};

/// Stock and reservations.
pub struct InventoryApi {
    pub(crate) open: OpenStock,
    pub(crate) change: ChangeStock,
    pub(crate) reserve: Reserve,
    pub(crate) settle: Settle,
    pub(crate) stock: Arc<dyn StockReader>,
}

#[OpenApi]
impl InventoryApi {
    /// Begin to keep a product in stock
    #[oai(path = "/api/inventory", method = "post")]
    async fn open(&self, _admin: Admin, body: Body<NewStock>) -> Result<Created<StockDto>, ApiError> {
        Ok(Created::new(self.open.run(body.0.parse()?).await?.into()))
    }

    /// Everything that is kept in stock
    #[oai(path = "/api/inventory", method = "get")]
    async fn list(
        &self,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<Page<StockDto>>, ApiError> {
        let mut fields = Fields::default();
        let paging = Paging::check(&mut fields, skip.0, limit.0, None);
        let after = fields.check("cursor", cursor.as_deref().map(after).transpose());
        let (paging, after) = fields.finish(|| paging.zip(after))?;
        let slice = self.stock.list(paging, after.as_ref()).await?;
        let mut page = Page::new(slice, paging, |_| 0, StockDto::from);
        // Products have no number to make a cursor of: it is the last one's id.
        let last = page.items.last().map(|item| item.product_id.clone());
        page.next_cursor = page.next_cursor.and(last);
        Ok(Json(page))
    }

    /// How much there is of a product, in each warehouse
    #[oai(path = "/api/inventory/:product_id", method = "get")]
    async fn get(
        &self,
        product_id: Path<String>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> Result<Versioned<StockDto>, ApiError> {
        let item = self.item(&parse(&product_id)?).await?;
        let version = item.version();
        Ok(Versioned::read(item.into(), version, if_none_match.as_deref()))
    }

    /// Set what is on hand, as counted, or from when on it is low
    #[oai(path = "/api/inventory/:product_id", method = "put")]
    async fn count(
        &self,
        _admin: Admin,
        product_id: Path<String>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<CountedStock>,
    ) -> Result<Versioned<StockDto>, ApiError> {
        let (warehouse, change) = body.0.parse()?;
        self.changed(&product_id, &warehouse, &change, if_match.0).await
    }

    /// Add to what is on hand, or take from it
    #[oai(path = "/api/inventory/:product_id/adjust", method = "post")]
    async fn adjust(
        &self,
        _admin: Admin,
        product_id: Path<String>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<Adjustment>,
    ) -> Result<Versioned<StockDto>, ApiError> {
        let (warehouse, change) = body.0.parse()?;
        self.changed(&product_id, &warehouse, &change, if_match.0).await
    }

    /// Whether so much of a product can be ordered
    #[oai(path = "/api/inventory/:product_id/check-stock", method = "get")]
    async fn check_stock(
        &self,
        product_id: Path<String>,
        /// 1 when not given
        quantity: Query<Option<i64>>,
    ) -> Result<Json<StockCheck>, ApiError> {
        let product_id = parse(&product_id)?;
        let requested = Quantity::new(quantity.0.unwrap_or(1))
            .map_err(|error| InvalidFields::one("quantity", "invalid", error.to_string()))?
            .get();
        let available = self.item(&product_id).await?.available();
        let product_id = product_id.to_string();
        Ok(Json(StockCheck { product_id, available, requested, in_stock: available >= requested }))
    }

    /// Every change of what is on hand, newest first
    #[oai(path = "/api/inventory/:product_id/movements", method = "get")]
    async fn movements(
        &self,
        _admin: Admin,
        product_id: Path<String>,
        skip: Query<Option<i64>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<Page<MovementDto>>, ApiError> {
        let paging = Paging::parse(skip.0, limit.0, cursor.as_deref())?;
        let slice = self.stock.movements(&parse(&product_id)?, paging).await?;
        Ok(Json(Page::new(slice, paging, |movement| movement.id, MovementDto::from)))
    }

    /// Begin to keep a product in stock, unless it is already
    ///
    /// The catalogue asks for it when it has a new product, so that it can be ordered at once; `product_created`
    /// sees to it if the catalogue can't.
    #[oai(path = "/internal/stock", method = "post")]
    async fn open_for_catalogue(
        &self,
        _service: Internal,
        body: Body<NewStock>,
    ) -> Result<NoContent, ApiError> {
        match self.open.run(body.0.parse()?).await {
            Ok(_) | Err(InventoryError::Exists(_)) => Ok(NoContent::NoContent),
            Err(error) => Err(error.into()),
        }
    }

    /// Set stock aside for an order that is being placed
    #[oai(path = "/internal/reservations", method = "post")]
    async fn reserve(
        &self,
        _service: Internal,
        body: Body<NewReservation>,
    ) -> Result<Created<ReservationDto>, ApiError> {
        let (id, wanted) = body.0.parse()?;
        Ok(Created::new(self.reserve.run(id, wanted).await?.into()))
    }

    /// Take reserved stock off the shelf
    #[oai(path = "/internal/reservations/:id/commit", method = "post")]
    async fn commit(&self, _service: Internal, id: Path<Uuid>) -> Result<Json<ReservationDto>, ApiError> {
        Ok(Json(self.settle.commit(ReservationId::new(id.0)).await?.into()))
    }

    /// Give reserved stock back
    #[oai(path = "/internal/reservations/:id/release", method = "post")]
    async fn release(&self, _service: Internal, id: Path<Uuid>) -> Result<Json<ReservationDto>, ApiError> {
        Ok(Json(self.settle.release(ReservationId::new(id.0)).await?.into()))
    }
}

impl InventoryApi {
    async fn changed(
        &self,
        product_id: &str,
        warehouse: &Warehouse,
        change: &Change,
        if_match: Option<String>,
    ) -> Result<Versioned<StockDto>, ApiError> {
        let item = self.change.run(&parse(product_id)?, warehouse, change, &IfMatch::new(if_match)).await?;
        let version = item.version();
        Ok(Versioned::written(item.into(), version))
    }

    async fn item(&self, id: &ProductId) -> Result<StockItem, ApiError> {
        let found = self.stock.item(id).await?;
        Ok(found.ok_or_else(|| InventoryError::NotFound(id.clone()))?)
    }
}

/// The product that the part before ended with.
fn after(cursor: &str) -> Result<ProductId, &'static str> {
    cursor.parse().map_err(|_| "must be the next_cursor of an earlier answer")
}

/// A path that can't name a product names nothing.
fn parse(product_id: &str) -> Result<ProductId, ApiError> {
    let missing = || ApiError::new(Kind::NotFound, "stock-not-found", "There is no such product.");
    product_id.parse().map_err(|_| missing())
}
