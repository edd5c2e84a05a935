//! Writing an opt-out that Brevo told of to the store. Never an opt-in, once per opt-out, and only where the store asked
//! for it (`consent: two_way`).

use jiff::Timestamp;
use tajo_domain::{BrevoNews, BrevoOut, BrevoSaid, Channel, Claim, ContactRecord, Skipped};
use tajo_platforms::notice::Found;
use tajo_platforms::shopify::api::{self, Error, NextStep};
use tajo_state::{Attributes, Key};

use crate::shopify::{CANNOT_BE_TOLD, NO_TOKEN};
use crate::stop::Stop;
use crate::worker::{Moment, Step, Worker};

/// Keys of the ledger begin like this. More digits than the time in seconds has for a long while, so they sort.
const KEYS: &str = "out:";

/// Write-backs that are remembered. One that is forgotten is not made again: by then the store records the opt-out, or
/// a newer opt-in.
const REMEMBERED: usize = 4;

/// An opt-out that is to be written to the store. Whoever holds this holds its claim.
#[derive(Clone, Debug)]
pub(crate) struct Owed {
    key: String,
    customer: String,
    channel: Channel,
    at: Timestamp,
}

/// Claims the write-back of this opt-out, if it is owed and nobody has made it. Pure.
///
/// When a block that was found was set, nobody knows. Against a recorded opt-in it counts only as of when the contact was
/// surely open still: a newer yes in the store is never written over.
pub(crate) fn claim(
    record: &mut ContactRecord,
    news: &BrevoNews,
    found: Option<&Found>,
    moment: &Moment<'_>,
) -> Option<Owed> {
    let settings = moment.facts.settings.consent;
    let (channel, why) = match news.said {
        BrevoSaid::Out(why) => (Channel::Email, why),
        BrevoSaid::SmsOut(why) => (Channel::Sms, why),
        BrevoSaid::Deleted => return None,
    };
    let open_at =
        |found: &Found| if record.was_opened_by_us(channel) { found.open_at } else { Timestamp::MIN };
    let out = BrevoOut { at: found.map_or(news.at, open_at), why };
    // A guest has no account that could be told.
    let customer = record.customer.clone()?;
    if !settings.is_two_way || !settings.source_of_truth.is_owed_to_the_store(&out, record.recorded(channel))
    {
        return None;
    }
    let key = format!(
        "{KEYS}{}:{:012}",
        if channel == Channel::Sms { "sms" } else { "email" },
        news.at.as_second()
    );
    if record.effects.claim(&key, moment.now, moment.claim_until) != Claim::Mine {
        return None;
    }
    record.effects.forget_oldest_done(KEYS, REMEMBERED);
    Some(Owed { key, customer, channel, at: news.at })
}

/// Writes it, and settles the claim: done, or free again for whoever tries next.
pub(crate) async fn tell_the_store(worker: &Worker<'_>, key: &Key, owed: &Owed) -> Result<Step, Stop> {
    let told = tell(worker, owed).await;
    let record = worker.env.table.get::<ContactRecord>(key).await?;
    let settle = |record: &mut ContactRecord| match &told {
        Ok(_) => record.effects.done(&owed.key),
        Err(_) => record.effects.release(&owed.key),
    };
    worker.env.table.settle(key, record, Attributes::none, settle).await?;
    told
}

async fn tell(worker: &Worker<'_>, owed: &Owed) -> Result<Step, Stop> {
    let Some(shop) = worker.store.shop() else {
        let reason = format!("{CANNOT_BE_TOLD}{NO_TOKEN}");
        worker.env.set_attention(&worker.store.facts.store, Some(&reason)).await?;
        return Err(Stop::Park { reason, hint: Some(NO_SCOPE) });
    };
    worker.has_time()?;
    let query = match owed.channel {
        Channel::Sms => api::sms_opt_out(&owed.customer, owed.at),
        Channel::Email | Channel::Whatsapp => api::email_opt_out(&owed.customer, owed.at),
    };
    let error = match worker.env.shopify.ask(shop, &query, &worker.env.clock).await {
        Ok(answer) => {
            let skipped = api::refusal(&answer).map(|code| {
                Skipped::new("consent in the store", format!("Shopify did not take the opt-out: {code}"))
            });
            let applied = skipped.is_none();
            let skipped = skipped.into_iter().collect();
            return Ok(Step { applied, told_platform: true, skipped, ..Step::default() });
        }
        Err(error) => error,
    };
    match error.next_step() {
        NextStep::Retry { after } => Err(Stop::Later { after, reason: error.to_string() }),
        NextStep::AskMerchant { hint } => {
            let reason = format!("{CANNOT_BE_TOLD}{error}");
            worker.env.set_attention(&worker.store.facts.store, Some(&reason)).await?;
            let hint = if matches!(error, Error::AccessDenied { .. }) { NO_SCOPE } else { hint };
            Err(Stop::Park { reason, hint: Some(hint) })
        }
        NextStep::Park => Err(Stop::park(error.to_string())),
    }
}

/// What to do where opt-outs cannot be written.
const NO_SCOPE: &str = "connect the store again and open the link, which asks for the scope write_customers (give an old custom \
                        app the scope in Shopify first), or set `consent: one_way`";
