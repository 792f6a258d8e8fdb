//! How long a poll waits, as `30s`, `500ms`, `1m` or a number of seconds.

use std::time::Duration;

use config::problem::InvalidFields;

const LONGEST: Duration = Duration::from_secs(60);
const DEFAULT: Duration = Duration::from_secs(30);

pub(super) fn wait(text: Option<&str>) -> Result<Duration, InvalidFields> {
    let Some(text) = text else { return Ok(DEFAULT) };
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "ms" => Some(1),
        "" | "s" => Some(1000),
        "m" => Some(60_000),
        _ => None,
    };
    let millis = number.parse::<u64>().ok().zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
    match millis.map(Duration::from_millis) {
        Some(wait) if wait <= LONGEST => Ok(wait),
        _ => Err(InvalidFields::one("wait", "invalid", "must be a time of up to one minute, such as 30s")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_and_a_limit() {
        for (text, millis) in [("30s", 30_000), ("500ms", 500), ("1m", 60_000), ("5", 5_000), ("0s", 0)] {
            assert_eq!(wait(Some(text)), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "-1s", "61s", "2m", "1h", "1.5s", "99999999999999999999s"] {
            assert!(wait(Some(text)).is_err(), "{text}");
        }
    }
}
