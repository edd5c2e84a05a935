//! `shop/redact`: everything of a shop is erased, long enough after it removed the app.
//!
//! The body says only which shop, and is the same every time: an old one can be sent again. So the shop must have left, as
//! Shopify confirmed; 47 hours must have passed since, by our clock, for all to see; and before anything is erased Shopify
//! is asked once more. Why it is so: `docs/decisions/0035-replayed-demands.md`.

use jiff::Timestamp;
use tajo_domain::{ContactRecord, Demand, Identity, PrivacyDemand};
use tajo_state::{
    Attributes, BrevoSetUp, ERASE_AFTER, Erasure, Held, Key, PrivacyRecord, StoreRecord, StoreStatus,
};

use super::who::{self, Kind};
use super::{PAGE, Resume, Tally, asked_at, begin_as, done, settle};
use crate::delete;
use crate::lifecycle::{Installed, is_installed};
use crate::stop::Stop;
use crate::sync::outcome::work_id;
use crate::worker::{Step, Worker};

const CONFIRM: &str = "if it did, confirm with `tajo privacy confirm`; else nothing is to be done";

const SECRET_STAYS: &str =
    "the store's secret with its Brevo key stays: delete it in Secrets Manager (brevo-sync may not)";

/// Accepts the demand of a shop: it is met at once if a person said so or the time has come, and waits otherwise.
pub(super) async fn erase(worker: &Worker<'_>) -> Result<Step, Stop> {
    let store = &worker.store.record;
    if !store.status.has_left() {
        return unconfirmed(worker);
    }
    let now = worker.now();
    // A record without the time of its uninstall counts from now.
    let uninstalled_at = store.uninstalled_at.unwrap_or(now);
    // One demand for each uninstall: a shop may come and go.
    let demand = format!("{}-{}", work_id(worker.notice), uninstalled_at.as_second());
    if worker.notice.confirmed {
        return erase_now(worker, demand, asked_at(worker)).await;
    }
    // What an earlier release wrote down may be the sender's word, in either direction: Shopify is asked again anyway.
    let due_at = uninstalled_at.min(now).saturating_add(ERASE_AFTER).unwrap_or(Timestamp::MAX);
    if due_at <= now {
        return erase_if_gone(worker, demand, asked_at(worker)).await;
    }
    let look_at = due_at.as_millisecond();
    let erasure = Erasure { demand, asked_at: asked_at(worker), uninstalled_at, due_at, look_at };
    let note = |stored: Option<&Erasure>| {
        let is_noted = stored.is_some_and(|stored| stored.uninstalled_at == uninstalled_at);
        ((!is_noted).then(|| erasure.clone()), ())
    };
    let key = Key::erasure(&worker.store.facts.store);
    worker.env.table.change(&key, Erasure::attributes, note).await?;
    Ok(Step { applied: true, ..Step::skip("privacy", waiting(due_at)) })
}

/// Why nothing is erased yet, for the log and the store's status.
pub(crate) fn waiting(due_at: Timestamp) -> String {
    let at = due_at.strftime("%Y-%m-%d %H:%M");
    format!("everything of the store is erased at {at} UTC, unless it is connected again before")
}

/// The sweeper found that a shop's time has come.
pub(crate) async fn erase_due(worker: &Worker<'_>) -> Result<Step, Stop> {
    let id = &worker.store.facts.store;
    let key = Key::erasure(id);
    let Some(erasure) = worker.env.table.get_newest::<Erasure>(&key).await?.record else {
        return Ok(Step::skip("privacy", "no erasure of the store is waiting"));
    };
    let store = worker.env.table.get_newest::<StoreRecord>(&Key::store(id)).await?.record;
    let is_wanted = |store: StoreRecord| store.status != StoreStatus::Erased && erasure.is_about(&store);
    if !store.is_some_and(is_wanted) {
        worker.env.table.take::<Erasure>(&key).await?;
        return Ok(Step::skip("privacy", "the store was connected again: nothing is erased"));
    }
    if worker.notice.confirmed {
        return erase_now(worker, erasure.demand, erasure.asked_at).await;
    }
    if worker.now() < erasure.due_at {
        return Ok(Step::skip("privacy", waiting(erasure.due_at)));
    }
    erase_if_gone(worker, erasure.demand, erasure.asked_at).await
}

/// Asks Shopify once more before anything is erased.
async fn erase_if_gone(worker: &Worker<'_>, demand: String, asked_at: Timestamp) -> Result<Step, Stop> {
    // One that was begun goes on.
    let key = Key::privacy(worker.store.facts.store.as_str(), &demand);
    let has_begun = worker.env.table.get_newest::<PrivacyRecord>(&key).await?.record.is_some();
    let installed = if has_begun { Installed::No } else { is_installed(worker).await? };
    match installed {
        Installed::No => erase_now(worker, demand, asked_at).await,
        Installed::Yes => {
            worker.env.table.take::<Erasure>(&Key::erasure(&worker.store.facts.store)).await?;
            let reason = "Shopify takes the app's token: nothing is erased";
            Ok(Step { asked_platform: true, ..Step::skip("privacy", reason) })
        }
        Installed::CannotBeAsked => Err(Stop::Park {
            reason: "the shop is to be erased, and without a token nobody can ask whether it removed the app"
                .to_owned(),
            hint: Some(CONFIRM),
        }),
    }
}

