//! What nobody will ask for again.

use chrono::TimeDelta;
use config::database::Retention;

/// Longer than a provider repeats a notice: Stripe tries for three days by itself, and people have one sent again within
/// weeks. One that comes even later is old news for its payment all the same.
const NOTICES: TimeDelta = TimeDelta::days(30);

/// The names of old notices. All else that is kept here is the shop's books, a provider's memory, or can be asked for
/// without limit, as what went through in each minute.
pub const FORGOTTEN: &[Retention] =
    &[Retention { statement: "DELETE FROM webhook_events WHERE received_at < ? LIMIT ?", age: NOTICES }];
