//! What Brevo tells of a person: that they are out, since when, and why.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Block, Channel, Consent, ConsentState, ContactRecord, Email, KnownAs};

/// Why Brevo writes to somebody no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutReason {
    /// They clicked "unsubscribe".
    Unsubscribed,
    /// They complained.
    Spam,
    /// The address does not exist. Nobody said anything.
    HardBounce,
    /// Found blocked, for a reason that Brevo does not tell.
    Blocked,
    /// The contact was deleted, and with it what the person had said there. Nobody said anything to us.
    Deleted,
}

impl OutReason {
    /// Whether it is the person's (or, where unknown, maybe the person's) word: only that goes back to the store.
    pub fn is_a_statement(self) -> bool {
        match self {
            Self::Unsubscribed | Self::Spam | Self::Blocked => true,
            Self::HardBounce | Self::Deleted => false,
        }
    }
}

/// Since when Brevo does not write to somebody, and why. Only ever moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrevoOut {
    /// Brevo's time.
    pub at: Timestamp,
    /// Brevo's reason.
    pub why: OutReason,
}

/// What happened to a contact in Brevo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrevoSaid {
    /// No more emails to them.
    Out(OutReason),
    /// No more text messages to them.
    SmsOut(OutReason),
    /// The contact is gone.
    Deleted,
}

impl BrevoSaid {
    /// The channel it closes; `None`: all of them.
    pub fn channel(self) -> Option<Channel> {
        match self {
            Self::Out(_) => Some(Channel::Email),
            Self::SmsOut(_) => Some(Channel::Sms),
            Self::Deleted => None,
        }
    }
}

/// One event of one contact.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrevoNews {
    /// Whose.
    pub email: Email,
    /// What happened.
    pub said: BrevoSaid,
    /// When, by Brevo's clock, in whole seconds.
    pub at: Timestamp,
}

// The address stays out.
impl fmt::Debug for BrevoNews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrevoNews").field("said", &self.said).field("at", &self.at).finish_non_exhaustive()
    }
}

/// Whose word counts where store and Brevo disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConsentSource {
    /// The store's: an opt-in that it records is never taken back there.
    Store,
    /// Brevo's: no opt-in of the store lifts what Brevo reported.
    Brevo,
    /// Whoever spoke last.
    #[default]
    Newest,
}

impl ConsentSource {
    /// Whether a report from Brevo stands against what the store records. Only an explicit opt-in that is newer lifts
    /// it, and with [`ConsentSource::Brevo`] nothing does. A tie is an opt-out.
    pub fn is_out(self, out: Option<&BrevoOut>, consent: Option<&Consent>) -> bool {
        let Some(out) = out else { return false };
        let is_newer_yes = consent.is_some_and(|consent| consent.is_yes_after(out.at));
        !(is_newer_yes && self != Self::Brevo)
    }

    /// Whether an opt-out in Brevo is to be written to the store. Never twice, and never over a newer word there.
    pub fn is_owed_to_the_store(self, out: &BrevoOut, consent: Option<&Consent>) -> bool {
        if consent.is_some_and(|consent| consent.state == ConsentState::OptedOut) {
            return false;
        }
        out.why.is_a_statement()
            && match self {
                Self::Brevo => true,
                Self::Newest => !consent.is_some_and(|consent| consent.is_yes_after(out.at)),
                Self::Store => consent.is_none(),
            }
    }
}

/// The report that holds: the later one; what is known already wins a tie, so the same report twice is one.
fn latest(stored: Option<BrevoOut>, new: BrevoOut) -> (BrevoOut, bool) {
    match stored {
        Some(stored) if new.at <= stored.at => (stored, false),
        _ => (new, true),
    }
}

/// What Brevo has after it reported an opt-out: a block, unless we lifted one since then. In that case nobody knows, and
/// the next write says what holds: an unasked block is set anew by an opt-out and lifted by an opt-in.
fn reported(before: Option<Block>, was_lifted: bool) -> Option<Block> {
    if before.is_none() && was_lifted { Some(Block::Unasked) } else { Some(Block::Reported) }
}

impl ContactRecord {
    /// The report of one channel.
    pub fn brevo_out(&self, channel: Channel) -> Option<&BrevoOut> {
        match channel {
            Channel::Email => self.email_out.as_ref(),
            Channel::Sms => self.sms_out.as_ref(),
            // Brevo tells nothing of WhatsApp.
            Channel::Whatsapp => None,
        }
    }

    /// Whether a report from Brevo stands against what the person said in the store ([`ConsentSource::is_out`]). An
    /// email opt-in lifts only what was reported about its own address, or what is older at its own address.
    pub fn is_out(&self, channel: Channel, source: ConsentSource) -> bool {
        let is_about_it = channel != Channel::Email || self.said_yes_about(self.email_out_for.as_ref());
        source.is_out(self.brevo_out(channel), self.said(channel).filter(|_| is_about_it))
    }

