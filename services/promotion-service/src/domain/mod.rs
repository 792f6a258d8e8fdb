//! Promotions: whom they are for, what they take off, and which of them go together.

mod basket;
mod benefit;
mod choose;
mod percent;
mod period;
mod promotion;
mod rejection;
mod reservation;
mod spread;
mod text;

pub use basket::{Basket, Line};
pub use benefit::{Benefit, GroupError, GroupSize, Kind};
pub use choose::{Applied, Deal, choose};
pub use percent::{NotAPercent, Percent};
pub use period::{Period, PeriodError};
pub use promotion::{Conditions, Promotion, Terms, Usage};
pub use rejection::{Reason, Rejection};
pub use reservation::{ReservationId, ReservationState};
pub use text::{Category, Code, Description, Name, NotACode};

config::ids! {
    /// A promotion.
    PromotionId,
    /// An order, as order-service counts them.
    OrderId,
}
