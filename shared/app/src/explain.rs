//! What a body would cause: the changes, the skips with their reasons, and the exact Brevo requests of a first
//! delivery. Calls nothing: it runs the same pure steps as the journeys, on a store with nothing known yet.

mod catalogue;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use tajo_brevo::{ContactWrite, Identifier, Item, Request, create_contact, get_contact, update_contact};
use tajo_domain::{
    AppNews, Change, ContactRecord, FedTotals, Identity, KnownAs, OrderFact, Skipped, StoreId, Unusable,
};
use tajo_mapping::{
    Planned, Settings, StoreFacts, StoreKind, creation, identifiers, order_body, summed,
    update as brought_up_to_date,
};
use tajo_platforms::shopify::api::Wanted;
use tajo_platforms::{Context, Platform};

use crate::worker::Moment;
use crate::{cart, contact, order};

/// The answer of `tajo explain`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Explanation {
    /// What happened in the store, in our words.
    pub changes: Vec<Value>,
    /// What is left out, and why.
    pub skipped: Vec<Skipped>,
    /// What Brevo would be asked, in this order.
    pub requests: Vec<Request>,
    /// What Shopify would be asked for first, in words. Its answer may add to the requests: a recorded opt-in takes
    /// the block away.
    pub fetches: Vec<String>,
}

/// The body to explain and the store it comes to.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// Whose body it is.
    pub platform: Platform,
    /// The platform's topic.
    pub topic: &'a str,
    /// The raw body.
    pub body: &'a [u8],
    /// The store's settings.
    pub settings: Settings,
    /// Live or development.
    pub kind: StoreKind,
    /// The present time: stands in for times the body does not carry.
    pub now: Timestamp,
}

/// Explains one body. A body nothing can be made of is explained too: it would be parked, with this reason.
pub fn explain(question: &Question<'_>) -> Explanation {
    let facts = facts(question);
    let context = Context {
        shop_domain: facts.shop.clone(),
        shop_country: None,
        live: question.kind == StoreKind::Live && !question.settings.orders.include_test_orders,
        time: question.now,
        received_at: question.now,
    };
    let wanted = match question.platform {
        Platform::Shopify => Wanted::instead_of(question.topic, question.body),
    };
    if let Some(wanted) = wanted {
        let what = wanted.what();
        let fetch = format!("the {what} {}: the body only names it", wanted.id());
        let reason = format!("it is worked on once the {what} is fetched from Shopify");
        return Explanation {
            skipped: vec![Skipped::new("notice", reason)],
            fetches: vec![fetch],
            ..Explanation::default()
        };
    }
    let changes = match question.platform.changes(question.topic, question.body, &context) {
        Ok(changes) => changes,
        Err(Unusable { reason }) => {
            return Explanation { skipped: vec![Skipped::new("notice", reason)], ..Explanation::default() };
        }
    };
    let moment = Moment {
        facts: &facts,
        now: question.now,
        claim_until: question.now.saturating_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX),
        redelivered: false,
        fact_at: None,
    };
    let mut explanation = Explanation { skipped: changes.skipped, ..Explanation::default() };
    for change in &changes.changes {
        explanation.changes.push(describe(change));
        match crate::sync::switched_off(change, &changes.changes, facts.settings.sync) {
            Some(what) => explanation.skip(what, &format!("{what} are switched off in the settings")),
            None => one(&moment, change, &mut explanation),
        }
    }
    explanation
}

