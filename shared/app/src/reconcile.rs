//! Every night: what Brevo's webhooks may have lost. Contacts that Brevo blocks and that we think open are told to the
//! stores that know them, as a webhook would have told them ([`crate::brevo_news`]).
//!
//! One page in one invocation; where to go on travels in the notice. Every page may be read twice, or by two at once:
//! what it finds is looked at again before it counts.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tajo_brevo::{get_changed_contacts, limits};
use tajo_domain::{BrevoNews, BrevoSaid, Channel, ContactKey, ContactRecord, Email, OutReason};
use tajo_platforms::notice::{Found, NewsForStore};
use tajo_platforms::{Notice, Platform};
use tajo_state::{Compared, Key, Reconcile, arm_reconcile, feeds_of_person};
use tracing::warn;

use crate::brevo_news::{concerns, found, tell};
use crate::outbox::Outbox;
use crate::stop::Stop;
use crate::sync::Outcome;
use crate::worker::LEAST_TIME;
use crate::{Env, Store, Urgency};

/// Each page begins so many contacts before the end of the one before: whoever is deleted meanwhile moves the rest up.
const OVERLAP: usize = 50;

/// The next night begins to look so long before this one did: Brevo's clock is not ours, and a change may be listed late.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(30);

/// How long a limit is waited for that others have run into.
const WAIT: Duration = Duration::from_secs(60);

/// How far a comparison came. It travels in the notice.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Progress {
    started_at: Timestamp,
    since: Timestamp,
    /// The next contact.
    offset: usize,
    looked_at: usize,
    news: usize,
}

/// A contact that Brevo blocks.
struct Blocked {
    email: Email,
    channels: Vec<Channel>,
}

/// Looks at one page, and says how far it came.
pub(crate) async fn compare(
    env: &Env,
    notice: &Notice,
    deadline: Timestamp,
) -> Result<(Outcome, String), Stop> {
    let account = &notice.shop;
    let Some(record) = env.table.get_newest::<Reconcile>(&Key::reconcile(account)).await?.record else {
        return Ok((Outcome::Skipped, "nobody asked for this Brevo account to be compared".to_owned()));
    };
    let Some(store) = lender(env, &record, account).await? else {
        return Ok((Outcome::Skipped, "no store of this Brevo account is at work".to_owned()));
    };
    let mut progress = Progress::of(notice, &record, env.clock.now());
    let (rows, is_last) = page(env, &store, &progress, deadline).await?; //          calls Brevo
    for (index, row) in rows.iter().enumerate() {
        if deadline.duration_since(env.clock.now()) < LEAST_TIME {
            progress.offset += index;
            return Err(progress.go_on());
        }
        if let Some(blocked) = blocked(row) {
            progress.news += tell_stores(env, account, &blocked, &progress, notice).await?; // reads; calls SQS
        }
        progress.looked_at = progress.looked_at.max(progress.offset + index + 1);
    }
    if !is_last {
        let is_full = rows.len() == limits::CONTACTS_PER_PAGE;
        progress.offset += if is_full { rows.len() - OVERLAP } else { rows.len() };
        return Err(progress.go_on());
    }
    finish(env, account, &progress).await?;
    let outcome = if progress.news == 0 { Outcome::Unchanged } else { Outcome::Applied };
    Ok((outcome, format!("{}; that is all", progress.so_far())))
}

/// Sees to it that the store's Brevo account is compared every night. Looked up once in the life of a process; what it
/// is called by does not fail with it.
pub(crate) async fn arm(env: &Env, store: &Store) {
    let mut armed = env.armed.lock().await;
    if armed.contains(&store.facts.store) {
        return;
    }
    let (record, now) = (&store.record, env.clock.now());
    match arm_reconcile(&env.table, &record.account, &store.facts.store, record.connected_at, now).await {
        Ok(()) => drop(armed.insert(store.facts.store.clone())),
        Err(error) => {
            warn!(store.id = %store.facts.store, %error, "the nightly comparison could not be arranged");
        }
    }
}

impl Progress {
    fn of(notice: &Notice, record: &Reconcile, now: Timestamp) -> Self {
        let before = notice.resume.as_deref().and_then(|text| serde_json::from_str(text).ok());
        before.unwrap_or(Self { started_at: now, since: record.since, offset: 0, looked_at: 0, news: 0 })
    }

    fn so_far(&self) -> String {
        let Self { looked_at, news, since, .. } = self;
        format!("{looked_at} contacts changed in Brevo since {since:.0}, {news} blocks were news to a store")
    }

    fn go_on(&self) -> Stop {
        // Numbers and times only: this cannot fail.
        let resume = serde_json::to_string(self).unwrap_or_default();
        Stop::Continue { resume, reason: format!("{} so far, the rest follows", self.so_far()) }
    }
}

/// A store that is at work and lends its key.
async fn lender(env: &Env, record: &Reconcile, account: &str) -> Result<Option<Arc<Store>>, Stop> {
    for id in &record.stores {
        let store = match env.store(id).await {
            Ok(store) => store.filter(|store| is_of(store, account)),
            // What is wrong with one store is said by its own notices.
            Err(Stop::Park { .. }) => continue,
            Err(stop) => return Err(stop),
        };
        if let Some(store) = store.filter(|store| store.facts.settings.enabled) {
            return Ok(Some(store));
        }
    }
    Ok(None)
}

