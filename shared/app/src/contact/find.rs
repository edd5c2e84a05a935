//! Looking for somebody in Brevo before anything is written: where the settings make no contacts, or know people by
//! something else than their address first (`contacts` in the settings).

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tajo_brevo::{Identifier, get_contact};
use tajo_domain::{CartRecord, Change, ContactRecord, Email, KnownAs, OrderRecord};
use tajo_mapping::{StoreFacts, identifiers, note_tries};
use tajo_state::{Attributes, Key, Stored};

use super::write::{adopt_earlier_creation, adopt_guest, is_known};
use crate::effects;
use crate::stop::Stop;
use crate::worker::{Step, Worker};

/// Whoever Brevo did not have is looked for again after this long: the merchant may have brought them in.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Why nothing is told of somebody.
const NOT_IN_BREVO: &str =
    "Brevo does not have this person, and the settings make no contacts (`contacts.create: false`)";

/// Why nobody can be told of.
pub(crate) const NO_IDENTITY: &str =
    "nothing is known of the person that the settings would find them by (`contacts.identity`)";

/// What `tajo explain` says of it.
pub(crate) const ONLY_IF_KNOWN: &str = "written only if Brevo has this person already (`contacts.create: false`): \
     otherwise this is all, and nothing is told of them";

/// What looking came to.
pub(super) enum Look {
    /// The person may be written to.
    Go(Box<Stored<ContactRecord>>),
    /// They are nobody to Brevo, and nothing more is to be said about them.
    Stranger(Step),
}

/// Whether nothing is told of the person, as far as is known without asking.
pub(crate) fn is_stranger(facts: &StoreFacts, record: Option<&ContactRecord>) -> bool {
    !facts.settings.contacts.create && !record.is_some_and(is_known)
}

/// Looks for somebody who was never written to, if the settings ask for it, and writes down what was found: from then on
/// the contact is known, and all else is as with any other that Brevo had before us.
pub(super) async fn look(
    worker: &Worker<'_>,
    key: &Key,
    stored: Stored<ContactRecord>,
    claimed: &effects::Sent,
) -> Result<Look, Stop> {
    let facts = &worker.store.facts;
    let settings = &facts.settings.contacts;
    let go = |stored| Look::Go(Box::new(stored));
    let Some(record) = stored.record.clone().filter(|record| !is_known(record)) else {
        return Ok(go(stored));
    };
    let ways = identifiers(&record, facts);
    if ways.is_empty() && settings.create && !record.refused().is_empty() {
        // What else the notice tells goes on without the contact.
        let step = Step::skip("contact", super::NOTHING_LEFT);
        turn_away(worker, key, stored, claimed, None, NO_IDENTITY).await?;
        return Ok(Look::Stranger(step));
    }
    if ways.is_empty() {
        return turn_away(worker, key, stored, claimed, None, NO_IDENTITY).await;
    }
    if !settings.looks_first() {
        return Ok(go(stored));
    }
    if !settings.create && is_absent(&record, worker.now()) {
        return turn_away(worker, key, stored, claimed, record.absent_at, NOT_IN_BREVO).await;
    }
    let linked = match first_of(worker, &record, &ways).await {
        Ok(Some(found)) => link(worker, key, stored.clone(), record, &found).await.map(Some),
        Ok(None) => Ok(None),
        Err(stop) => Err(stop),
    };
    match linked {
        Err(stop) => {
            // The notice comes again, and its events with it.
            let release = |newest: &mut ContactRecord| claimed.settle(&mut newest.effects);
            worker.env.table.settle(key, stored, Attributes::none, release).await?;
            Err(stop)
        }
        Ok(Some(linked)) => Ok(go(linked)),
        Ok(None) if settings.create => Ok(go(stored)),
        Ok(None) => turn_away(worker, key, stored, claimed, Some(worker.now()), NOT_IN_BREVO).await,
    }
}

fn is_absent(record: &ContactRecord, now: Timestamp) -> bool {
    record.absent_at.is_some_and(|at| now.duration_since(at) < AGAIN_AFTER)
}

/// A contact that Brevo has.
struct Found {
    who: Identifier,
    email: Option<Email>,
}

/// The ways Brevo is asked by, one after the other. Where contacts are made anyway, the address needs no question.
pub(crate) fn to_ask<'a>(
    ways: &'a [Identifier],
    facts: &StoreFacts,
) -> impl Iterator<Item = &'a Identifier> + use<'a> {
    let creates = facts.settings.contacts.create;
    ways.iter().take_while(move |who| !(creates && matches!(who, Identifier::Email(_))))
}

