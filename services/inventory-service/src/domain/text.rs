//! Texts that people write.

use config::text::{Line, Prose};

/// Why stock was adjusted.
pub type Reason = Prose<200>;
/// The number by which the shop knows a product.
pub type Sku = Line<64>;
