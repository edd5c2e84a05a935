//! What of a write is still to be said: what Brevo has already, what may ride along in an event, what an earlier try may have
//! set.

#![expect(clippy::unwrap_used, reason = "constants of a test")]

mod support;

use serde_json::json;
use tajo_brevo::{ContactWrite, Identifier};
use tajo_domain::{
    Block, Consent, ConsentState, ContactRecord, Creation, CustomValue, Email, KnownAs, NumberConsent, Phone,
    Profile, Versioned,
};
use tajo_mapping::{
    Kind, adopt, created_by, flags_due, has_phone, identifier_of, is_said, may_ride, moves, note_tries,
    settle_update, update,
};

use support::{at, facts};

fn phone() -> Phone {
    Phone::parse("+491711234567", None).unwrap()
}

fn says(state: ConsentState) -> Consent {
    Consent::new(state, at(2))
}

fn of_number(state: ConsentState) -> Option<NumberConsent> {
    Some(NumberConsent { said: says(state), number: Some(phone()) })
}

/// Jo has an account and an address, and Brevo had her before us.
fn jo() -> ContactRecord {
    let email = Email::parse("jo@example.com").ok();
    let value = Profile { email: email.clone(), ..Profile::default() };
    ContactRecord {
        customer: Some("7".to_owned()),
        profile: Some(Versioned { at: at(1), value }),
        known_as: KnownAs::Linked,
        sent_email: email,
        ..ContactRecord::default()
    }
}

fn with_phone(mut record: ContactRecord) -> ContactRecord {
    record.profile.as_mut().unwrap().value.phone = Some(phone());
    record
}

#[test]
fn every_flag_and_number_that_is_about_to_be_tried_is_noted() {
    let mut record = with_phone(ContactRecord { known_as: KnownAs::Created, ..jo() });
    note_tries(&mut record, &facts(""), at(10));
    assert!(!record.email_flag_tried && record.sms_flag_tried && record.phone_tried);
    let out = Some(says(ConsentState::OptedOut));
    let mut record = ContactRecord { email_consent: out, ..jo() };
    note_tries(&mut record, &facts(""), at(10));
    assert!(record.email_flag_tried && !record.sms_flag_tried && !record.phone_tried);
    let consent = of_number(ConsentState::OptedIn);
    let mut record = with_phone(ContactRecord { whatsapp_consent: consent, ..jo() });
    note_tries(&mut record, &facts("connectors: {shopify: {contacts: {whatsapp: true}}}"), at(10));
    assert!(record.whatsapp_tried && !record.phone_tried);
}

#[test]
fn tries_of_a_creation_are_remembered_together_whichever_came_first() {
    let settings = facts("connectors: {shopify: {contacts: {whatsapp: true}}}");
    let nobody = ContactRecord { known_as: KnownAs::Unknown, sent_email: None, ..jo() };
    let open = with_phone(ContactRecord {
        sms_consent: of_number(ConsentState::OptedIn),
        whatsapp_consent: of_number(ConsentState::OptedIn),
        ..nobody.clone()
    });
    for (first, second) in [(&nobody, &open), (&open, &nobody)] {
        let mut record = first.clone();
        note_tries(&mut record, &settings, at(10));
        let mut record = ContactRecord { creation: record.creation, ..second.clone() };
        note_tries(&mut record, &settings, at(20));
        let tried = record.creation.unwrap();
        assert!(tried.sms_open && tried.has_phone && tried.has_whatsapp, "{tried:?}");
    }
}

#[test]
fn a_block_that_only_some_tries_set_is_known_only_where_it_stands() {
    let tries = Creation {
        since: at(10),
        tries: 2,
        email_block: Some(Block::Unasked),
        sms_block: Some(Block::Unasked),
        email_open: true,
        sms_open: true,
        has_phone: true,
        has_whatsapp: true,
    };
    let blocks = |email, sms| {
        let ours = created_by(&tries, at(11), email, sms).unwrap();
        (ours.email_block.is_some(), ours.sms_block.is_some())
    };
    assert_eq!(blocks(true, false), (true, false));
    assert_eq!(blocks(false, true), (false, true));
    // Which number the contact has depends on the try that made it.
    let mut record = ContactRecord { known_as: KnownAs::Unknown, ..jo() };
    adopt(&mut record, &tries);
    assert!(record.phone_tried && record.whatsapp_tried);
}

