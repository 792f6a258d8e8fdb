//! Texts that people write.

use config::text::{Line, Prose};

/// Where a parcel goes.
pub type Address = Prose<500>;
/// Who carries it.
pub type Carrier = Line<100>;
/// Where it was seen.
pub type Location = Line<200>;
/// The name of a method.
pub type Name = Line<100>;
/// What an operator has to say about it.
pub type Note = Prose<500>;
/// What a product is called.
pub type ProductName = Line<255>;
