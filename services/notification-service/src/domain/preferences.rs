//! What a user wants to hear of, and how.

use std::collections::BTreeMap;

use super::{Channel, NotificationType};

/// One choice of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    pub kind: NotificationType,
    pub channel: Channel,
    pub enabled: bool,
}

/// It keeps the account safe, so it can't be turned off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("can't be turned off: it keeps the account safe")]
pub struct Mandatory;

impl Choice {
    /// A choice that may be made.
    pub fn new(kind: NotificationType, channel: Channel, enabled: bool) -> Result<Self, Mandatory> {
        match !enabled && kind.is_mandatory(channel) {
            true => Err(Mandatory),
            false => Ok(Self { kind, channel, enabled }),
        }
    }
}

/// All choices of a user; everything is on by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preferences(BTreeMap<(NotificationType, Channel), bool>);

impl Preferences {
    /// Whether the user is to hear of this that way.
    pub fn wants(&self, kind: NotificationType, channel: Channel) -> bool {
        let chosen = || self.0.get(&(kind, channel)).copied().unwrap_or(true);
        kind.goes_by(channel) && (kind.is_mandatory(channel) || chosen())
    }
}

impl FromIterator<Choice> for Preferences {
    fn from_iter<I: IntoIterator<Item = Choice>>(choices: I) -> Self {
        Self(choices.into_iter().map(|choice| ((choice.kind, choice.channel), choice.enabled)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use NotificationType::{OrderPaid, PasswordReset};

    #[test]
    fn everything_is_on_until_turned_off() {
        let preferences = Preferences::default();
        assert!(preferences.wants(OrderPaid, Channel::Email));
        let off = Choice::new(OrderPaid, Channel::Email, false).unwrap();
        let preferences: Preferences = [off].into_iter().collect();
        assert!(!preferences.wants(OrderPaid, Channel::Email));
        assert!(preferences.wants(OrderPaid, Channel::InApp));
    }

    #[test]
    fn what_keeps_the_account_safe_stays_on() {
        assert_eq!(Choice::new(PasswordReset, Channel::Email, false), Err(Mandatory));
        let forged = Choice { kind: PasswordReset, channel: Channel::Email, enabled: false };
        assert!(Preferences::from_iter([forged]).wants(PasswordReset, Channel::Email));
        assert!(!Preferences::default().wants(PasswordReset, Channel::InApp));
    }
}
