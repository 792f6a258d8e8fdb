//! A rating, and when it is shown.

use chrono::{DateTime, Utc};
use config::id::{ProductId, UserId};

use super::{Comment, Reason, Stars, Title};

config::ids! {
    /// A rating.
    RatingId
}

config::names! {
    /// What is looked at before it is shown.
    Moderation {
        Off = "off",
        /// Every rating that says something.
        Comments = "comments",
    }
}

config::names! {
    /// Whether a rating is shown; only a published one counts.
    Status {
        /// A moderator hasn't looked yet.
        Pending = "pending",
        Published = "published",
        /// Taken away after it was shown.
        Hidden = "hidden",
        Rejected = "rejected",
    }
}

/// What its author says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub stars: Stars,
    pub title: Option<Title>,
    pub comment: Option<Comment>,
}

impl Content {
    fn says_something(&self) -> bool {
        self.title.is_some() || self.comment.is_some()
    }

    /// How a new rating begins.
    pub fn first_status(&self, moderation: Moderation) -> Status {
        match moderation {
            Moderation::Comments if self.says_something() => Status::Pending,
            Moderation::Comments | Moderation::Off => Status::Published,
        }
    }
}

/// What a user thinks of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    pub id: RatingId,
    pub product_id: ProductId,
    pub user_id: UserId,
    pub content: Content,
    pub status: Status,
    pub moderation_reason: Option<Reason>,
    /// Whether its author has bought the product.
    pub verified: bool,
    /// How many found it helpful.
    pub helpful: u32,
    /// How many have reported it since a moderator last looked.
    pub reports: u32,
    pub version: u64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Rating {
    /// What it adds to its product's summary.
    pub fn counts_as(&self) -> Option<Stars> {
        (self.status == Status::Published).then_some(self.content.stars)
    }

    /// Its author changes it. Words that a moderator took away, or must see first, are looked at again.
    pub fn edit(&mut self, content: Content, moderation: Moderation, now: DateTime<Utc>) {
        let new_words = content.title != self.content.title || content.comment != self.content.comment;
        self.status = match self.status {
            Status::Hidden | Status::Rejected => Status::Pending,
            Status::Published if new_words => content.first_status(moderation),
            status => status,
        };
        self.content = content;
        self.touch(now);
    }

    /// A moderator has looked: reports until now are dealt with.
    pub fn moderate(&mut self, status: Status, reason: Option<Reason>, now: DateTime<Utc>) {
        self.status = status;
        self.moderation_reason = reason;
        self.reports = 0;
        self.touch(now);
    }

    /// Its author has had one of the same product that moderators weren't done with: they see this one first.
    pub fn hold(&mut self) {
        self.status = Status::Pending;
    }

    /// Whether moderators aren't done with it, or have taken it away.
    pub fn is_in_question(&self) -> bool {
        self.status != Status::Published || self.reports > 0
    }

    fn touch(&mut self, now: DateTime<Utc>) {
        self.version += 1;
        self.updated_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(stars: i64, comment: &str) -> Content {
        Content {
            stars: Stars::new(stars).unwrap(),
            title: None,
            comment: Comment::optional(comment).unwrap(),
        }
    }

    fn rating(status: Status) -> Rating {
        Rating {
            id: RatingId::new(1),
            product_id: "507f1f77bcf86cd799439011".parse().unwrap(),
            user_id: UserId::new(7),
            content: content(4, "good"),
            status,
            moderation_reason: None,
            verified: false,
            helpful: 0,
            reports: 3,
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn only_words_wait_for_a_moderator() {
        assert_eq!(content(1, "bad").first_status(Moderation::Off), Status::Published);
        assert_eq!(content(1, "bad").first_status(Moderation::Comments), Status::Pending);
        assert_eq!(content(1, "").first_status(Moderation::Comments), Status::Published);
    }

    #[test]
    fn what_was_taken_away_does_not_come_back_by_an_edit() {
        for (before, words, moderation, after) in [
            (Status::Hidden, "good", Moderation::Off, Status::Pending),
            (Status::Rejected, "", Moderation::Off, Status::Pending),
            (Status::Pending, "better", Moderation::Off, Status::Pending),
            (Status::Published, "better", Moderation::Off, Status::Published),
            (Status::Published, "better", Moderation::Comments, Status::Pending),
            (Status::Published, "good", Moderation::Comments, Status::Published),
            (Status::Published, "", Moderation::Comments, Status::Published),
        ] {
            let mut rating = rating(before);
            rating.edit(content(2, words), moderation, DateTime::UNIX_EPOCH);
            assert_eq!((rating.status, rating.version), (after, 2), "{before:?} {words} {moderation:?}");
        }
    }

    #[test]
    fn only_what_is_published_and_not_reported_is_in_no_question() {
        for status in Status::ALL {
            let reported = rating(status);
            let quiet = Rating { reports: 0, ..reported.clone() };
            assert_eq!(
                (reported.is_in_question(), quiet.is_in_question()),
                (true, status != Status::Published)
            );
        }
    }

    #[test]
    fn only_what_is_published_counts() {
        for status in Status::ALL {
            assert_eq!(rating(status).counts_as().is_some(), status == Status::Published);
        }
        let mut rating = rating(Status::Published);
        rating.moderate(Status::Hidden, None, DateTime::UNIX_EPOCH);
        assert_eq!((rating.counts_as(), rating.reports), (None, 0));
    }
}
