//! What processes have learned of an account's rates, for those that come after them.
//!
//! Read when a process meets an account, twice a day, and every minute while a road of it is scarce; written when there is
//! news: a rate other than Brevo's table says, or a road that is scarce. So whoever is started in the middle of a sale takes
//! tickets from its first call on.

use jiff::{SignedDuration, Timestamp};
use tajo_brevo::{Bucket, Rate};
use tajo_state::{Learned, Table, learned_of, note_learned};
use tracing::warn;

use super::{Budgets, Lane};

/// How long what was read is believed while nothing is scarce.
const BELIEVED_FOR: SignedDuration = SignedDuration::from_hours(12);

/// The same where a road was scarce lately: others find out at the same time.
const BELIEVED_WHEN_SCARCE: SignedDuration = SignedDuration::from_mins(1);

/// A road that stays scarce is told of again this seldom.
const TOLD_EVERY: SignedDuration = SignedDuration::from_mins(2);

impl Budgets {
    /// Reads what others have learned of an account, if it is time. Half a read unit. Who cannot read learns by itself.
    pub(crate) async fn meet(&self, table: &Table, account: &str, now: Timestamp) {
        let believed_for = if self.is_wary(account, now) { BELIEVED_WHEN_SCARCE } else { BELIEVED_FOR };
        let last = self.met.lock().await.insert(account.to_owned(), now);
        if let Some(last) = last.filter(|last| now.duration_since(*last) < believed_for) {
            self.met.lock().await.insert(account.to_owned(), last);
            return;
        }
        match learned_of(table, account).await {
            Ok(all) => {
                for (name, learned) in all {
                    if let Some(bucket) = Bucket::named(&name) {
                        self.lane(account, bucket).recall(learned);
                    }
                }
            }
            Err(error) => warn!(%error, "what others have learned of Brevo's limits could not be read"),
        }
    }
}

impl Lane {
    fn recall(&self, learned: Learned) {
        self.change(|known| {
            let rate = Rate { calls: learned.calls.max(1), seconds: learned.seconds.max(1) };
            known.told.0 = rate;
            // Whoever has had an answer of its own knows better.
            if known.left.is_none() {
                known.rate = rate;
            }
            let wary_until = Timestamp::from_second(learned.wary_until).unwrap_or(Timestamp::MIN);
            known.wary_until = known.wary_until.max(wary_until);
        });
    }

    /// Tells others what they do not know yet. One write unit, seldom. Nothing hangs on it.
    pub(crate) async fn tell(&self, table: &Table, now: Timestamp) {
        let news = self.change(|known| {
            let is_old = TOLD_EVERY <= now.duration_since(known.told.1);
            let is_news = known.rate != known.told.0 || (now < known.scarce_until && is_old);
            is_news.then(|| {
                known.told = (known.rate, now);
                Learned {
                    calls: known.rate.calls,
                    seconds: known.rate.seconds,
                    wary_until: known.wary_until.as_second(),
                }
            })
        });
        let Some(learned) = news else { return };
        let (account, bucket) = (&self.account, self.bucket.as_str());
        if let Err(error) = note_learned(table, account, bucket, learned, now.as_second()).await {
            warn!(%error, "what was learned of Brevo's limits could not be written down");
        }
    }
}
