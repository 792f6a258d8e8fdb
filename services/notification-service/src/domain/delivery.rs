//! How a delivery goes on: sent, tried again later, or given up.

use std::time::Duration;

config::ids! {
    /// One notification on its way over one channel.
    DeliveryId
}

config::names! {
    /// Where a delivery is.
    ///
    /// ```text
    /// pending ─→ sent
    ///    │  ┌──────↑
    ///    └→ failed ─→ dead ─→ pending (an administrator's resend)
    /// ```
    DeliveryStatus {
        /// Not tried yet, or it can't be: nobody knows the address yet.
        Pending = "pending",
        Sent = "sent",
        /// Tried in vain, and to be tried again.
        Failed = "failed",
        /// Given up.
        Dead = "dead",
    }
}

impl DeliveryStatus {
    /// Whether it ended without having been sent, so that an administrator may begin anew.
    pub fn can_be_resent(self) -> bool {
        self == Self::Dead
    }
}

/// How often a delivery is tried, and how far apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// After this many it is given up.
    pub most: u16,
    /// The pause after the first; each later one doubles it.
    pub pause: Duration,
}

/// The longest pause between two attempts.
const LONGEST: Duration = Duration::from_secs(3_600);

/// What follows a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    In(Duration),
    GiveUp,
}

impl Attempts {
    /// After `made` attempts, all in vain. `chance`, from 0 to 1, spreads what failed together over half the
    /// pause.
    pub fn after(self, made: u16, chance: f64) -> Retry {
        if made >= self.most {
            return Retry::GiveUp;
        }
        let doubled =
            2_u32.checked_pow(made.saturating_sub(1).into()).and_then(|times| self.pause.checked_mul(times));
        let pause = doubled.unwrap_or(LONGEST).min(LONGEST);
        Retry::In(pause.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATTEMPTS: Attempts = Attempts { most: 15, pause: Duration::from_secs(5) };

    #[test]
    fn pauses_double_up_to_an_hour_and_then_it_ends() {
        let pauses: Vec<_> = (1..15).map(|made| ATTEMPTS.after(made, 1.0)).collect();
        assert_eq!(pauses[..3], [5, 10, 20].map(|seconds| Retry::In(Duration::from_secs(seconds))));
        assert_eq!(pauses[13], Retry::In(LONGEST));
        assert_eq!(ATTEMPTS.after(15, 1.0), Retry::GiveUp);
    }

    proptest::proptest! {
        #[test]
        fn no_pause_is_longer_than_the_longest_nor_shorter_than_half(made in 0_u16.., chance in -1.0_f64..2.0) {
            match ATTEMPTS.after(made, chance) {
                Retry::In(pause) => proptest::prop_assert!(pause <= LONGEST && pause >= ATTEMPTS.pause / 2),
                Retry::GiveUp => proptest::prop_assert!(made >= ATTEMPTS.most),
            }
        }
    }
}
