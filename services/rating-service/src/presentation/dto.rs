//! What travels over HTTP.

use chrono::{DateTime, Utc};
use config::id::ProductId;
use config::page::Page;
use config::problem::{Fields, InvalidFields};
use poem_openapi::{Enum, Object};

use crate::application::{Edit, Histogram, Queue, ShownRating, Sort, WaitingRating};
use crate::domain::{Comment, Content, Reason, Stars, Status, Summary, Title};

/// What somebody thinks of a product.
#[derive(Debug, Object)]
pub struct NewRatingDto {
    pub product_id: String,
    /// The caller when not given; somebody else only by an admin.
    pub user_id: Option<u64>,
    /// Stars, 1 to 5; `score` is another name for it.
    pub rating: Option<i64>,
    /// The same as `rating`.
    pub score: Option<i64>,
    /// Up to 150 characters.
    pub title: Option<String>,
    /// Up to 5000 characters.
    pub comment: Option<String>,
}

impl NewRatingDto {
    pub fn parse(&self) -> Result<(ProductId, Content), InvalidFields> {
        let mut fields = Fields::default();
        let product_id = fields.check("product_id", self.product_id.parse());
        let stars = stars(&mut fields, self.rating, self.score);
        let stars = stars.and_then(|stars| fields.required("rating", stars));
        let title = fields.check("title", Title::optional(self.title.as_deref().unwrap_or_default()));
        let comment = fields.check("comment", Comment::optional(self.comment.as_deref().unwrap_or_default()));
        fields.finish(|| Some((product_id?, Content { stars: stars?, title: title?, comment: comment? })))
    }
}

/// What its author changes; what isn't given stays, an empty text takes a text away.
#[derive(Debug, Object)]
pub struct RatingChangeDto {
    /// Stars, 1 to 5; `score` is another name for it.
    pub rating: Option<i64>,
    /// The same as `rating`.
    pub score: Option<i64>,
    /// Up to 150 characters.
    pub title: Option<String>,
    /// Up to 5000 characters.
    pub comment: Option<String>,
}

impl RatingChangeDto {
    pub fn parse(&self) -> Result<Edit, InvalidFields> {
        let mut fields = Fields::default();
        let stars = stars(&mut fields, self.rating, self.score);
        let title = fields.check("title", self.title.as_deref().map(Title::optional).transpose());
        let comment = fields.check("comment", self.comment.as_deref().map(Comment::optional).transpose());
        if self.rating.or(self.score).is_none() && self.title.is_none() && self.comment.is_none() {
            fields.reject("rating", "required", "is required, or title or comment");
        }
        fields.finish(|| Some(Edit { stars: stars?, title: title?, comment: comment? }))
    }
}

/// The stars, by either name. `None`: they were refused.
fn stars(fields: &mut Fields, rating: Option<i64>, score: Option<i64>) -> Option<Option<Stars>> {
    if let (Some(rating), Some(score)) = (rating, score)
        && rating != score
    {
        fields.reject("score", "contradiction", "must be the same as rating, or left out");
        return None;
    }
    let field = if rating.is_none() && score.is_some() { "score" } else { "rating" };
    fields.check(field, rating.or(score).map(Stars::new).transpose())
}

/// Why.
#[derive(Debug, Object)]
pub struct ReportDto {
    /// Up to 500 characters.
    pub reason: Option<String>,
}

impl ReportDto {
    pub fn parse(&self) -> Result<Option<Reason>, InvalidFields> {
        reason(self.reason.as_deref())
    }
}

/// A moderator's decision.
#[derive(Debug, Object)]
pub struct DecisionDto {
    pub status: DecisionStatus,
    /// Shown to the author; up to 500 characters.
    pub reason: Option<String>,
}

impl DecisionDto {
    pub fn parse(&self) -> Result<(Status, Option<Reason>), InvalidFields> {
        let status = match self.status {
            DecisionStatus::Published => Status::Published,
            DecisionStatus::Hidden => Status::Hidden,
            DecisionStatus::Rejected => Status::Rejected,
        };
        Ok((status, reason(self.reason.as_deref())?))
    }
}

fn reason(text: Option<&str>) -> Result<Option<Reason>, InvalidFields> {
    Reason::optional(text.unwrap_or_default())
        .map_err(|error| InvalidFields::one("reason", "invalid", error.to_string()))
}

