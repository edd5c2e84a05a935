//! What a write says of a contact besides its flags: who it is, which lists, what is ours.

#![expect(clippy::unwrap_used, reason = "constants of a test")]

mod support;

use serde_json::json;
use tajo_brevo::{ContactWrite, Identifier};
use tajo_domain::{
    Block, Consent, ConsentState, ContactRecord, Creation, Email, KnownAs, NumberConsent, Phone, Profile,
    Versioned,
};
use tajo_mapping::{
    adopt, clearing, created_by, creation, has_whatsapp, identifier_of, note_tries, relink, settle_creation,
    settle_update, update, without_phone, without_whatsapp,
};

use support::{at, facts};

const LISTS: &str = "connectors: {shopify: {lists: {all_customers: 2, buyers: 4, abandoned_cart: 6}}}";

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn phone() -> Phone {
    Phone::parse("+491711234567", None).unwrap()
}

fn says(state: ConsentState) -> Option<Consent> {
    Some(Consent::new(state, at(2)))
}

fn says_of(state: ConsentState, number: Phone) -> Option<NumberConsent> {
    Some(NumberConsent { said: says(state)?, number: Some(number) })
}

/// Jo has an account, an address and a number.
fn jo() -> ContactRecord {
    let profile =
        Profile { email: Some(email("jo@example.com")), phone: Some(phone()), ..Profile::default() };
    ContactRecord {
        customer: Some("7".to_owned()),
        profile: Some(Versioned { at: at(1), value: profile }),
        ..ContactRecord::default()
    }
}

#[test]
fn a_creation_is_noted_with_its_blocks_before_it_is_tried_and_once_only() {
    let mut record = jo();
    note_tries(&mut record, &facts(""), at(10));
    let first = Creation {
        since: at(10),
        tries: 1,
        email_block: Some(Block::Unasked),
        sms_block: Some(Block::Unasked),
        email_open: false,
        sms_open: false,
        has_phone: true,
        has_whatsapp: false,
    };
    assert_eq!(record.creation, Some(first.clone()));
    // The second try would not block emails any more; the first may be the one that succeeded.
    record.email_consent = says(ConsentState::OptedIn);
    note_tries(&mut record, &facts(""), at(20));
    assert_eq!(record.creation, Some(Creation { tries: 2, email_open: true, ..first }));
    let mut known = ContactRecord { known_as: KnownAs::Linked, ..jo() };
    note_tries(&mut known, &facts(""), at(10));
    assert_eq!(known.creation, None);
}

#[test]
fn a_contact_is_ours_if_it_is_not_older_than_the_first_try_and_blocked_where_all_the_tries_blocked() {
    let both = Creation {
        since: at(10),
        tries: 2,
        email_block: Some(Block::Unasked),
        sms_block: Some(Block::OptedOut),
        email_open: false,
        sms_open: false,
        has_phone: false,
        has_whatsapp: false,
    };
    let is_ours = |tries: &Creation, at, email, sms| created_by(tries, at, email, sms).is_some();
    assert!(is_ours(&both, at(10), true, true));
    assert!(!is_ours(&both, at(9), true, true), "it was there before us");
    assert!(
        !is_ours(&both, at(11), false, true) && !is_ours(&both, at(11), true, false),
        "a sign-up of their own"
    );
    let none = Creation { email_block: None, sms_block: None, email_open: true, sms_open: true, ..both };
    assert!(is_ours(&none, at(11), false, false) && is_ours(&none, at(11), true, true));
}

#[test]
fn a_contact_of_tries_with_and_without_a_block_has_the_block_that_is_there() {
    let tries = Creation {
        since: at(10),
        tries: 2,
        email_block: Some(Block::OptedOut),
        sms_block: Some(Block::Unasked),
        email_open: true,
        sms_open: false,
        has_phone: false,
        has_whatsapp: false,
    };
    let blocks =
        |email, sms| created_by(&tries, at(11), email, sms).map(|found| (found.email_block, found.sms_block));
    assert_eq!(blocks(true, true), Some((Some(Block::OptedOut), Some(Block::Unasked))));
    assert_eq!(blocks(false, true), Some((None, Some(Block::Unasked))));
    assert_eq!(blocks(false, false), None, "a sign-up of their own");
}

#[test]
fn an_adopted_contact_has_the_blocks_of_its_tries_and_a_known_one_keeps_its_own() {
    let tries = Creation {
        since: at(1),
        tries: 2,
        email_block: Some(Block::OptedOut),
        sms_block: None,
        email_open: false,
        sms_open: true,
        has_phone: false,
        has_whatsapp: false,
    };
    let mut record = jo();
    adopt(&mut record, &tries);
    assert_eq!((record.known_as, record.email_block), (KnownAs::Created, Some(Block::OptedOut)));
    record.email_block = None;
    adopt(&mut record, &tries);
    assert_eq!(record.email_block, None);
}

