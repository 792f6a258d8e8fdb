//! What the service does.

mod build;
mod error;
mod familiar;
mod follow;
mod ports;
mod recommend;
mod search;
mod suggest;
mod view;

pub use build::{BuildIndex, Phase, Progress};
pub use error::SearchError;
pub use follow::{FollowCatalogue, LearnFromOrders};
pub use ports::{
    AnswerCache, BoughtTogether, Building, Catalogue, Change, Completion, CompletionKind, Found, Hit, Index,
    Part, ReindexOrders, Trend, Trends,
};
pub use recommend::{Reason, Recommend, Recommendation};
pub use search::{Answer, Search};
pub use suggest::Suggest;
pub use view::ProductView;
