//! What a body would cause: the changes, the skips with their reasons, and the exact Brevo requests of a first
//! delivery. Calls nothing: it runs the same pure steps as the journeys, on a store with nothing known yet.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use tajo_brevo::{Request, create_contact, event};
use tajo_domain::{AppNews, Change, ContactRecord, Identity, Skipped, StoreId, Unusable};
use tajo_mapping::{Planned, Settings, StoreFacts, StoreKind, creation, is_historical, order_body};
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
        live: question.kind == StoreKind::Live,
        time: question.now,
    };
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
        match crate::sync::switched_off(change, facts.settings.sync) {
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
            let (record, accepted) = contact::accept(moment, None, update, *news);
            let record: ContactRecord = record.unwrap_or_default();
            if update.identity.key().is_none() {
                return explanation
                    .skip("contact", "there is no email, customer or phone to know the person by");
            }
            explanation.requests.push(create_contact(&creation(&record, facts, moment.now)));
            explanation.events(accepted.claimed);
        }
        Change::PersonDeleted { .. } => {
            explanation
                .skip("contact", "the customer was never seen here; a late notice will not bring them back");
        }
        Change::Order(order) => {
            let body = order_body(order, facts);
            let (_, (_, claimed)) = order::accept(moment, None, order, &body.to_string());
            explanation.events(claimed);
            if let Ok(request) = order::upsert_request(&body.to_string(), is_historical(order, facts)) {
                explanation.requests.push(request);
            }
        }
        Change::Privacy(demand) => {
            explanation.skip("privacy", crate::privacy::meaning(demand.demand));
        }
        Change::App(news) => explanation.skip("store", crate::lifecycle::meaning(news)),
        Change::Cart(cart) => {
            let (_, accepted) = cart::accept(moment, None, cart);
            explanation.events(accepted.claimed);
            if let Some(reason) = accepted.over {
                explanation.skip("cart", reason);
            }
        }
    }
}

impl Explanation {
    fn skip(&mut self, what: &str, reason: &str) {
        self.skipped.push(Skipped::new(what, reason));
    }

    fn events(&mut self, planned: Vec<Planned>) {
        self.requests.extend(planned.iter().map(|planned| event(&planned.event)));
    }
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
        }),
        Change::PersonDeleted { customer, at } => {
            json!({ "change": "customer deleted", "customer": customer, "at": at })
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
            "fulfilments": order.fulfilments.len(),
            "refunds": order.refunds.len(),
            "cancelled": order.cancelled.is_some(),
            "updated_at": order.updated_at,
        }),
        Change::Privacy(demand) => json!({
            "change": "privacy",
            "demand": demand.demand,
            "who": who(&demand.person),
            "orders": demand.orders,
        }),
        Change::App(AppNews::Uninstalled { at, .. }) => json!({ "change": "app removed", "at": at }),
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
    }
}
