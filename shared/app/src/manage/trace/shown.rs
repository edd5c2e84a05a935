//! What is stored, for a person to read.

use tajo_api::{TracedConsent, TracedEffect, TracedOrder, TracedPerson};
use tajo_domain::{Block, Consent, ConsentState, ContactKey, ContactRecord, KnownAs, Ledger, OrderRecord};

/// A person in one store.
pub(super) fn person(key: &ContactKey, record: &ContactRecord) -> TracedPerson {
    let profile = record.profile.as_ref().map(|profile| &profile.value);
    let email = profile.and_then(|profile| profile.email.as_ref()).or(record.sent_email.as_ref());
    let phone = profile.and_then(|profile| profile.phone.as_ref()).or(record.sent_phone.as_ref());
    let names = profile.into_iter().flat_map(|profile| [&profile.first_name, &profile.last_name]);
    let name: Vec<&str> = names.flatten().map(String::as_str).filter(|name| !name.is_empty()).collect();
    let totals = record.totals.as_ref().map(|totals| &totals.value);
    TracedPerson {
        customer: match key {
            ContactKey::Customer(id) => Some(id.clone()),
            ContactKey::Guest(_) => None,
        },
        email: email.map(|email| email.as_str().to_owned()),
        phone: phone.map(|phone| phone.as_str().to_owned()),
        name: (!name.is_empty()).then(|| name.join(" ")),
        tags: record.present_tags().unwrap_or_default(),
        orders_count: totals.map(|totals| totals.orders),
        total_spent: totals.map(|totals| match &totals.currency {
            Some(currency) => format!("{} {}", totals.spent, currency.as_str()),
            None => totals.spent.to_string(),
        }),
        consents: consents(record),
        known_as: match record.known_as {
            KnownAs::Unknown => "unknown",
            KnownAs::Linked => "linked",
            KnownAs::Created => "created",
        }
        .to_owned(),
        lists: record.joined.clone(),
        told: effects(&record.effects),
        deleted_at: record.deleted_at,
        erased_at: record.erased_at,
        merged_into: record.merged_into.clone(),
    }
}

/// What was said in the store, then what Brevo reported, then blocks that nobody asked for.
fn consents(record: &ContactRecord) -> Vec<TracedConsent> {
    let of_store = |channel: &str, consent: Option<&Consent>| {
        consent.map(|consent| TracedConsent {
            channel: channel.to_owned(),
            state: match consent.state {
                ConsentState::OptedIn => "opted_in",
                ConsentState::OptedOut => "opted_out",
            }
            .to_owned(),
            at: Some(consent.at),
            told_by: "store".to_owned(),
        })
    };
    let of_brevo = |channel: &str, at| TracedConsent {
        channel: channel.to_owned(),
        state: "opted_out".to_owned(),
        at: Some(at),
        told_by: "brevo".to_owned(),
    };
    let unasked = |channel: &str, block: Option<Block>| {
        (block == Some(Block::Unasked)).then(|| TracedConsent {
            channel: channel.to_owned(),
            state: "blocked".to_owned(),
            at: None,
            told_by: "tajo".to_owned(),
        })
    };
    [
        of_store("email", record.email_consent.as_ref()),
        of_store("sms", record.sms_consent.as_ref().map(|consent| &consent.said)),
        of_store("whatsapp", record.whatsapp_consent.as_ref().map(|consent| &consent.said)),
        record.email_out.as_ref().map(|out| of_brevo("email", out.at)),
        record.sms_out.as_ref().map(|out| of_brevo("sms", out.at)),
        unasked("email", record.email_block),
        unasked("sms", record.sms_block),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// An order.
pub(super) fn order(id: &str, record: &OrderRecord) -> TracedOrder {
    let head = record.head.as_ref();
    let money = |amount: String| match head.and_then(|head| head.currency.as_ref()) {
        Some(currency) => format!("{amount} {}", currency.as_str()),
        None => amount,
    };
    TracedOrder {
        id: id.to_owned(),
        name: head.map(|head| head.name.clone()),
        updated_at: (!record.newest.is_empty()).then_some(record.version),
        total: head.map(|head| money(head.total.to_string())),
        refunded: head.map(|_| money(record.refunded().to_string())),
        told: effects(&record.effects),
        sent: serde_json::from_str(record.newest.as_str()).ok(),
        deleted_at: record.deleted_at,
        erased: record.erased,
    }
}

fn effects(ledger: &Ledger) -> Vec<TracedEffect> {
    ledger.entries().map(|(key, done)| TracedEffect { key: key.to_owned(), done }).collect()
}