/// Asks Brevo until it has one.
async fn first_of(
    worker: &Worker<'_>,
    record: &ContactRecord,
    ways: &[Identifier],
) -> Result<Option<Found>, Stop> {
    for who in to_ask(ways, &worker.store.facts) {
        let contact = match worker.send(&get_contact(who)).await? {
            Ok(answer) => answer.body,
            Err(error) if error.is_nobody() => continue,
            Err(error) => return Err(error.into()),
        };
        if is_theirs(worker, record, who, &contact) {
            let email = contact.get("email").and_then(Value::as_str);
            let email = email.and_then(|email| Email::parse(email).ok());
            return Ok(Some(Found { who: who.clone(), email }));
        }
    }
    Ok(None)
}

/// A number may be several people's: a contact with another address, or with another id, is somebody else's.
fn is_theirs(worker: &Worker<'_>, record: &ContactRecord, who: &Identifier, contact: &Value) -> bool {
    if !matches!(who, Identifier::Phone(_)) {
        return true;
    }
    let facts = &worker.store.facts;
    let profile = record.profile.as_ref();
    let email =
        profile.and_then(|profile| profile.value.email.as_ref()).map(|email| email.as_str().to_owned());
    let id = record.customer.as_deref().map(|id| facts.ext_id(id));
    let is_free = |there: &Value, own: Option<String>| match there.as_str() {
        None | Some("") => true,
        Some(there) => own.is_some_and(|own| own.eq_ignore_ascii_case(there)),
    };
    let their_id =
        if contact["ext_id"].is_string() { &contact["ext_id"] } else { &contact["attributes"]["EXT_ID"] };
    is_free(&contact["email"], email) && is_free(their_id, id)
}

/// Writes down that Brevo has the contact, before anything is written to it.
async fn link(
    worker: &Worker<'_>,
    key: &Key,
    stored: Stored<ContactRecord>,
    mut record: ContactRecord,
    found: &Found,
) -> Result<Stored<ContactRecord>, Stop> {
    let facts = &worker.store.facts;
    // It may be one that we made: before the settings changed, or of the person as a guest.
    if adopt_earlier_creation(worker, &mut record).await?.is_none() {
        Box::pin(adopt_guest(worker, &mut record)).await?;
    }
    let settle = |newest: &mut ContactRecord| {
        if is_known(newest) {
            return;
        }
        newest.absent_at = None;
        if is_known(&record) {
            newest.take_over_contact(&record);
        } else {
            newest.known_as = KnownAs::Linked;
            newest.sent_email.clone_from(&found.email);
            newest.known_by_phone = found.email.is_none() && matches!(found.who, Identifier::Phone(_));
        }
        newest.creation = None;
        note_tries(newest, facts, worker.now());
    };
    Ok(worker.env.table.settle(key, stored, Attributes::none, settle).await?)
}

/// Nothing is told of the person: what was claimed is free again.
async fn turn_away(
    worker: &Worker<'_>,
    key: &Key,
    stored: Stored<ContactRecord>,
    claimed: &effects::Sent,
    absent_at: Option<Timestamp>,
    reason: &str,
) -> Result<Look, Stop> {
    let settle = |newest: &mut ContactRecord| {
        if !is_known(newest) {
            newest.absent_at = absent_at;
        }
        claimed.settle(&mut newest.effects);
        newest.settle_tags();
    };
    worker.env.table.settle(key, stored, Attributes::none, settle).await?;
    Ok(Look::Stranger(Step { deleted: true, ..Step::skip("contact", reason) }))
}

/// Whether something that comes without its person is about somebody nothing is told of. Reads what is stored, and only
/// where the settings make no contacts.
pub(crate) async fn is_about_a_stranger(worker: &Worker<'_>, change: &Change) -> Result<bool, Stop> {
    let facts = &worker.store.facts;
    if facts.settings.contacts.create {
        return Ok(false);
    }
    let table = &worker.env.table;
    let identity = match change {
        Change::OrderFact(lone) => of_order(worker, &lone.order).await?,
        Change::OrderDeleted { order, .. } => of_order(worker, order).await?,
        Change::CartDeleted { token, .. } => {
            table.get::<CartRecord>(&Key::cart(&facts.store, token)).await?.record.map(|cart| cart.identity)
        }
        _ => None,
    };
    // Of an order or cart that nobody has seen nothing is told anyway.
    let Some(contact) = identity.and_then(|identity| identity.key()) else { return Ok(false) };
    let record = table.get::<ContactRecord>(&Key::contact(&facts.store, &contact)).await?.record;
    Ok(is_stranger(facts, record.as_ref()))
}

async fn of_order(worker: &Worker<'_>, order: &str) -> Result<Option<tajo_domain::Identity>, Stop> {
    let key = Key::order(&worker.store.facts.store, order);
    let record = worker.env.table.get::<OrderRecord>(&key).await?.record;
    Ok(record.and_then(|record| record.head).map(|head| head.identity))
}

/// The end of what is about a stranger.
pub(crate) fn turned_away() -> Step {
    Step::skip("contact", NOT_IN_BREVO)
}
