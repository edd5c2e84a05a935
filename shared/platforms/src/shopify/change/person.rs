//! What a body says about a person, whichever topic it came with.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tajo_domain::{
    Consent, ConsentState, Currency, Email, Identity, PersonUpdate, Phone, Profile, Skipped, Totals, Typed,
    Versioned,
};

use super::parts::first_time;
use crate::Context;
use crate::lenient::{Object, Plain};
use crate::shopify::payload::{Address, Customer, MarketingConsent};

/// Where a body speaks of a person. The account's own words come first, then what was typed at the checkout.
#[derive(Default)]
pub struct Sources<'a> {
    /// The account; absent for a guest.
    pub customer: Option<&'a Customer<'a>>,
    /// Whether the body is about the account, so that what is empty there is empty.
    pub is_account_news: bool,
    /// Addresses typed at the checkout, best first.
    pub emails: [Option<&'a str>; 2],
    /// Numbers typed at the checkout, best first.
    pub phones: [Option<&'a str>; 2],
    /// Billing and shipping address.
    pub addresses: [Option<&'a Address<'a>>; 2],
    /// Language of the checkout.
    pub locale: Option<&'a str>,
    /// A box about marketing is ticked: no statement, but a reason to ask what the account records.
    pub hints_at_consent: bool,
    /// The time of facts without their own.
    pub at: Timestamp,
    /// The currency of the shop, where the body says it. A customer's `currency` is not it: that is what the
    /// person paid with last.
    pub shop_currency: Option<Currency>,
}

/// Everything the sources say. What cannot be read is left out and told in `skipped`.
pub fn update(sources: &Sources<'_>, context: &Context, skipped: &mut Vec<Skipped>) -> PersonUpdate {
    let customer = sources.customer;
    let at = customer.map_or(sources.at, |customer| first_time([&customer.updated_at], sources.at));
    let identity = identity(sources, context, skipped);
    let email_consent = customer.and_then(|customer| email_consent(customer, context));
    let began = customer.and_then(|customer| customer.created_at.0);
    let recorded = |consent: &Object<MarketingConsent<'_>>| said(consent.0.as_ref()?, began, context);
    let sms_consent = customer.and_then(|customer| recorded(&customer.sms_marketing_consent));
    let whatsapp_consent = customer.and_then(|customer| recorded(&customer.whats_app_marketing_consent));
    let own_email = customer.and_then(|customer| Email::parse(customer.email.get()?).ok());
    let is_accounts = customer.is_none() || sources.is_account_news;
    let typed = Typed {
        email: !is_accounts && identity.email.is_some() && own_email.is_none(),
        name: !is_accounts && customer.is_some_and(is_nameless),
    };
    PersonUpdate {
        created_at: began,
        updated_at: customer.and_then(|customer| customer.updated_at.0),
        profile: profile(sources, &identity).map(|value| Versioned { at, value }),
        typed,
        locale: sources.locale.map(|tag| Versioned { at: sources.at, value: tag.to_owned() }),
        email_consent,
        sms_consent,
        whatsapp_consent,
        tags: customer.and_then(|customer| customer.tags.0.clone()).map(|value| Versioned { at, value }),
        tags_delta: None,
        totals: customer.and_then(|customer| totals(customer, sources)).map(|value| Versioned { at, value }),
        ordered_at: None,
        custom: BTreeMap::new(),
        triggered_at: None,
        looked_up_at: None,
        hints_at_consent: customer.is_some() && sources.hints_at_consent,
        identity,
    }
}

fn identity(sources: &Sources<'_>, context: &Context, skipped: &mut Vec<Skipped>) -> Identity {
    let customer = sources.customer;
    let own_email = customer.and_then(|customer| customer.email.get());
    let own_phone = customer.and_then(|customer| customer.phone.get());
    let country = country(sources, context);

    let emails = [own_email, sources.emails[0], sources.emails[1]].into_iter().flatten();
    let email = first_valid(
        emails.map(|text| Email::parse(text).map_err(|error| error.to_string())),
        "email",
        skipped,
    );
    let phones = [own_phone, sources.phones[0], sources.phones[1]].into_iter().flatten();
    let phone = first_valid(
        phones.map(|text| Phone::parse(text, country).map_err(|error| error.to_string())),
        "phone",
        skipped,
    );
    Identity {
        customer: customer.and_then(|customer| customer.id.0.clone()),
        email,
        phone,
        ..Identity::default()
    }
}

/// The first that is valid; if one before it was not, says so once.
fn first_valid<T>(
    candidates: impl Iterator<Item = Result<T, String>>,
    what: &str,
    skipped: &mut Vec<Skipped>,
) -> Option<T> {
    for candidate in candidates {
        match candidate {
            Ok(value) => return Some(value),
            Err(reason) => {
                let skip = Skipped::new(what, reason);
                if !skipped.contains(&skip) {
                    skipped.push(skip);
                }
            }
        }
    }
    None
}

/// Whose telephone rules a number without a country is read by.
fn country<'a>(sources: &Sources<'a>, context: &'a Context) -> Option<&'a str> {
    let home = sources.customer.and_then(|customer| customer.default_address.0.as_ref());
    let addresses = sources.addresses.into_iter().chain([home]).flatten();
    addresses
        .filter_map(|address| address.country_code.get())
        .chain(context.shop_country.as_deref())
        .find(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// Names and addresses, if the body says anything about them.
///
/// A facet replaces the one before, so an order whose customer is only an id (protected data not granted)
/// must not empty a profile: it makes no statement.
fn profile(sources: &Sources<'_>, identity: &Identity) -> Option<Profile> {
    let (first_name, last_name) = match sources.customer.filter(|customer| {
        // An account without a name may have typed one at the checkout.
        sources.is_account_news || !is_nameless(customer)
    }) {
        Some(customer) => {
            // The customer inside an order may be cut down: only the account's own body empties a name.
            let said = |name: &Plain<'_>| {
                let name = name.0.as_deref()?.trim();
                (sources.is_account_news || !name.is_empty()).then(|| name.to_owned())
            };
            (said(&customer.first_name), said(&customer.last_name))
        }
        None => {
            let named = |address: &&Address<'_>| {
                address.first_name.get().is_some() || address.last_name.get().is_some()
            };
            let address = sources.addresses.into_iter().flatten().find(named);
            (
                address.and_then(|address| address.first_name.owned()),
                address.and_then(|address| address.last_name.owned()),
            )
        }
    };
    // The number that somebody with an account typed at a checkout is good for finding them, not for their profile.
    let own_phone = sources.customer.is_none_or(|customer| customer.phone.get().is_some());
    let profile = Profile {
        email: identity.email.clone(),
        phone: identity.phone.clone().filter(|_| own_phone),
        first_name,
        last_name,
    };
    let says_something = profile.email.is_some()
        || profile.phone.is_some()
        || profile.first_name.is_some()
        || profile.last_name.is_some();
    (says_something || sources.is_account_news).then_some(profile)
}

/// Whether the body tells no name of the account.
fn is_nameless(customer: &Customer<'_>) -> bool {
    let is_empty = |name: &Plain<'_>| name.0.as_deref().is_none_or(|name| name.trim().is_empty());
    is_empty(&customer.first_name) && is_empty(&customer.last_name)
}

/// The recorded statement about emails. Bodies up to 2023-10 only say yes or no, and there no is no statement:
/// it may be an opt-out or a box that nobody ever ticked.
fn email_consent(customer: &Customer<'_>, context: &Context) -> Option<Consent> {
    let began = customer.created_at.0;
    if let Some(consent) = &customer.email_marketing_consent.0 {
        return said(consent, began, context);
    }
    let yes = customer.accepts_marketing.0 == Some(true);
    let dated = customer.accepts_marketing_updated_at.0;
    yes.then(|| Consent::stated(ConsentState::OptedIn, dated, began, &context.times()))
}

/// Only these two words are statements; `not_subscribed`, `pending`, `invalid` and `redacted` are silence.
/// Its date is the consent's own: when the body changed says nothing of when somebody opted in.
pub fn said(
    consent: &MarketingConsent<'_>,
    account_began: Option<Timestamp>,
    context: &Context,
) -> Option<Consent> {
    let state = match consent.state.get()?.to_ascii_lowercase().as_str() {
        "subscribed" => ConsentState::OptedIn,
        "unsubscribed" => ConsentState::OptedOut,
        _ => return None,
    };
    let dated = consent.consent_updated_at.0.or(consent.updated_at.0);
    Some(Consent::stated(state, dated, account_began, &context.times()))
}

fn totals(customer: &Customer<'_>, sources: &Sources<'_>) -> Option<Totals> {
    let (orders, spent) = (customer.orders_count.0?, customer.total_spent.0?);
    Some(Totals { orders, spent, currency: sources.shop_currency.clone() })
}
