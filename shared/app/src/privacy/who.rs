//! Whose data an item holds. A person goes by several names in a store; a number alone is none of them unless there is
//! nothing else, since families share one.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;
use tajo_domain::{
    CartRecord, ContactKey, ContactRecord, Email, Identity, OrderRecord, Phone, PrivacyDemand, short_hash,
};
use tajo_platforms::Notice;
use tajo_state::{Attributes, Held, KINDS_OF_A_STORE, Key, PersonFeed, Stored, Table, erase_person};

use super::{PAGE, Resume};
use crate::stop::Stop;
use crate::worker::Worker;

/// Everything a person is known by in a store.
#[derive(Default)]
pub(super) struct Who {
    pub customers: BTreeSet<String>,
    pub emails: BTreeSet<Email>,
    pub phone: Option<Phone>,
    /// Orders the demand names.
    pub orders: BTreeSet<String>,
    ext_ids: BTreeSet<String>,
}

/// A person's own records, under every key they have.
pub(super) type Records = Vec<(Key, Stored<ContactRecord>)>;

/// Finds everything the person of a demand goes by, beginning with what the demand says. With `erased_at`, every key is
/// barred on the way: from then on late notices bring nobody back.
pub(super) async fn find(
    worker: &Worker<'_>,
    demand: &PrivacyDemand,
    erased_at: Option<Timestamp>,
) -> Result<(Who, Records), Stop> {
    let facts = &worker.store.facts;
    let store = &facts.store;
    let mut who = Who {
        emails: demand.person.email.iter().cloned().collect(),
        phone: demand.person.phone.clone(),
        orders: demand.orders.iter().cloned().collect(),
        ..Who::default()
    };
    let mut records = Records::new();
    let mut seen_emails = BTreeSet::new();
    // The demand names the first account; the others must have one of the addresses.
    let mut customers: Vec<(String, bool)> =
        demand.person.customer.iter().map(|id| (id.clone(), true)).collect();
    loop {
        while let Some((id, is_named)) = customers.pop() {
            if who.customers.contains(&id) {
                continue;
            }
            let key = Key::contact(store, &ContactKey::Customer(id.clone()));
            let known = worker.env.table.get_newest::<ContactRecord>(&key).await?;
            if !is_named && known.record.as_ref().is_some_and(|record| !who.shares_address(record)) {
                continue;
            }
            who.ext_ids.insert(facts.ext_id(&id));
            who.customers.insert(id);
            let stored = touch(worker, &key, known, erased_at).await?;
            who.emails.extend(stored.record.iter().flat_map(addresses).cloned());
            records.push((key, stored));
        }
        let Some(email) = who.emails.iter().find(|email| !seen_emails.contains(*email)).cloned() else {
            break;
        };
        let key = Key::contact(store, &ContactKey::Guest(email.hash()));
        let known = worker.env.table.get_newest(&key).await?;
        records.push((key.clone(), touch(worker, &key, known, erased_at).await?));
        let account = &worker.store.record.account;
        let ids = match erased_at {
            Some(at) => erase_person(&worker.env.table, account, &email, store, at).await?,
            None => {
                let key = Key::person(account, &email.hash(), store);
                let feed = worker.env.table.get_newest::<PersonFeed>(&key).await?;
                feed.record.map(|feed| feed.customers).unwrap_or_default()
            }
        };
        customers.extend(ids.into_iter().map(|id| (id, false)));
        seen_emails.insert(email);
    }
    if let Some(phone) = &who.phone {
        let key = Key::contact(store, &ContactKey::Guest(short_hash(phone.as_str())));
        let known = worker.env.table.get_newest(&key).await?;
        records.push((key.clone(), touch(worker, &key, known, erased_at).await?));
    }
    Ok((who, records))
}

async fn touch(
    worker: &Worker<'_>,
    key: &Key,
    known: Stored<ContactRecord>,
    erased_at: Option<Timestamp>,
) -> Result<Stored<ContactRecord>, Stop> {
    let Some(at) = erased_at else { return Ok(known) };
    let bar = |stored: Option<&ContactRecord>| {
        let mut record = stored.cloned().unwrap_or_default();
        record.erase(at);
        ((stored != Some(&record)).then_some(record), ())
    };
    Ok(worker.env.table.change(key, Attributes::none, bar).await?.0)
}