#[test]
fn a_contact_is_named_by_what_brevo_knows_it_by() {
    let facts = facts("");
    let named = |record: &ContactRecord| match identifier_of(record, &facts) {
        Some(Identifier::Email(email)) => email.as_str().to_owned(),
        Some(Identifier::ExtId(id) | Identifier::BrevoId(id)) => id,
        Some(Identifier::Phone(phone)) => phone.as_str().to_owned(),
        None => "nobody".to_owned(),
    };
    let nameless = |known_as| {
        let profile = Profile { phone: Some(phone()), ..Profile::default() };
        ContactRecord {
            known_as,
            profile: Some(Versioned { at: at(1), value: profile }),
            ..ContactRecord::default()
        }
    };
    assert_eq!(named(&jo()), "jo@example.com");
    let known = ContactRecord { known_as: KnownAs::Created, ..jo() };
    assert_eq!(named(&known), "shopify:demo-shop:7");
    assert_eq!(
        named(&ContactRecord { sent_email: Some(email("old@example.com")), ..known }),
        "old@example.com"
    );
    assert_eq!(named(&nameless(KnownAs::Unknown)), "+491711234567");
    assert_eq!(named(&nameless(KnownAs::Linked)), "+491711234567");
    assert_eq!(
        named(&ContactRecord { customer: Some("7".to_owned()), ..nameless(KnownAs::Unknown) }),
        "shopify:demo-shop:7"
    );
    assert_eq!(named(&ContactRecord::default()), "nobody");
}

#[test]
fn lists_follow_orders_and_carts() {
    let facts = facts(LISTS);
    let lists = |record: &ContactRecord| creation(record, &facts, at(9)).list_ids;
    assert_eq!(lists(&jo()), [2]);
    assert_eq!(lists(&ContactRecord { last_order_at: Some(at(3)), ..jo() }), [2, 4]);
    let waiting = ContactRecord { abandoned_cart: Some("t".to_owned()), ..jo() };
    assert_eq!(lists(&waiting), [2, 6]);
    let left = |record: &ContactRecord| update(record, &facts, at(9)).0.unlink_list_ids;
    let known = ContactRecord { known_as: KnownAs::Created, in_abandoned_list: true, ..jo() };
    assert_eq!(left(&known), [6]);
    assert!(left(&ContactRecord { abandoned_cart: Some("t".to_owned()), ..known.clone() }).is_empty());
    assert!(left(&ContactRecord { in_abandoned_list: false, ..known }).is_empty());
}

#[test]
fn after_a_write_the_record_says_what_brevo_has() {
    let facts = facts(LISTS);
    let mut record = ContactRecord { abandoned_cart: Some("t".to_owned()), ..jo() };
    note_tries(&mut record, &facts, at(5));
    let (sent, write) = (record.clone(), creation(&record, &facts, at(9)));
    settle_creation(&mut record, &sent, &write, &facts);
    assert_eq!(record.creation, None);
    assert_eq!(
        (record.sent_email.clone(), record.sent_phone.clone()),
        (Some(email("jo@example.com")), Some(phone()))
    );
    assert!(record.in_abandoned_list);
    // Brevo refused the number: it is not there.
    let mut refused = jo();
    let rest = without_phone(write, &jo());
    assert!(rest.email.is_some() && !rest.attributes.contains_key("SMS"), "the rest of the contact arrives");
    settle_creation(&mut refused, &jo(), &rest, &facts);
    assert_eq!(refused.sent_phone, None);
    // An update that says nothing of the number leaves it as it was; one that says it, sets it.
    let mut linked = ContactRecord { sent_phone: Some(phone()), ..jo() };
    settle_update(&mut linked, &jo(), &ContactWrite::default(), &facts);
    assert_eq!((linked.known_as, linked.sent_phone), (KnownAs::Linked, Some(phone())));
}

#[test]
fn a_number_that_is_not_mapped_or_was_refused_is_not_written() {
    let sms = |record: &ContactRecord, settings: &str| {
        creation(record, &facts(settings), at(9)).attributes.contains_key("SMS")
    };
    assert!(sms(&jo(), "") && sms(&jo(), "field_mapping: {first_name: FIRSTNAME, phone: SMS}"));
    assert!(!sms(&jo(), "field_mapping: {first_name: FIRSTNAME}"));
    assert!(!sms(&ContactRecord { refused_phone: Some(phone()), ..jo() }, ""));
}

#[test]
fn a_number_is_emptied_only_where_it_was_written_and_an_address_remains() {
    let known = ContactRecord { known_as: KnownAs::Created, sent_phone: Some(phone()), ..jo() };
    let without = |mut record: ContactRecord, keep_email: bool| {
        let profile = &mut record.profile.as_mut().unwrap().value;
        profile.phone = None;
        profile.email = profile.email.take().filter(|_| keep_email);
        update(&record, &facts(""), at(9)).0.attributes.get("SMS").cloned()
    };
    assert_eq!(without(known.clone(), true), Some(json!("")));
    assert_eq!(without(known.clone(), false), None);
    assert_eq!(without(ContactRecord { sent_phone: None, ..known }, true), None);
}

