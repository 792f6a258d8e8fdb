//! What nobody will ask for again.

use chrono::TimeDelta;
use config::database::Retention;

/// A login outlives its last token, or that one could be found without it. Tokens themselves go as soon as they have
/// ended: until then a used one tells of a theft, and afterwards it opens nothing anyway.
const SESSIONS: TimeDelta = TimeDelta::days(1);

/// Logins and tokens that have ended.
pub const FORGOTTEN: &[Retention] = &[
    Retention {
        statement: "DELETE FROM refresh_tokens WHERE expires_at < ? LIMIT ?",
        age: TimeDelta::zero(),
    },
    Retention { statement: "DELETE FROM sessions WHERE expires_at < ? LIMIT ?", age: SESSIONS },
    Retention {
        statement: "DELETE FROM one_time_tokens WHERE expires_at < ? LIMIT ?",
        age: TimeDelta::zero(),
    },
];