fn one(moment: &Moment<'_>, change: &Change, explanation: &mut Explanation) {
    let facts = moment.facts;
    match change {
        Change::Person { update, news } => {
            if let (true, Some(id)) =
                (contact::lookup::is_due(None, update, moment.now, None), &update.identity.customer)
            {
                explanation.fetches.push(format!(
                    "the consent, tags, totals and language of customer {id}, once, before the contact is created"
                ));
            }
            let said = contact::Said { update, looked_up: None, news: *news };
            let (record, accepted) = contact::accept(moment, None, &said);
            let record: ContactRecord = record.unwrap_or_default();
            if update.identity.key().is_none() {
                return explanation
                    .skip("contact", "there is no email, customer or phone to know the person by");
            }
            explanation.skipped.extend(accepted.skipped);
            if accepted.held {
                return explanation.skip("contact", "kept until the store tells who this customer is");
            }
            let ways = identifiers(&record, facts);
            let Some(first) = ways.first() else {
                return explanation.skip("contact", contact::find::NO_IDENTITY);
            };
            if facts.settings.contacts.looks_first() {
                let asked = contact::find::to_ask(&ways, facts);
                explanation.requests.extend(asked.map(get_contact));
            }
            if facts.settings.contacts.create {
                explanation.requests.push(create_contact(&creation(&record, facts, moment.now)));
            } else {
                explanation.skip("contact", contact::find::ONLY_IF_KNOWN);
                let linked = ContactRecord { known_as: KnownAs::Linked, ..record.clone() };
                let (write, skipped) = brought_up_to_date(&linked, facts, moment.now);
                explanation.skipped.extend(skipped);
                explanation.requests.push(update_contact(first, &write));
            }
            explanation.requests.extend(totals(&record, facts, moment.now));
            explanation.events(accepted.claimed, facts);
        }
        Change::PersonDeleted { .. } => {
            explanation
                .skip("contact", "the customer was never seen here; a late notice will not bring them back");
        }
        Change::PersonMerged { .. } => {
            explanation.skip("contact", crate::merge::NOTHING_TO_DO);
        }
        Change::Order(order) => {
            if order.unsure.is_some() {
                explanation.skip(
                    order::EXACT_AMOUNT,
                    "the body cannot say it: Shopify is asked for the net payment",
                );
            }
            let body = order_body(order, facts).to_string();
            let (record, accepted) = order::accept(moment, None, order, &body);
            explanation.events(accepted.claimed, facts);
            let item = record.and_then(|record| order::upsert_item(&record, facts).ok().flatten());
            explanation.requests.extend(item.map(|item| item.request()));
        }
        Change::OrderFact(lone) => {
            let (_, accepted) = order::accept_fact(moment, None, lone);
            explanation.waits("order", accepted.waiting);
        }
        Change::OrderDeleted { order, at } => {
            let (_, accepted) = order::accept_deleted(moment, None, order, *at);
            explanation.waits("order", accepted.waiting);
        }
        // Its order is skipped, and said so.
        Change::CartsOrdered { .. } => {}
        Change::CartDeleted { token, at } => {
            let (_, accepted) = cart::accept_deleted(moment, None, token, *at);
            explanation.waits("cart", accepted.over);
        }
        Change::Privacy(demand) => {
            explanation.skip("privacy", crate::privacy::meaning(demand.demand));
        }
        Change::App(news) => explanation.skip("store", crate::lifecycle::meaning(news)),
        Change::Cart(cart) => {
            let (_, accepted) = cart::accept(moment, None, cart);
            explanation.events(accepted.claimed, facts);
            explanation.waits("cart", accepted.over);
        }
        Change::Product(news) => catalogue::product(moment, news, explanation),
        Change::Collection(news) => catalogue::collection(moment, news, explanation),
        Change::Stock(_) => {
            explanation.skip(
                "stock",
                "what it is compared with was never seen here: the first count crosses nothing",
            );
        }
    }
}

impl Explanation {
    fn skip(&mut self, what: &str, reason: &str) {
        self.skipped.push(Skipped::new(what, reason));
    }

    fn waits(&mut self, what: &str, reason: Option<&str>) {
        self.skipped.extend(reason.map(|reason| Skipped::new(what, reason)));
    }

    fn events(&mut self, planned: Vec<Planned>, facts: &StoreFacts) {
        let event = |planned: &Planned| {
            let through_the_api = || Item::Event(planned.event.clone(), BTreeMap::new()).request();
            facts.tracked(&planned.event).unwrap_or_else(through_the_api)
        };
        self.requests.extend(planned.iter().map(event));
    }
}

/// The write of totals that are summed, as if no other store knew the person.
fn totals(record: &ContactRecord, facts: &StoreFacts, now: Timestamp) -> Option<Request> {
    let totals = record.totals.as_ref().map(|totals| totals.value.clone());
    let fed = FedTotals { totals, last_order_at: record.last_order_at };
    let attributes = summed(std::slice::from_ref(&fed), &facts.settings, now).ok()?;
    let email = record.profile.as_ref()?.value.email.clone()?;
    let is_there = fed != FedTotals::default() && !attributes.is_empty();
    let write = ContactWrite { attributes, ..ContactWrite::default() };
    is_there.then(|| update_contact(&Identifier::Email(email), &write))
}