#[test]
fn a_flag_is_due_on_either_road() {
    assert!(!flags_due(&jo(), &facts(""), at(10)));
    let email = ContactRecord { email_consent: Some(says(ConsentState::OptedOut)), ..jo() };
    let sms = ContactRecord { sms_consent: of_number(ConsentState::OptedOut), ..jo() };
    assert!(flags_due(&email, &facts(""), at(10)) && flags_due(&sms, &facts(""), at(10)));
}

#[test]
fn our_id_goes_only_to_a_contact_that_carries_no_other() {
    let id = |record: &ContactRecord| update(record, &facts(""), at(10)).0.ext_id.is_some();
    assert!(!id(&jo()), "it may carry the id of another system");
    assert!(id(&ContactRecord { known_as: KnownAs::Created, ..jo() }));
    assert!(id(&ContactRecord { known_by_phone: true, ..jo() }));
}

#[test]
fn what_an_update_said_is_known_afterwards() {
    let settle = |record: &mut ContactRecord, write: &ContactWrite| {
        let sent = record.clone();
        settle_update(record, &sent, write, &facts(""));
    };
    let mut record = ContactRecord { joined: vec![2, 6, 8], has_our_id: true, email_lifted: true, ..jo() };
    let write = ContactWrite { list_ids: vec![2, 4], unlink_list_ids: vec![6], ..ContactWrite::default() };
    settle(&mut record, &write);
    assert_eq!(record.joined, [8, 2, 4]);
    assert!(record.has_our_id && record.email_lifted, "it said nothing of either");
    settle(&mut record, &ContactWrite { email_blacklisted: Some(true), ..ContactWrite::default() });
    assert!(!record.email_lifted);
    settle(&mut record, &ContactWrite { email_blacklisted: Some(false), ..ContactWrite::default() });
    assert!(record.email_lifted);
    let mut record = jo();
    settle(&mut record, &ContactWrite { ext_id: Some("x".to_owned()), ..ContactWrite::default() });
    assert!(record.has_our_id);
}

#[test]
fn only_attributes_and_lists_are_ever_said_already_or_ride_along() {
    let mut record = jo();
    let write =
        ContactWrite { attributes: [("LASTNAME".to_owned(), json!("M"))].into(), ..ContactWrite::default() };
    assert!(!is_said(&write, &record) && may_ride(&write, &record), "Brevo does not have it yet");
    let sent = record.clone();
    settle_update(&mut record, &sent, &write, &facts(""));
    assert!(is_said(&write, &record) && may_ride(&write, &record) && !moves(&write));

    let other =
        ContactWrite { attributes: [("LASTNAME".to_owned(), json!("N"))].into(), ..ContactWrite::default() };
    assert!(!is_said(&other, &record));
    let with = |change: fn(&mut ContactWrite)| {
        let mut write = write.clone();
        change(&mut write);
        write
    };
    for (write, moved) in
        [(with(|write| write.list_ids.push(4)), true), (with(|write| write.unlink_list_ids.push(4)), true)]
    {
        assert_eq!(
            (moves(&write), is_said(&write, &record), may_ride(&write, &record)),
            (moved, false, true)
        );
    }
    for more in [
        with(|write| write.email = Email::parse("jo@example.com").ok()),
        with(|write| write.ext_id = Some("shopify:demo-shop:7".to_owned())),
        with(|write| write.email_blacklisted = Some(true)),
        with(|write| write.sms_blacklisted = Some(false)),
        with(|write| drop(write.attributes.insert("SMS".to_owned(), json!("491711234567")))),
        with(|write| drop(write.attributes.insert("WHATSAPP".to_owned(), json!("")))),
    ] {
        assert!(!is_said(&more, &record) && !may_ride(&more, &record), "{:?}", more.attributes.keys());
    }
    // Our id is no news where Brevo has it.
    let record = ContactRecord { has_our_id: true, ..record };
    let known = with(|write| write.ext_id = Some("shopify:demo-shop:7".to_owned()));
    assert!(is_said(&known, &record) && may_ride(&known, &record));
}

