//! Which block flags a write carries.

#![expect(clippy::unwrap_used, reason = "constants of a test")]

use jiff::Timestamp;
use tajo_brevo::ContactWrite;
use tajo_domain::{
    Block, Consent, ConsentState, ContactRecord, Email, KnownAs, Phone, Profile, StoreId, Versioned,
};
use tajo_mapping::{
    Settings, StoreFacts, StoreKind, creation, moved, settle_creation, settle_update, update,
};

fn facts() -> StoreFacts {
    StoreFacts {
        store: StoreId::parse("demo-shop").unwrap(),
        platform: "shopify",
        shop: "demo-shop.myshopify.com".to_owned(),
        connected_at: Timestamp::UNIX_EPOCH,
        kind: StoreKind::Live,
        settings: Settings::default(),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn jo() -> ContactRecord {
    let profile = Profile {
        email: Some(Email::parse("jo@example.com").unwrap()),
        phone: Some(Phone::parse("+491711234567", None).unwrap()),
        first_name: Some("Jo".to_owned()),
        ..Profile::default()
    };
    ContactRecord { profile: Some(Versioned { at: at(1), value: profile }), ..ContactRecord::default() }
}

fn says(state: ConsentState, second: i64) -> Option<Consent> {
    Some(Consent { state, at: at(second) })
}

fn flags(write: &ContactWrite) -> (Option<bool>, Option<bool>, bool) {
    (write.email_blacklisted, write.sms_blacklisted, write.attributes.contains_key("SMS"))
}

#[test]
fn a_new_contact_is_blocked_wherever_the_store_has_no_opt_in() {
    assert_eq!(flags(&creation(&jo(), &facts(), at(9))), (Some(true), Some(true), true));
    let record = ContactRecord { email_consent: says(ConsentState::OptedIn, 2), ..jo() };
    assert_eq!(flags(&creation(&record, &facts(), at(9))), (None, Some(true), true));
    let record = ContactRecord {
        email_consent: says(ConsentState::OptedOut, 2),
        sms_consent: says(ConsentState::OptedIn, 2),
        ..jo()
    };
    assert_eq!(flags(&creation(&record, &facts(), at(9))), (Some(true), None, true));
}

#[test]
fn a_contact_that_brevo_had_before_gets_no_flag_and_no_number_without_consent() {
    let record = ContactRecord { known_as: KnownAs::Linked, ..jo() };
    let (write, skipped) = update(&record, &facts(), at(9));
    assert_eq!(flags(&write), (None, None, false));
    assert_eq!(skipped.len(), 1);
    let record = ContactRecord { sms_consent: says(ConsentState::OptedIn, 2), ..record };
    let (write, skipped) = update(&record, &facts(), at(9));
    assert_eq!((flags(&write), skipped.len()), ((None, None, true), 0));
}

#[test]
fn an_explicit_opt_out_is_sent_once_whoever_made_the_contact() {
    for known_as in [KnownAs::Linked, KnownAs::Created] {
        let mut record = ContactRecord { known_as, email_consent: says(ConsentState::OptedOut, 2), ..jo() };
        record.sent_phone = record.profile.as_ref().unwrap().value.phone.clone();
        let (write, _) = update(&record, &facts(), at(9));
        assert_eq!(write.email_blacklisted, Some(true));
        let sent = record.clone();
        settle_update(&mut record, &sent, &write, &facts());
        assert_eq!(record.email_block, Some(Block::OptedOut));
        assert_eq!(update(&record, &facts(), at(9)).0.email_blacklisted, None);
    }
}

#[test]
fn only_our_own_block_is_lifted_and_only_by_an_opt_in() {
    let opted_in = ContactRecord { email_consent: says(ConsentState::OptedIn, 5), ..jo() };
    let foreign = ContactRecord { known_as: KnownAs::Linked, ..opted_in.clone() };
    assert_eq!(update(&foreign, &facts(), at(9)).0.email_blacklisted, None);
    let mut own = ContactRecord { known_as: KnownAs::Created, email_block: Some(Block::Unasked), ..opted_in };
    let (write, _) = update(&own, &facts(), at(9));
    assert_eq!(write.email_blacklisted, Some(false));
    let sent = own.clone();
    settle_update(&mut own, &sent, &write, &facts());
    assert_eq!(own.email_block, None);
    let silent = ContactRecord { email_consent: None, email_block: Some(Block::Unasked), ..own };
    assert_eq!(update(&silent, &facts(), at(9)).0.email_blacklisted, None);
}

#[test]
fn a_changed_number_is_blocked_again_and_a_kept_one_is_left_alone() {
    let mut record = jo();
    let write = creation(&record, &facts(), at(9));
    let sent = record.clone();
    settle_creation(&mut record, &sent, &write, &facts());
    assert_eq!((record.known_as, record.sms_block), (KnownAs::Created, Some(Block::Unasked)));
    assert_eq!(flags(&update(&record, &facts(), at(9)).0), (None, None, false));
    if let Some(profile) = &mut record.profile {
        profile.value.phone = Some(Phone::parse("+491719999999", None).unwrap());
    }
    assert_eq!(flags(&update(&record, &facts(), at(9)).0), (None, Some(true), true));
    if let Some(profile) = &mut record.profile {
        profile.value.phone = None;
    }
    assert_eq!(update(&record, &facts(), at(9)).0.attributes["SMS"], "");
}

#[test]
fn a_change_of_address_takes_the_block_along() {
    let to = Email::parse("new@example.com").unwrap();
    assert_eq!(moved(ContactWrite::default(), &to, true).email_blacklisted, Some(true));
    assert_eq!(moved(ContactWrite::default(), &to, false).email_blacklisted, None);
    assert_eq!(moved(ContactWrite::default(), &to, false).attributes["EMAIL"], "new@example.com");
}

#[test]
fn a_foreign_block_that_moved_with_an_address_is_not_ours_to_lift() {
    let to = Email::parse("new@example.com").unwrap();
    for consent in [None, says(ConsentState::OptedIn, 2)] {
        let mut record = ContactRecord { known_as: KnownAs::Linked, email_consent: consent, ..jo() };
        let write = moved(update(&record, &facts(), at(9)).0, &to, true);
        let sent = record.clone();
        settle_update(&mut record, &sent, &write, &facts());
        record.email_consent = says(ConsentState::OptedIn, 5);
        assert_eq!(update(&record, &facts(), at(9)).0.email_blacklisted, None);
    }
}
