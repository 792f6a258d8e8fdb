//! What nobody will ask for again.

use chrono::TimeDelta;
use config::database::Retention;

use crate::application::UNVERIFIED_DAY;

/// Who comes to the shop only twice a year still finds what happened in between.
const NOTIFICATIONS: TimeDelta = TimeDelta::days(180);
/// The log is for questions about a message that didn't come, and those are asked within weeks. A delivery that goes on
/// is kept however old it is.
const DELIVERIES: TimeDelta = TimeDelta::days(30);

/// Old notifications, the log of deliveries that have ended, and counts of e-mails that begin anew anyway.
pub const FORGOTTEN: &[Retention] = &[
    Retention {
        statement: "DELETE FROM deliveries WHERE next_attempt_at IS NULL AND created_at < ? LIMIT ?",
        age: DELIVERIES,
    },
    Retention { statement: "DELETE FROM notifications WHERE created_at < ? LIMIT ?", age: NOTIFICATIONS },
    Retention { statement: "DELETE FROM unverified_emails WHERE since < ? LIMIT ?", age: UNVERIFIED_DAY },
];