/// What a moderator may decide.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
pub enum DecisionStatus {
    Published,
    Hidden,
    Rejected,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
pub enum SortDto {
    Newest,
    Helpful,
    Highest,
    Lowest,
}

impl From<SortDto> for Sort {
    fn from(sort: SortDto) -> Self {
        match sort {
            SortDto::Newest => Self::Newest,
            SortDto::Helpful => Self::Helpful,
            SortDto::Highest => Self::Highest,
            SortDto::Lowest => Self::Lowest,
        }
    }
}

/// What waits for a moderator.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
pub enum QueueDto {
    Pending,
    Hidden,
    Rejected,
    /// Reported since a moderator last looked.
    Reported,
}

impl From<QueueDto> for Queue {
    fn from(queue: QueueDto) -> Self {
        match queue {
            QueueDto::Pending => Self::Status(Status::Pending),
            QueueDto::Hidden => Self::Status(Status::Hidden),
            QueueDto::Rejected => Self::Status(Status::Rejected),
            QueueDto::Reported => Self::Reported,
        }
    }
}

/// A rating.
#[derive(Debug, Object)]
pub struct RatingDto {
    pub id: u64,
    pub product_id: String,
    pub product_name: Option<String>,
    pub user_id: u64,
    /// A name to show; it says no more about a person than `user_id`.
    pub author: String,
    /// Stars, 1 to 5.
    pub rating: u8,
    /// The same as `rating`.
    pub score: u8,
    pub title: Option<String>,
    pub comment: Option<String>,
    /// Whether the author has bought the product.
    pub verified_purchase: bool,
    pub helpful_count: u32,
    /// `pending`, `published`, `hidden` or `rejected`.
    pub status: String,
    /// What the moderator told the author.
    pub moderation_reason: Option<String>,
    pub version: u64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<ShownRating> for RatingDto {
    fn from(ShownRating { rating, product_name }: ShownRating) -> Self {
        let stars = rating.content.stars.get();
        Self {
            id: rating.id.get(),
            product_id: rating.product_id.to_string(),
            product_name,
            user_id: rating.user_id.get(),
            author: format!("Customer {}", rating.user_id),
            rating: stars,
            score: stars,
            title: rating.content.title.map(|title| title.as_str().to_owned()),
            comment: rating.content.comment.map(|comment| comment.as_str().to_owned()),
            verified_purchase: rating.verified,
            helpful_count: rating.helpful,
            status: rating.status.as_str().to_owned(),
            moderation_reason: rating.moderation_reason.map(|reason| reason.as_str().to_owned()),
            version: rating.version,
            created_at: rating.created_at,
            updated_at: rating.updated_at,
        }
    }
}

/// A rating as a moderator sees it.
#[derive(Debug, Object)]
pub struct ModeratedRatingDto {
    #[oai(flatten)]
    pub rating: RatingDto,
    /// By how many it was reported since a moderator last looked.
    pub reports: u32,
    /// Why, the newest first and at most 20; not everybody says why.
    pub report_reasons: Vec<String>,
}

impl From<WaitingRating> for ModeratedRatingDto {
    fn from(WaitingRating { shown, reasons }: WaitingRating) -> Self {
        Self {
            reports: shown.rating.reports,
            rating: shown.into(),
            report_reasons: reasons.iter().map(|reason| reason.as_str().to_owned()).collect(),
        }
    }
}

/// How many ratings of each number of stars there are.
#[derive(Debug, Object)]
pub struct HistogramDto {
    #[oai(rename = "1")]
    pub one: u32,
    #[oai(rename = "2")]
    pub two: u32,
    #[oai(rename = "3")]
    pub three: u32,
    #[oai(rename = "4")]
    pub four: u32,
    #[oai(rename = "5")]
    pub five: u32,
}

impl From<Summary> for HistogramDto {
    fn from(summary: Summary) -> Self {
        let Histogram { one, two, three, four, five } = summary.into();
        Self { one, two, three, four, five }
    }
}

/// What buyers think of a product.
#[derive(Debug, Object)]
pub struct SummaryDto {
    pub product_id: String,
    /// To hundredths of a star; 0 without ratings.
    pub average: f64,
    pub count: u64,
    pub histogram: HistogramDto,
    pub version: u64,
}

impl SummaryDto {
    pub fn new(product_id: &ProductId, summary: Summary) -> Self {
        Self {
            product_id: product_id.to_string(),
            average: summary.average(),
            count: summary.count(),
            histogram: summary.into(),
            version: summary.version(),
        }
    }
}

/// Ratings of a product, and how all of them add up.
#[derive(Debug, Object)]
pub struct ProductRatingsDto {
    pub product_id: String,
    /// Of all of the product's ratings, to hundredths of a star; 0 without ratings.
    pub average: f64,
    /// How many ratings the product has, whatever the filter.
    pub rating_count: u64,
    pub histogram: HistogramDto,
    #[oai(flatten)]
    pub page: Page<RatingDto>,
}

impl ProductRatingsDto {
    pub fn new(product_id: &ProductId, summary: Summary, page: Page<RatingDto>) -> Self {
        Self {
            product_id: product_id.to_string(),
            average: summary.average(),
            rating_count: summary.count(),
            histogram: summary.into(),
            page,
        }
    }
}

/// How many find a rating helpful.
#[derive(Debug, Object)]
pub struct HelpfulDto {
    pub id: u64,
    pub helpful_count: u32,
    /// Whether the caller does.
    pub voted: bool,
}