/// Erases what we hold, and takes back in Brevo what we gave it, item by item, over as many invocations as it takes.
async fn erase_now(worker: &Worker<'_>, id: String, at: Timestamp) -> Result<Step, Stop> {
    let demand = PrivacyDemand {
        demand: Demand::EraseShop,
        shop: None,
        person: Identity::default(),
        orders: Vec::new(),
        request: None,
    };
    let Some(record) = begin_as(worker, &demand, id, at).await? else {
        return Ok(Step::skip("privacy", "this demand was met already"));
    };
    walk(worker, &record).await?;
    let mut tally = Tally::default();
    tally.note(SECRET_STAYS);
    worker.env.change_store(&worker.store.facts.store, |stored| stored.map(left_over)).await?;
    settle(worker, &record, &mut tally, true).await?;
    worker.env.table.take::<Erasure>(&Key::erasure(&worker.store.facts.store)).await?;
    Ok(done(format!(
        "everything of the store is erased; the proof is `{}` in `tajo privacy list`",
        record.id
    )))
}

/// Only the body is signed, and it says no more than which shop: that the app was removed must be known from elsewhere.
fn unconfirmed(worker: &Worker<'_>) -> Result<Step, Stop> {
    let store = &worker.store.record;
    let connected = store.installed_at.unwrap_or(store.connected_at);
    if asked_at(worker) <= connected && worker.notice.triggered_at.is_some() {
        return Ok(Step::skip(
            "privacy",
            "the store was connected again after this demand: nothing is erased",
        ));
    }
    Err(Stop::Park {
        reason: "the shop is to be erased, but nothing says that it removed the app".to_owned(),
        hint: Some(CONFIRM),
    })
}

/// What is left of a store: that it was erased, so that its late notices are not kept.
fn left_over(stored: &StoreRecord) -> StoreRecord {
    StoreRecord {
        country: None,
        settings: String::new(),
        status: StoreStatus::Erased,
        attention: None,
        scopes: None,
        currency: None,
        set_up: BrevoSetUp::default(),
        ..stored.clone()
    }
}

async fn walk(worker: &Worker<'_>, record: &PrivacyRecord) -> Result<(), Stop> {
    let resume = Resume::of(worker);
    let mut after = resume.after();
    // The shop may have taken its Brevo key along: then only our own state can be erased.
    let mut brevo_answers = true;
    loop {
        let page = worker.env.table.page(after.as_ref(), PAGE).await?;
        let mut tally = Tally::default();
        for held in page.items {
            if !worker.has_time_for_more() {
                settle(worker, record, &mut tally, false).await?;
                return Err(resume.at(after, 0).stop());
            }
            let ended = item(worker, held, &mut brevo_answers, &mut tally).await;
            if let Err(stop) = ended {
                settle(worker, record, &mut tally, false).await?;
                return Err(stop);
            }
        }
        settle(worker, record, &mut tally, false).await?;
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

async fn item(
    worker: &Worker<'_>,
    held: Held,
    brevo_answers: &mut bool,
    tally: &mut Tally,
) -> Result<(), Stop> {
    let table = &worker.env.table;
    let Held { key, .. } = held;
    let what = match who::kind(worker, &key) {
        // The proofs of what was erased before are no personal data.
        None | Some(Kind::Demand) => return Ok(()),
        Some(Kind::Contact) => {
            let at = asked_at(worker);
            let mark = |stored: Option<&ContactRecord>| {
                let changed = stored.cloned().map(|mut record| {
                    record.change(|record| record.deleted_at = record.deleted_at.or(Some(at)));
                    record
                });
                (changed.filter(|changed| stored != Some(changed)), ())
            };
            let (stored, ()) = table.change(&key, Attributes::none, mark).await?;
            if *brevo_answers {
                match delete::take_back(worker, &key, stored).await {
                    Ok(true) => tally.count("Brevo contacts deleted or emptied", 1),
                    Ok(false) => {}
                    Err(Stop::Park { reason, hint }) => {
                        *brevo_answers = hint.is_none();
                        tally.note(format!("contacts stay in Brevo: {reason}"));
                        tally.count("Brevo contacts left", 1);
                    }
                    Err(stop) => return Err(stop),
                }
            } else {
                tally.count("Brevo contacts left", 1);
            }
            "contacts"
        }
        Some(Kind::Order(_)) => "orders",
        Some(Kind::Cart) => "carts",
        Some(Kind::Parked(_)) => "parked notices",
        Some(Kind::Feed | Kind::Other) => "other items",
    };
    table.delete(&key).await?;
    tally.count(what, 1);
    Ok(())
}