    /// Whether Brevo may block this channel because of us: we set it, or are about to, or nobody knows what became of a
    /// write.
    pub fn may_have_blocked(&self, channel: Channel) -> bool {
        let Some((block, was_tried, _)) = self.flag(channel) else { return true };
        let is_ours = matches!(block, Some(Block::Unasked | Block::OptedOut));
        is_ours || was_tried || self.creation.is_some()
    }

    /// Whether a block that Brevo has on this channel is one that nobody told us of.
    pub fn misses_block(&self, channel: Channel) -> bool {
        let knows = self.flag(channel).is_some_and(|(block, ..)| block.is_some());
        // Of a contact that we never wrote, nothing is thought.
        self.known_as != KnownAs::Unknown && !knows && !self.may_have_blocked(channel)
    }

    /// Whether we opened the contact ourselves: then a block that is found later came after that.
    pub fn was_opened_by_us(&self, channel: Channel) -> bool {
        self.known_as == KnownAs::Created || self.flag(channel).is_some_and(|(.., was_lifted)| was_lifted)
    }

    /// The block of a channel, whether a flag is on its way, and whether we lifted one. WhatsApp has no flag.
    fn flag(&self, channel: Channel) -> Option<(Option<Block>, bool, bool)> {
        match channel {
            Channel::Email => Some((self.email_block, self.email_flag_tried, self.email_lifted)),
            Channel::Sms => Some((self.sms_block, self.sms_flag_tried, self.sms_lifted)),
            Channel::Whatsapp => None,
        }
    }

    /// Takes over what happened in Brevo. True if it was news.
    pub fn hear_brevo(&mut self, news: &BrevoNews) -> bool {
        match news.said {
            BrevoSaid::Out(why) => {
                let is_news = self.note_email_out(BrevoOut { at: news.at, why });
                if is_news {
                    self.email_out_for = Some(news.email.clone());
                }
                is_news
            }
            BrevoSaid::SmsOut(why) => self.note_sms_out(BrevoOut { at: news.at, why }),
            BrevoSaid::Deleted => self.note_deleted(news.at),
        }
    }

    fn note_email_out(&mut self, out: BrevoOut) -> bool {
        let (out, is_news) = latest(self.email_out, out);
        if is_news {
            self.email_out = Some(out);
            self.email_block = reported(self.email_block, self.email_lifted);
        }
        is_news
    }

    fn note_sms_out(&mut self, out: BrevoOut) -> bool {
        let (out, is_news) = latest(self.sms_out, out);
        if is_news {
            self.sms_out = Some(out);
            self.sms_block = reported(self.sms_block, self.sms_lifted);
        }
        is_news
    }

    /// Takes over what Brevo reported of another customer's contact, which is this one's from now on. Whether it is
    /// blocked is not known by that.
    pub fn take_outs_of(&mut self, gone: &Self) {
        if let Some(other) = gone.email_out {
            let (out, is_news) = latest(self.email_out, other);
            self.email_out = Some(out);
            if is_news {
                self.email_out_for.clone_from(&gone.email_out_for);
            }
        }
        self.sms_out = gone.sms_out.map_or(self.sms_out, |other| Some(latest(self.sms_out, other).0));
    }

    /// The contact is gone from Brevo, and nobody knows what the person had said there: whatever comes back is out,
    /// until a newer opt-in. An event that is no newer than the last report is about a contact of before.
    pub fn note_deleted(&mut self, at: Timestamp) -> bool {
        let out = BrevoOut { at, why: OutReason::Deleted };
        if !self.note_email_out(out) {
            return false;
        }
        self.email_out_for = self.sent_email.clone().or_else(|| self.present_email().cloned());
        self.note_sms_out(out);
        // There is no block for WhatsApp, so the number stays away.
        self.refused_whatsapp = self.whatsapp_number().cloned().or(self.refused_whatsapp.take());
        // The next write does not assume that it is there: it is created anew, with its blocks.
        self.known_as = KnownAs::Unknown;
        self.others_asked = false;
        self.creation = None;
        self.sent_email = None;
        self.sent_phone = None;
        self.sent_whatsapp = None;
        self.in_abandoned_list = false;
        self.joined.clear();
        self.email_block = None;
        self.sms_block = None;
        self.email_flag_tried = false;
        self.sms_flag_tried = false;
        self.phone_tried = false;
        self.whatsapp_tried = false;
        self.email_lifted = false;
        self.sms_lifted = false;
        true
    }
}

#[cfg(test)]
#[path = "opt_out_tests.rs"]
mod tests;
