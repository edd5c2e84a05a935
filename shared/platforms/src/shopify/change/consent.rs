//! The three consent topics: what a customer said about emails, text messages and WhatsApp.
//!
//! Each fills its own facet and nothing else. The address or number it was said about names the person, it is not
//! news of their profile.

use tajo_domain::{Changes, Consent, Email, Identity, PersonUpdate, Phone, Skipped, Unusable};

use super::{detail, person, skipped};
use crate::Context;
use crate::lenient::{Object, Text};
use crate::shopify::payload::{self, ConsentNotice, MarketingConsent};

const NO_ID: &str = "the body names no customer";

/// `customers_email_marketing_consent/update`
pub fn email(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let notice = read(body)?;
    let Some(consent) = said(&notice.email_marketing_consent, context) else { return Ok(silence()) };
    let mut left_out = Vec::new();
    let email = notice.email_address.get().and_then(|text| {
        Email::parse(text).map_err(|error| left_out.push(Skipped::new("email", error.to_string()))).ok()
    });
    let identity = Identity { customer: id(&notice), email, ..Identity::default() };
    Ok(detail(PersonUpdate { identity, email_consent: Some(consent), ..PersonUpdate::default() }, left_out))
}

/// `customers_marketing_consent/update`
pub fn sms(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let notice = read(body)?;
    let Some(consent) = said(&notice.sms_marketing_consent, context) else { return Ok(silence()) };
    let (identity, left_out) = with_phone(&notice, &notice.phone, context);
    Ok(detail(PersonUpdate { identity, sms_consent: Some(consent), ..PersonUpdate::default() }, left_out))
}

/// `customers_whats_app_marketing_consent/update`
pub fn whatsapp(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let notice = read(body)?;
    let Some(consent) = said(&notice.whats_app_marketing_consent, context) else { return Ok(silence()) };
    let (identity, left_out) = with_phone(&notice, &notice.phone_number, context);
    Ok(detail(
        PersonUpdate { identity, whatsapp_consent: Some(consent), ..PersonUpdate::default() },
        left_out,
    ))
}

fn read(body: &[u8]) -> Result<ConsentNotice<'_>, Unusable> {
    let notice: ConsentNotice<'_> = payload::parse(body, NO_ID)?;
    match id(&notice) {
        Some(_) => Ok(notice),
        None => Err(Unusable::new(NO_ID)),
    }
}

fn id(notice: &ConsentNotice<'_>) -> Option<String> {
    notice.customer_id.0.clone().or_else(|| notice.id.0.clone())
}

fn said(consent: &Object<MarketingConsent<'_>>, context: &Context) -> Option<Consent> {
    // When the account began is not in these bodies.
    person::said(consent.0.as_ref()?, None, context)
}

fn silence() -> Changes {
    skipped("it states neither an opt-in nor an opt-out, and silence changes nothing")
}

/// A number without its country is read as of the shop's: these bodies have no address.
fn with_phone(notice: &ConsentNotice<'_>, phone: &Text<'_>, context: &Context) -> (Identity, Vec<Skipped>) {
    let mut left_out = Vec::new();
    let phone = phone.get().and_then(|text| {
        let parsed = Phone::parse(text, context.shop_country.as_deref());
        parsed.map_err(|error| left_out.push(Skipped::new("phone", error.to_string()))).ok()
    });
    (Identity { customer: id(notice), phone, ..Identity::default() }, left_out)
}