/// Adds the accounts that the store merged into the person's, and those that were merged into these. Nothing leads from
/// the kept account to them: they are looked for, before what they left is. Answers where the next walk begins.
pub(super) async fn add_merged(worker: &Worker<'_>, who: &mut Who) -> Result<Resume, Stop> {
    let mut resume = Resume::of(worker);
    who.customers.extend(resume.merged.iter().cloned());
    while !resume.knows_merged {
        let known = resume.merged.len();
        let mut after = resume.after();
        let is_whole = after.is_none();
        loop {
            if !worker.has_time_for_more() {
                return Err(resume.at(after, 0).stop());
            }
            let page = worker.env.table.page(after.as_ref(), PAGE).await?;
            let found: Vec<String> = page.items.iter().filter_map(|held| who.merged(worker, held)).collect();
            resume.merged.extend(found.iter().cloned());
            who.customers.extend(found);
            let Some(next) = page.next else { break };
            after = Some(next);
        }
        // Whoever was merged into one of these may have been looked at before.
        resume.knows_merged = is_whole && resume.merged.len() == known;
        resume.after = None;
    }
    Ok(resume)
}

fn addresses(record: &ContactRecord) -> impl Iterator<Item = &Email> {
    let profile = record.profile.as_ref().and_then(|profile| profile.value.email.as_ref());
    profile.into_iter().chain(&record.sent_email)
}

impl Who {
    fn shares_address(&self, record: &ContactRecord) -> bool {
        addresses(record).any(|email| self.emails.contains(email))
    }

    /// The account of an item, if it was merged into one of this person's and is not known to be theirs.
    fn merged(&self, worker: &Worker<'_>, held: &Held) -> Option<String> {
        let Some(Kind::Contact) = kind(worker, &held.key) else { return None };
        let record: ContactRecord = held.read()?;
        let id = held.key.pk.strip_prefix("customer#")?.split_once('#')?.1;
        let is_new = self.customers.contains(&record.merged_into?) && !self.customers.contains(id);
        is_new.then(|| id.to_owned())
    }

    /// Whether a contact is this person.
    pub fn is_contact(&self, record: &ContactRecord) -> bool {
        let by_id = |id: &Option<String>| id.as_ref().is_some_and(|id| self.customers.contains(id));
        by_id(&record.customer) || by_id(&record.merged_into) || self.shares_address(record)
    }

    /// Whether an order is this person's: as it was sent to Brevo, or as events are sent for it.
    pub fn is_order(&self, id: &str, record: &OrderRecord) -> bool {
        let is_head = record.head.as_ref().is_some_and(|head| self.is_named(&head.identity));
        let order: Value = serde_json::from_str(record.newest.as_str()).unwrap_or_default();
        let named = |name: &str| order["identifiers"][name].as_str();
        let by_email = named("email_id").is_some_and(|text| self.has_email(text));
        let by_id = named("ext_id").is_some_and(|id| self.ext_ids.contains(id));
        let by_phone = named("phone_id")
            .is_some_and(|text| self.phone.as_ref().is_some_and(|phone| phone.as_str() == text));
        self.orders.contains(id) || is_head || by_email || by_id || by_phone
    }

    /// Whether a cart is this person's.
    pub fn is_cart(&self, record: &CartRecord) -> bool {
        self.is_named(&record.identity)
    }

    fn is_named(&self, identity: &Identity) -> bool {
        let Identity { customer, email, phone, .. } = identity;
        match (customer, email) {
            (None, None) => phone.is_some() && *phone == self.phone,
            _ => {
                customer.as_ref().is_some_and(|id| self.customers.contains(id))
                    || email.as_ref().is_some_and(|email| self.emails.contains(email))
            }
        }
    }

    /// Whether a demand is about this person.
    pub fn is_hash(&self, table: &Table, hash: &str) -> bool {
        self.emails.iter().any(|email| table.is_pseudonym(hash, &email.hash()))
            || self.customers.iter().any(|id| table.is_pseudonym(hash, &short_hash(id)))
    }

