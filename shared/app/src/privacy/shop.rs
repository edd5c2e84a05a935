//! `shop/redact`: everything of a shop is erased, 48 hours after it removed the app.

use tajo_domain::{ContactRecord, Demand, Identity, PrivacyDemand};
use tajo_state::{Attributes, BrevoSetUp, Held, PrivacyRecord, StoreRecord, StoreStatus};

use super::who::{self, Kind};
use super::{PAGE, Resume, Tally, asked_at, begin, done, settle};
use crate::delete;
use crate::stop::Stop;
use crate::worker::{Step, Worker};

const SECRET_STAYS: &str =
    "the store's secret with its Brevo key stays: delete it in Secrets Manager (brevo-sync may not)";

/// Erases what we hold, and takes back in Brevo what we gave it, item by item, over as many invocations as it takes.
pub(super) async fn erase(worker: &Worker<'_>) -> Result<Step, Stop> {
    let store = &worker.store.record;
    if !store.status.has_left() {
        return unconfirmed(worker);
    }
    let demand = PrivacyDemand {
        demand: Demand::EraseShop,
        shop: None,
        person: Identity::default(),
        orders: Vec::new(),
        request: None,
    };
    let Some(record) = begin(worker, &demand, asked_at(worker)).await? else {
        return Ok(Step::skip("privacy", "this demand was met already"));
    };
    walk(worker, &record).await?;
    let mut tally = Tally::default();
    tally.note(SECRET_STAYS);
    worker.env.change_store(&worker.store.facts.store, |stored| stored.map(left_over)).await?;
    settle(worker, &record, &mut tally, true).await?;
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
        hint: Some("if it did, confirm with `tajo privacy confirm`; else nothing is to be done"),
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
