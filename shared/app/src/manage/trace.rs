//! Everything the connector knows and did for one person or order.
//!
//! No index leads from a person to their orders, nor from an order's name to its id: the log does, which names both in its
//! lines for two weeks, people by a hash. What is older is found by the order's id.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tajo_api::{Trace, TraceRequest};
use tajo_domain::{ContactKey, ContactRecord, Email, OrderRecord, StoreId, short_hash};
use tajo_platforms::Notice;
use tajo_state::{
    Key, LogLine, LogQuery, Table, feeds_of_person, held_page, list_parked, log_page, read_parked,
};

use super::call::Call;
use super::fault::Fault;
use super::logs::entry;
use super::named::{Named, named};
use super::parked::work;
use super::stores::LOG_KEPT;
use super::wire::Reply;
use crate::privacy::has_word;

mod shown;

/// Lines of one trace: more do not help anybody.
const MOST_LINES: usize = 500;

/// Orders of one trace.
const MOST_ORDERS: usize = 50;

/// Parked notices whose bodies are looked into.
const MOST_PARKED: i32 = 100;

/// How long the log is looked through.
const PATIENCE: Duration = Duration::from_secs(8);

/// What is known of whom the trace is about.
#[derive(Default)]
struct Subject {
    contacts: BTreeMap<String, (ContactKey, ContactRecord)>,
    /// What log lines call them.
    hashes: BTreeSet<String>,
    orders: BTreeMap<String, Option<OrderRecord>>,
    /// What parked bodies may call them.
    words: BTreeSet<String>,
}

/// `trace`
pub(super) async fn trace(call: &Call<'_>) -> Result<Reply, Fault> {
    let Named { id: store, record } = named(call).await?;
    let TraceRequest { subject: asked } = call.body()?;
    let asked = asked.trim();
    if asked.is_empty() || 320 < asked.chars().count() {
        return Err(Fault::invalid("`subject` is empty or too long")
            .hint("an email address, an order id or name (`#1001`), or a customer id"));
    }
    let (table, now) = (&call.manage.connect.table, call.manage.connect.clock.now());
    let mut subject = Subject::default();
    let name = order_name(asked);
    match Email::parse(asked) {
        Ok(email) => subject.add_email(table, &store, &record.account, &email).await?,
        Err(_) if is_id(asked) => {
            subject.add_customer(table, &store, asked).await?;
            subject.add_order(table, &store, asked).await?;
        }
        Err(_) => {}
    }
    let mut trace = Trace::default();
    let mut lines = read_log(table, &store, now, &subject, name.as_deref(), &mut trace.notes).await?;
    // Lines name what else is theirs: orders, and through an order its buyer.
    if subject.add_from(table, &store, &lines).await? {
        lines = read_log(table, &store, now, &subject, name.as_deref(), &mut trace.notes).await?;
        subject.add_from(table, &store, &lines).await?;
    }
    trace.notes.dedup();
    trace.parked = parked(table, &store, &subject, &lines).await?;
    lines.reverse();
    trace.lines = lines.into_iter().map(|line| entry(line, call.key.scope)).collect();
    trace.people = subject.contacts.values().map(|(key, record)| shown::person(key, record)).collect();
    let orders = subject.orders.iter().filter_map(|(id, record)| Some(shown::order(id, record.as_ref()?)));
    trace.orders = orders.collect();
    trace.found = found(&subject, &trace);
    if name.is_some() && trace.orders.is_empty() {
        trace.notes.push(
            "an order is found by its name only while its notices are in the log (two weeks): after that by its id".to_owned(),
        );
    }
    Reply::ok(&trace)
}

impl Subject {
    async fn add_email(
        &mut self,
        table: &Table,
        store: &StoreId,
        account: &str,
        email: &Email,
    ) -> Result<(), Fault> {
        self.words.insert(email.as_str().to_owned());
        self.hashes.insert(email.hash());
        let feeds = feeds_of_person(table, account, email).await?;
        for (_, feed) in feeds.into_iter().filter(|(feeding, _)| feeding == store) {
            for customer in feed.customers {
                self.add_customer(table, store, &customer).await?;
            }
        }
        self.add_contact(table, store, ContactKey::Guest(email.hash())).await
    }

    async fn add_customer(&mut self, table: &Table, store: &StoreId, customer: &str) -> Result<(), Fault> {
        self.add_contact(table, store, ContactKey::Customer(customer.to_owned())).await
    }

    async fn add_contact(&mut self, table: &Table, store: &StoreId, who: ContactKey) -> Result<(), Fault> {
        let key = Key::contact(store, &who);
        if self.contacts.contains_key(&key.pk) {
            return Ok(());
        }
        let Some(record) = table.get_newest::<ContactRecord>(&key).await?.record else { return Ok(()) };
        match &who {
            ContactKey::Customer(id) => {
                self.hashes.insert(short_hash(id));
                self.words.insert(id.clone());
            }
            ContactKey::Guest(hash) => {
                self.hashes.insert(hash.clone());
            }
        }
        for email in
            record.profile.iter().filter_map(|profile| profile.value.email.as_ref()).chain(&record.sent_email)
        {
            self.hashes.insert(email.hash());
            self.words.insert(email.as_str().to_owned());
        }
        self.contacts.insert(key.pk, (who, record));
        Ok(())
    }