/// A store connected before every time a body can carry.
fn facts(question: &Question<'_>) -> StoreFacts {
    let shop = question.settings.shop_url.clone().unwrap_or_else(|| "your-store.myshopify.com".to_owned());
    let name = shop.split('.').next().unwrap_or_default().to_lowercase();
    let fallback = || StoreId::parse("your-store").ok();
    let store = StoreId::parse(&name).ok().or_else(fallback);
    StoreFacts {
        #[expect(clippy::expect_used, reason = "a constant that a test parses")]
        store: store.expect("`your-store` is a store id"),
        platform: question.platform.as_str(),
        shop,
        connected_at: Timestamp::MIN,
        kind: question.kind,
        settings: question.settings.clone(),
    }
}

/// A change as a few plain words. Shows the person: this is the user's own file on the user's own screen.
fn describe(change: &Change) -> Value {
    let who = |identity: &Identity| {
        json!({
            "customer": identity.customer,
            "email": identity.email,
            "phone": identity.phone,
        })
    };
    match change {
        Change::Person { update, news } => json!({
            "change": if news.is_some() { "customer" } else { "person" },
            "who": who(&update.identity),
            "created_at": update.created_at,
            "profile_at": update.profile.as_ref().map(|profile| profile.at),
            "email_consent": update.email_consent,
            "sms_consent": update.sms_consent,
            "whatsapp_consent": update.whatsapp_consent,
            "tags_delta": update.tags_delta,
        }),
        Change::PersonDeleted { customer, at } => {
            json!({ "change": "customer deleted", "customer": customer, "at": at })
        }
        Change::PersonMerged { kept, gone, at } => {
            json!({ "change": "customers merged", "kept": kept, "gone": gone, "at": at })
        }
        Change::Order(order) => json!({
            "change": "order",
            "id": order.id,
            "name": order.name,
            "who": who(&order.identity),
            "status": order.status,
            "total": order.total,
            "net": order.net,
            "currency": order.currency,
            "items": order.items.len(),
            "fulfilments": order.fulfilments.iter().filter(|shipment| shipment.state.is_shipped()).count(),
            "refunds": order.refunds.len(),
            "cancelled": order.cancelled.is_some(),
            "updated_at": order.updated_at,
        }),
        Change::OrderFact(lone) => json!({
            "change": match &lone.fact {
                OrderFact::Fulfilment(_) => "shipment",
                OrderFact::Refund { .. } => "refund",
            },
            "id": lone.fact.id(),
            "order": lone.order,
            "at": lone.fact.at(),
        }),
        Change::OrderDeleted { order, at } => json!({ "change": "order deleted", "id": order, "at": at }),
        Change::CartDeleted { at, .. } => json!({ "change": "cart deleted", "at": at }),
        Change::CartsOrdered { tokens } => json!({ "change": "carts ordered", "carts": tokens.len() }),
        Change::Privacy(demand) => json!({
            "change": "privacy",
            "demand": demand.demand,
            "who": who(&demand.person),
            "orders": demand.orders,
        }),
        Change::App(AppNews::Uninstalled { at, .. }) => json!({ "change": "app removed", "at": at }),
        Change::App(AppNews::BulkFinished { operation, status, at, .. }) => {
            json!({ "change": "bulk operation ended", "id": operation, "status": status, "at": at })
        }
        Change::App(AppNews::Scopes { granted, at }) => {
            json!({ "change": "scopes", "granted": granted, "at": at })
        }
        Change::Cart(cart) => json!({
            "change": "cart",
            "who": who(&cart.identity),
            "total": cart.total,
            "currency": cart.currency,
            "items": cart.items.len(),
            "completed": cart.completed_at.is_some(),
            "updated_at": cart.updated_at,
        }),
        Change::Product(news) => catalogue::describe_product(news),
        Change::Collection(news) => catalogue::describe_collection(news),
        Change::Stock(news) => catalogue::describe_stock(news),
    }
}