fn is_of(store: &Store, account: &str) -> bool {
    store.record.account == *account && !store.record.status.has_left()
}

/// The next contacts that changed, and whether they are the last.
async fn page(
    env: &Env,
    store: &Store,
    progress: &Progress,
    deadline: Timestamp,
) -> Result<(Vec<Value>, bool), Stop> {
    if env.budgets.must_wait(&store.record.account, Urgency::Patient, env.clock.now()) {
        let reason = "the account's limits are needed for other work".to_owned();
        return Err(Stop::Scarce { after: WAIT, reason });
    }
    let request = get_changed_contacts(progress.since, progress.offset);
    let outbox = Outbox::new(env, None, deadline);
    let mut body = outbox.call(store, Urgency::Patient, &request).await??.body;
    let Value::Array(rows) = body["contacts"].take() else {
        return Err(Stop::park("Brevo's list of changed contacts holds no contacts"));
    };
    // Whether `count` is of those that changed, or of all, Brevo does not say: an empty page is the end either way.
    let count = body["count"].as_u64().and_then(|count| usize::try_from(count).ok());
    let is_last = rows.len() < limits::CONTACTS_PER_PAGE
        && count.is_none_or(|count| count <= progress.offset + rows.len())
        || rows.is_empty();
    Ok((rows, is_last))
}

/// `None`: open on both channels, or nobody we could know: we know people by their address.
fn blocked(row: &Value) -> Option<Blocked> {
    let email = Email::parse(row["email"].as_str()?).ok()?;
    let is_blocked = |channel: &Channel| row[found::flag(*channel)] == true;
    let channels: Vec<Channel> = [Channel::Email, Channel::Sms].into_iter().filter(is_blocked).collect();
    (!channels.is_empty()).then_some(Blocked { email, channels })
}

/// What one store knows of somebody.
struct Known {
    store: Arc<Store>,
    platform: Platform,
    customers: Vec<String>,
    records: Vec<ContactRecord>,
}

/// Tells the stores that think open what Brevo blocks. If any of the account's stores set the block, or may have, it is
/// the echo of our own write, and no news to anybody.
async fn tell_stores(
    env: &Env,
    account: &str,
    blocked: &Blocked,
    progress: &Progress,
    notice: &Notice,
) -> Result<usize, Stop> {
    let at = env.clock.now();
    let known = knowing(env, account, &blocked.email, at).await?;
    let records = || known.iter().flat_map(|known| &known.records);
    let mut notices = 0;
    for channel in &blocked.channels {
        if records().any(|record| record.may_have_blocked(*channel)) {
            continue;
        }
        let said = match channel {
            Channel::Sms => BrevoSaid::SmsOut(OutReason::Blocked),
            Channel::Email | Channel::Whatsapp => BrevoSaid::Out(OutReason::Blocked),
        };
        for known in &known {
            if known.records.iter().any(|record| record.misses_block(*channel)) {
                let told = NewsForStore {
                    // When it was blocked, nobody knows: at the latest now.
                    news: BrevoNews { email: blocked.email.clone(), said, at },
                    customers: known.customers.clone(),
                    found: Some(Found { open_at: progress.since }),
                };
                tell(env, &known.store, known.platform, &told, notice.received_at).await?;
                notices += 1;
            }
        }
    }
    Ok(notices)
}

/// The stores of the account that know somebody by this address, and what they know.
async fn knowing(env: &Env, account: &str, email: &Email, at: Timestamp) -> Result<Vec<Known>, Stop> {
    let mut known = Vec::new();
    for (id, feed) in feeds_of_person(&env.table, account, email).await? {
        if !feed.feeds() {
            continue;
        }
        let Some(store) = env.store(&id).await?.filter(|store| is_of(store, account)) else { continue };
        let Some(platform) = Platform::parse(&store.record.platform) else { continue };
        let guest = ContactKey::Guest(email.hash());
        let everybody = feed.customers.iter().cloned().map(ContactKey::Customer).chain([guest]);
        let mut records = Vec::new();
        for contact in everybody {
            let stored = env.table.get_newest::<ContactRecord>(&Key::contact(&id, &contact)).await?;
            let news = BrevoNews { email: email.clone(), said: BrevoSaid::Deleted, at };
            records.extend(stored.record.filter(|record| concerns(record, &news)));
        }
        known.push(Known { store, platform, customers: feed.customers, records });
    }
    Ok(known)
}

/// Writes down that everything up to the beginning of this comparison was looked at.
async fn finish(env: &Env, account: &str, progress: &Progress) -> Result<(), Stop> {
    let Progress { started_at, looked_at, news, .. } = *progress;
    let until = started_at.saturating_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
    let ended_at = env.clock.now();
    let end = |stored: Option<&Reconcile>| {
        let ended = stored.cloned().map(|mut record| {
            record.since = record.since.max(until);
            record.last = Some(Compared { started_at, ended_at, looked_at, news });
            record
        });
        (ended, ())
    };
    env.table.change(&Key::reconcile(account), Reconcile::attributes, end).await?;
    Ok(())
}