#[test]
fn what_we_gave_is_taken_back() {
    let facts = facts(LISTS);
    let record = ContactRecord {
        known_as: KnownAs::Created,
        sent_email: Some(email("jo@example.com")),
        sent_phone: Some(phone()),
        ..jo()
    };
    // A contact that Brevo had before us may carry the id of another system.
    let linked = ContactRecord { known_as: KnownAs::Linked, ..record.clone() };
    assert_eq!(clearing(&linked, &facts, true).ext_id, None);
    let write = clearing(&record, &facts, true);
    assert_eq!((write.ext_id.as_deref(), &write.attributes["FIRSTNAME"]), (Some(""), &json!("")));
    assert_eq!((&write.attributes["SMS"], write.unlink_list_ids), (&json!(""), vec![2, 4, 6]));
    assert_eq!(clearing(&record, &facts, false).ext_id, None);
    let nameless = ContactRecord { sent_email: None, ..record.clone() };
    let write = clearing(&nameless, &facts, true);
    assert_eq!((write.ext_id.as_deref(), write.attributes.contains_key("SMS")), (None, false));
    assert_eq!(clearing(&ContactRecord { customer: None, ..record }, &facts, true).ext_id, None);
}

#[test]
fn another_contact_is_somebody_of_whom_nothing_is_known() {
    let mut record = ContactRecord {
        known_as: KnownAs::Created,
        sent_phone: Some(phone()),
        sent_whatsapp: Some(phone()),
        email_block: Some(Block::Unasked),
        sms_block: Some(Block::Unasked),
        in_abandoned_list: true,
        ..jo()
    };
    relink(&mut record, &email("new@example.com"));
    let expected =
        ContactRecord { known_as: KnownAs::Linked, sent_email: Some(email("new@example.com")), ..jo() };
    assert_eq!(record, expected);
}

#[test]
fn whatsapp_is_written_for_exactly_the_number_that_was_consented_to() {
    let facts = facts("connectors: {shopify: {contacts: {whatsapp: true}}}");
    let given = ContactRecord {
        known_as: KnownAs::Created,
        whatsapp_consent: says_of(ConsentState::OptedIn, phone()),
        ..jo()
    };
    let written =
        |record: &ContactRecord| update(record, &facts, at(9)).0.attributes.get("WHATSAPP").cloned();
    assert_eq!(written(&given), Some(json!("+491711234567")));
    assert_eq!(written(&ContactRecord { sent_whatsapp: Some(phone()), ..given.clone() }), None);
    assert_eq!(written(&ContactRecord { refused_whatsapp: Some(phone()), ..given.clone() }), None);
    let other = Phone::parse("+491719999999", None).unwrap();
    assert_eq!(
        written(&ContactRecord {
            whatsapp_consent: says_of(ConsentState::OptedIn, other.clone()),
            ..given.clone()
        }),
        None
    );
    let withdrawn = ContactRecord {
        whatsapp_consent: says_of(ConsentState::OptedOut, phone()),
        sent_whatsapp: Some(phone()),
        ..given.clone()
    };
    assert_eq!(written(&withdrawn), Some(json!("")));

    let mut record = given.clone();
    let mut write = update(&record, &facts, at(9)).0;
    assert!(has_whatsapp(&write));
    settle_update(&mut record, &given, &write, &facts);
    assert_eq!(record.sent_whatsapp, Some(phone()));
    // Brevo refused it: the number of before must not stay in its place.
    let before = ContactRecord { sent_whatsapp: Some(other), ..given };
    assert_eq!(without_whatsapp(&mut write, &before), Some(phone()));
    assert_eq!((write.attributes.get("WHATSAPP"), has_whatsapp(&write)), (Some(&json!("")), false));
    assert!(!has_whatsapp(&ContactWrite::default()));
}

#[test]
fn a_contact_that_is_made_anew_gets_its_whatsapp_number_anew() {
    let facts = facts("connectors: {shopify: {contacts: {whatsapp: true}}}");
    let made = |record: &ContactRecord| creation(record, &facts, at(9)).attributes.get("WHATSAPP").cloned();
    let given = ContactRecord {
        whatsapp_consent: says_of(ConsentState::OptedIn, phone()),
        sent_whatsapp: Some(phone()),
        ..jo()
    };
    assert_eq!(made(&given), Some(json!("+491711234567")), "whatever the contact of before had");
    let tried = ContactRecord { whatsapp_tried: true, ..jo() };
    assert_eq!(made(&tried), None, "there is nothing to empty");
    // What was tried is what was refused: nothing of before is there.
    let mut write = ContactWrite::default();
    without_whatsapp(&mut write, &tried);
    assert!(write.attributes.is_empty());
}