#[test]
fn an_event_takes_texts_numbers_and_switches_along_and_nothing_else() {
    let of = |value| ContactWrite { attributes: [("X".to_owned(), value)].into(), ..ContactWrite::default() };
    assert!([json!("a"), json!(1.5), json!(true)].into_iter().all(|value| may_ride(&of(value), &jo())));
    assert!(![json!(null), json!(["a"]), json!({})].into_iter().any(|value| may_ride(&of(value), &jo())));
}

#[test]
fn a_contact_that_brevo_had_by_its_number_alone_is_named_by_it_until_it_has_our_id() {
    let who = |known_by_phone, has_our_id| {
        let record = ContactRecord { sent_email: None, known_by_phone, has_our_id, ..with_phone(jo()) };
        let uses_numbers = facts("connectors: {shopify: {contacts: {identity: [email, phone]}}}");
        matches!(identifier_of(&record, &uses_numbers), Some(Identifier::Phone(_)))
    };
    assert!(who(true, false));
    assert!(!who(true, true) && !who(false, false) && !who(false, true));
}

#[test]
fn what_the_store_no_longer_maps_is_forgotten() {
    let fact = || CustomValue {
        at: at(1),
        edited_at: None,
        triggered_at: None,
        value: Some("gold".to_owned()),
        given: true,
    };
    let sources = ["metafields.custom.tier", "note"];
    let custom = sources.map(|source| (source.to_owned(), fact())).into();
    let mut record = ContactRecord { custom, ..jo() };
    facts("field_mapping: {note: NOTE}").settings.field_mapping.forget_unmapped(&mut record);
    assert_eq!(record.custom.into_keys().collect::<Vec<_>>(), ["note"]);
}

#[test]
fn an_emptied_name_is_emptied_only_in_a_contact_that_we_made() {
    let mut record = jo();
    record.profile.as_mut().unwrap().value.first_name = Some(String::new());
    let said =
        |record: &ContactRecord| update(record, &facts(""), at(10)).0.attributes.get("FIRSTNAME").cloned();
    assert_eq!(said(&record), None);
    record.known_as = KnownAs::Created;
    assert_eq!(said(&record), Some(json!("")));
}

#[test]
fn kinds_have_brevos_words() {
    assert_eq!(Kind::ALL.map(Kind::as_str), ["text", "float", "date", "boolean"]);
}

#[test]
fn a_number_is_written_again_only_where_nobody_knows_which_one_is_there() {
    let known = with_phone(ContactRecord {
        known_as: KnownAs::Created,
        sent_phone: Some(phone()),
        sms_block: Some(Block::Unasked),
        ..jo()
    });
    let writes = |record: &ContactRecord| has_phone(&update(record, &facts(""), at(10)).0);
    assert!(!writes(&known));
    assert!(writes(&ContactRecord { sms_flag_tried: true, ..known.clone() }));
    assert!(writes(&ContactRecord { phone_tried: true, ..known }));
    let emptied =
        ContactWrite { attributes: [("SMS".to_owned(), json!(""))].into(), ..ContactWrite::default() };
    assert!(!has_phone(&emptied) && !has_phone(&ContactWrite::default()));
}

#[test]
fn what_an_update_said_of_a_number_is_known_afterwards() {
    let tried =
        with_phone(ContactRecord { sms_flag_tried: true, phone_tried: true, sms_lifted: true, ..jo() });
    let after = |write: &ContactWrite| {
        let mut record = tried.clone();
        settle_update(&mut record, &tried, write, &facts(""));
        record
    };
    let silent = after(&ContactWrite::default());
    assert!(silent.sms_flag_tried && silent.sms_lifted && !silent.phone_tried && silent.sent_phone.is_none());
    let number = ContactWrite {
        attributes: [("SMS".to_owned(), json!(phone()))].into(),
        sms_blacklisted: Some(true),
        ..ContactWrite::default()
    };
    let blocked = after(&number);
    assert!(!blocked.sms_flag_tried && !blocked.sms_lifted && !blocked.phone_tried);
    assert_eq!((blocked.sent_phone, blocked.sms_block), (Some(phone()), Some(Block::Unasked)));
    let lifted = after(&ContactWrite { sms_blacklisted: Some(false), ..number });
    assert!(lifted.sms_lifted && lifted.sms_block.is_none());
}