    /// Whether parked text speaks of this person: a notice whose body does, or what could not even be read as one.
    pub fn is_parked(&self, text: &str) -> bool {
        let body = Notice::from_json(text).ok().and_then(|notice| notice.body().ok());
        let text = body.map_or_else(|| text.to_owned(), |body| String::from_utf8_lossy(&body).into_owned());
        match serde_json::from_str::<Value>(&text) {
            Ok(body) => self.is_in(&body),
            Err(_) => self.names().any(|name| has_word(&text.to_lowercase(), &name)),
        }
    }

    fn is_in(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => {
                let last = text.rsplit('/').next().unwrap_or_default();
                self.has_email(text) || self.has_id(last)
            }
            Value::Number(number) => self.has_id(&number.to_string()),
            Value::Array(values) => values.iter().any(|value| self.is_in(value)),
            Value::Object(fields) => fields.values().any(|value| self.is_in(value)),
            Value::Null | Value::Bool(_) => false,
        }
    }

    fn has_email(&self, text: &str) -> bool {
        text.contains('@') && Email::parse(text).is_ok_and(|email| self.emails.contains(&email))
    }

    fn has_id(&self, text: &str) -> bool {
        self.customers.contains(text) || self.orders.contains(text)
    }

    fn names(&self) -> impl Iterator<Item = String> {
        let emails = self.emails.iter().map(|email| email.as_str().to_owned());
        emails.chain(self.customers.iter().cloned()).chain(self.orders.iter().cloned())
    }
}

/// Whether a word stands in a text by itself: `jo@example.com` is not in `marjo@example.com`.
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    let inner = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || "-_+".contains(c));
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|after| after.chars().next());
        !inner(before) && before != Some('.') && !inner(after)
    })
}

/// What an item is, by its key; only what belongs to the store.
pub(super) enum Kind {
    /// A contact, by any key.
    Contact,
    /// An order, by its id.
    Order(String),
    /// A cart.
    Cart,
    /// That the store feeds a person.
    Feed,
    /// Parked work, by its id.
    Parked(String),
    /// A demand, by its id.
    Demand,
    /// Anything else of the store: logs, parts, runs.
    Other,
}

/// What an item is. `None`: it belongs to another store, or to none.
pub(super) fn kind(worker: &Worker<'_>, key: &Key) -> Option<Kind> {
    let store = worker.store.facts.store.as_str();
    let mut segments = key.pk.splitn(3, '#');
    let (word, owner, rest) = (segments.next()?, segments.next()?, segments.next());
    if word == "person" {
        return (key.sk.strip_prefix("feed#") == Some(store)).then_some(Kind::Feed);
    }
    // Items that are no store's may have its name in the same place: the id of an API key, say.
    if !KINDS_OF_A_STORE.contains(&word) {
        return None;
    }
    // Parked work of a store that is not known stands under the shop's address.
    if word == "store" || (owner != store && owner != worker.store.record.shop) {
        return None;
    }
    let rest = rest.unwrap_or_default().to_owned();
    Some(match (word, key.sk.as_str()) {
        ("customer" | "guest", "contact") => Kind::Contact,
        ("order", "order") => Kind::Order(rest),
        ("cart", "cart") => Kind::Cart,
        ("parked", "parked") => Kind::Parked(rest),
        ("privacy", "demand") => Kind::Demand,
        _ => Kind::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_inside_another_is_another() {
        for (text, found) in [
            ("of jo@example.com.", true),
            ("\"jo@example.com\"", true),
            ("marjo@example.com", false),
            ("mar.jo@example.com", false),
            ("jo@example.community", false),
        ] {
            assert_eq!(has_word(text, "jo@example.com"), found, "{text}");
        }
    }

    #[test]
    fn parked_work_is_known_by_whatever_it_says_of_the_person() {
        let who = Who {
            customers: BTreeSet::from(["7201".to_owned()]),
            emails: BTreeSet::from([Email::parse("jo@example.com").unwrap()]),
            ..Who::default()
        };
        for (text, found) in [
            (r#"{"customer": {"id": 7201}}"#, true),
            (r#"{"customerId": "gid://shopify/Customer/7201"}"#, true),
            (r#"{"note": {"email": " Jo@Example.com "}}"#, true),
            (r#"{"id": 72011, "email": "marjo@example.com"}"#, false),
            (r#"{"broken": "JO@example.com"#, true),
        ] {
            assert_eq!(who.is_parked(text), found, "{text}");
        }
    }
}
