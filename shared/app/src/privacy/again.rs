//! A demand to erase somebody, once more. Nothing in its body says when it was made, so a genuine one may be sent again
//! years later, when the person has long come back. Why it is so: `docs/decisions/0035-replayed-demands.md`.

use jiff::Timestamp;
use tajo_domain::{ContactKey, ContactRecord, Demand, Email, PrivacyDemand, short_hash};
use tajo_state::{Key, PersonFeed, PrivacyRecord};

use super::{asked_at, known};
use crate::stop::Stop;
use crate::worker::{Step, Worker};

const MET: &str = "this demand was met already";

const OLDER: &str =
    "the person came to the store after this demand was made, and what was before is erased already";

/// Somebody who came after the erasure of the person that a demand names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Newcomer {
    /// When, where that is known.
    came_at: Option<Timestamp>,
    /// The demand names an account, and that one was erased: it is not the newcomer's.
    is_named_otherwise: bool,
}

/// What a demand is to somebody who was erased before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    /// It is to be met.
    Meet,
    /// It was met, and nobody is there.
    Met,
    /// It is older than whoever is there now.
    Older,
    /// It may be an old one, sent again, or a new one of the same person: only a person can tell.
    Unclear,
}

/// The end of a demand that repeats one that was met. `None`: it is to be met.
///
/// # Errors
/// Where only a person can tell, it is parked: `tajo privacy confirm` has it met.
pub(super) async fn repeats(worker: &Worker<'_>, demand: &PrivacyDemand) -> Result<Option<Step>, Stop> {
    if worker.notice.confirmed {
        return Ok(None);
    }
    let stored = known(worker, Demand::Erase).await?;
    let newcomer = newcomer(worker, demand).await?;
    let is_same_delivery =
        stored.as_ref().is_some_and(|record| record.delivery.as_ref() == Some(&worker.notice.delivery));
    match judge(stored.as_ref(), newcomer, is_same_delivery, asked_at(worker)) {
        Again::Meet => Ok(None),
        Again::Met => Ok(Some(Step::skip("privacy", MET))),
        Again::Older => Ok(Some(Step::skip("privacy", OLDER))),
        Again::Unclear => Err(Stop::Park {
            reason:
                "the person was erased before and came back since: this may be the old demand, sent again"
                    .to_owned(),
            hint: Some("if they asked anew, confirm with `tajo privacy confirm`; else drop it"),
        }),
    }
}

/// What a demand is. Pure.
fn judge(
    stored: Option<&PrivacyRecord>,
    newcomer: Option<Newcomer>,
    is_same_delivery: bool,
    asked_at: Timestamp,
) -> Again {
    let is_met = match stored {
        // It has begun, and goes on.
        Some(record) if record.finished_at.is_none() => return Again::Meet,
        Some(_) => true,
        None => false,
    };
    match (newcomer, is_met) {
        (None, false) => Again::Meet,
        (None, true) => Again::Met,
        (Some(_), true) if is_same_delivery => Again::Met,
        (Some(_), true) => Again::Unclear,
        (Some(newcomer), false) if newcomer.came_at.is_some_and(|came_at| asked_at <= came_at) => {
            Again::Older
        }
        (Some(newcomer), false) if newcomer.is_named_otherwise => Again::Unclear,
        (Some(_), false) => Again::Meet,
    }
}

/// Whoever came anew under the address or number of a demand. Nobody, if the demand names an account that is there: it
/// was made when that account was.
async fn newcomer(worker: &Worker<'_>, demand: &PrivacyDemand) -> Result<Option<Newcomer>, Stop> {
    let (table, store) = (&worker.env.table, &worker.store.facts.store);
    let mut is_named_otherwise = false;
    if let Some(id) = &demand.person.customer {
        let account = contact(worker, ContactKey::Customer(id.clone())).await?;
        if account.as_ref().is_some_and(|account| account.deleted_at.is_none()) {
            return Ok(None);
        }
        is_named_otherwise = account.is_some_and(|account| account.erased_at.is_some());
    }
    let mut came = None;
    if let Some(email) = &demand.person.email {
        let key = Key::person(&worker.store.record.account, &email.hash(), store);
        let feed = table.get_newest::<PersonFeed>(&key).await?.record;
        came = feed.filter(|feed| feed.came_anew).map(|feed| feed.came_at);
    }
    let hash = demand.person.email.as_ref().map(Email::hash);
    let hash = hash.or_else(|| demand.person.phone.as_ref().map(|phone| short_hash(phone.as_str())));
    if let (None, Some(hash)) = (&came, hash) {
        let guest = contact(worker, ContactKey::Guest(hash)).await?;
        let is_anew = guest.is_some_and(|guest| guest.erased_at.is_some() && guest.deleted_at.is_none());
        came = is_anew.then_some(None);
    }
    Ok(came.map(|came_at| Newcomer { came_at, is_named_otherwise }))
}

async fn contact(worker: &Worker<'_>, key: ContactKey) -> Result<Option<ContactRecord>, Stop> {
    let key = Key::contact(&worker.store.facts.store, &key);
    Ok(worker.env.table.get_newest::<ContactRecord>(&key).await?.record)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn record(finished_at: Option<Timestamp>) -> PrivacyRecord {
        PrivacyRecord {
            id: "a".to_owned(),
            delivery: Some("d".to_owned()),
            store: "demo-shop".to_owned(),
            demand: Demand::Erase,
            request: None,
            person: None,
            asked_at: at(1),
            finished_at,
            counts: BTreeMap::new(),
            notes: Vec::new(),
            parts: 0,
            fetched_at: None,
        }
    }

    #[test]
    fn a_demand_is_met_once_and_never_against_somebody_who_came_later() {
        let (open, met) = (record(None), record(Some(at(2))));
        let came = |at, is_named_otherwise| Some(Newcomer { came_at: at, is_named_otherwise });
        for (stored, newcomer, is_same, asked_at, expected) in [
            (None, None, false, at(1), Again::Meet),
            (Some(&open), came(Some(at(5)), true), false, at(1), Again::Meet),
            (Some(&met), None, false, at(9), Again::Met),
            (Some(&met), came(Some(at(5)), false), true, at(1), Again::Met),
            (Some(&met), came(Some(at(5)), false), false, at(9), Again::Unclear),
            (None, came(Some(at(5)), false), false, at(5), Again::Older),
            (None, came(Some(at(5)), false), false, at(6), Again::Meet),
            (None, came(Some(at(5)), true), false, at(6), Again::Unclear),
            (None, came(None, false), false, at(6), Again::Meet),
        ] {
            assert_eq!(judge(stored, newcomer, is_same, asked_at), expected, "{newcomer:?} {asked_at}");
        }
    }
}
