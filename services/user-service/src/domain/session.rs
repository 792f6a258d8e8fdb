//! Logins, and the refresh tokens that keep them going.

use chrono::{DateTime, TimeDelta, Utc};
use config::id::UserId;
use uuid::Uuid;

/// How long a refresh token holds; each use gives a new one.
pub const REFRESH_TOKEN_LIFETIME: TimeDelta = TimeDelta::days(30);

/// A login: the family of all refresh tokens that came from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionId(Uuid);

impl SessionId {
    pub fn new(id: Uuid) -> Self {
        Self(id)
    }

    pub fn get(self) -> Uuid {
        self.0
    }
}

impl std::fmt::Display for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What is known of a refresh token that somebody shows.
#[derive(Debug, Clone)]
pub struct RefreshGrant {
    pub session: SessionId,
    pub user_id: UserId,
    pub expires_at: DateTime<Utc>,
    pub used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Why a refresh token doesn't count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is over, one way or another.
    Ended,
    /// It was used before: two people hold it, and one of them stole it.
    Reused,
}

impl RefreshGrant {
    /// Whether it may be used now.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), Refusal> {
        if self.revoked_at.is_some() || self.expires_at <= now {
            return Err(Refusal::Ended);
        }
        match self.used_at {
            Some(_) => Err(Refusal::Reused),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(used: bool, revoked: bool, left: i64) -> (RefreshGrant, DateTime<Utc>) {
        let now = DateTime::UNIX_EPOCH;
        let grant = RefreshGrant {
            session: SessionId::new(Uuid::nil()),
            user_id: UserId::new(1),
            expires_at: now + TimeDelta::seconds(left),
            used_at: used.then_some(now),
            revoked_at: revoked.then_some(now),
        };
        (grant, now)
    }

    #[test]
    fn only_a_living_unused_token_counts() {
        let check = |used, revoked, left| {
            let (grant, now) = grant(used, revoked, left);
            grant.check(now)
        };
        assert_eq!(check(false, false, 1), Ok(()));
        assert_eq!(check(false, false, 0), Err(Refusal::Ended));
        assert_eq!(check(true, false, 1), Err(Refusal::Reused));
        assert_eq!(check(true, true, 1), Err(Refusal::Ended), "the family has been revoked already");
        assert_eq!(check(false, true, 1), Err(Refusal::Ended));
    }
}