    async fn add_order(&mut self, table: &Table, store: &StoreId, order: &str) -> Result<(), Fault> {
        if self.orders.contains_key(order) || MOST_ORDERS <= self.orders.len() {
            return Ok(());
        }
        let record = table.get_newest::<OrderRecord>(&Key::order(store, order)).await?.record;
        let identity =
            record.as_ref().and_then(|record| record.head.as_ref()).map(|head| head.identity.clone());
        if record.is_some() {
            self.words.insert(order.to_owned());
        }
        self.orders.insert(order.to_owned(), record);
        let Some(identity) = identity else { return Ok(()) };
        if let Some(key) = identity.key() {
            self.add_contact(table, store, key).await?;
        }
        if let Some(email) = &identity.email {
            self.hashes.insert(email.hash());
            self.add_contact(table, store, ContactKey::Guest(email.hash())).await?;
        }
        Ok(())
    }

    /// Adds what the lines name. True if there is anybody new: then there may be more lines.
    async fn add_from(&mut self, table: &Table, store: &StoreId, lines: &[LogLine]) -> Result<bool, Fault> {
        let (people, orders) = (self.hashes.len(), self.orders.len());
        let named: BTreeSet<&str> = lines.iter().filter_map(|line| line.order.as_deref()).collect();
        for order in named {
            self.add_order(table, store, order).await?;
        }
        Ok(self.hashes.len() > people || self.orders.len() > orders)
    }

    fn has(&self, table: &Table, line: &LogLine) -> bool {
        let is_theirs = |person: &String| self.hashes.iter().any(|plain| table.is_pseudonym(person, plain));
        line.person.as_ref().is_some_and(is_theirs)
            || line.order.as_ref().is_some_and(|order| self.orders.get(order).is_some_and(Option::is_some))
    }
}

/// Their lines, newest first.
async fn read_log(
    table: &Table,
    store: &StoreId,
    now: Timestamp,
    subject: &Subject,
    name: Option<&str>,
    notes: &mut Vec<String>,
) -> Result<Vec<LogLine>, Fault> {
    let is_named = |line: &LogLine| {
        let said = line.order_name.as_deref().map(|name| name.trim_start_matches('#'));
        name.is_some_and(|name| said.is_some_and(|said| said.eq_ignore_ascii_case(name)))
    };
    let matches = |line: &LogLine| subject.has(table, line) || is_named(line);
    let query = LogQuery {
        since: now.saturating_sub(LOG_KEPT).unwrap_or(now),
        from: None,
        limit: MOST_LINES,
        matches: &matches,
        until: Instant::now() + PATIENCE,
    };
    let (lines, next) = log_page(table, store.as_str(), now, query).await?;
    if next.is_some() {
        let since = lines.last().map_or(now, |line| line.at);
        notes.push(format!("the log was looked through only back to {since}: there is more of it"));
    }
    Ok(lines)
}

/// What is parked of them: what their lines say, and the newest others by what stands in their bodies.
async fn parked(
    table: &Table,
    store: &StoreId,
    subject: &Subject,
    lines: &[LogLine],
) -> Result<Vec<tajo_api::ParkedWork>, Fault> {
    let mut found = BTreeMap::new();
    for line in lines.iter().filter(|line| line.outcome == "parked" || line.outcome == "held") {
        if let Some((parked, _)) = read_parked(table, store.as_str(), &line.delivery).await? {
            found.insert(parked.id.clone(), parked);
        }
    }
    let mut waiting = list_parked(table, store.as_str(), MOST_PARKED).await?;
    waiting.extend(held_page(table, store.as_str(), MOST_PARKED, None).await?.0);
    for parked in waiting {
        if found.contains_key(&parked.id) || subject.words.is_empty() {
            continue;
        }
        let Some((parked, text)) = read_parked(table, store.as_str(), &parked.id).await? else { continue };
        let body = Notice::from_json(&text).ok().and_then(|notice| notice.body().ok()).unwrap_or_default();
        let body = String::from_utf8_lossy(&body).to_lowercase();
        if subject.words.iter().any(|word| has_word(&body, word)) {
            found.insert(parked.id.clone(), parked);
        }
    }
    let mut found: Vec<_> = found.into_values().collect();
    found.sort_by_key(|parked| std::cmp::Reverse(parked.at));
    Ok(found.into_iter().map(work).collect())
}

fn found(subject: &Subject, trace: &Trace) -> Vec<String> {
    let is_customer = |(key, _): &(ContactKey, ContactRecord)| matches!(key, ContactKey::Customer(_));
    let kinds = [
        ("customer", subject.contacts.values().any(is_customer)),
        ("guest", subject.contacts.values().any(|contact| !is_customer(contact))),
        ("order", !trace.orders.is_empty()),
        ("log", !trace.lines.is_empty()),
        ("parked", !trace.parked.is_empty()),
    ];
    kinds.into_iter().filter(|(_, is_there)| *is_there).map(|(kind, _)| kind.to_owned()).collect()
}

/// A platform's id of a customer or an order.
fn is_id(text: &str) -> bool {
    (1..=30).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit())
}

/// What the buyer sees of an order, without its `#`: if it could be one.
fn order_name(text: &str) -> Option<String> {
    let name = text.strip_prefix('#').unwrap_or(text);
    (!name.is_empty() && name.len() <= 60 && !name.contains('@')).then(|| name.to_owned())
}
