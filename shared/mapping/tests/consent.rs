//! Which block flags a write carries.

#![expect(clippy::unwrap_used, reason = "constants of a test")]

use jiff::Timestamp;
use tajo_brevo::ContactWrite;
use tajo_domain::{
    Block, BrevoNews, BrevoSaid, Consent, ConsentState, ContactRecord, Email, KnownAs, NumberConsent,
    OutReason, Phone, Profile, StoreId, Versioned,
};
use tajo_mapping::{
    Settings, StoreFacts, StoreKind, creation, insist, moved, note_tries, settle_creation, settle_update,
    update, without_phone,
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
    Some(Consent::new(state, at(second)))
}

fn says_of(state: ConsentState, number: &str) -> Option<NumberConsent> {
    let said = says(state, 2)?;
    Some(NumberConsent { said, number: Phone::parse(number, None).ok() })
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
        sms_consent: says_of(ConsentState::OptedIn, "+491711234567"),
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
    let record = ContactRecord { sms_consent: says_of(ConsentState::OptedIn, "+491711234567"), ..record };
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

/// Jo, whom we created, with the number `A` written for a recorded consent.
fn jo_with_open_number() -> ContactRecord {
    ContactRecord {
        known_as: KnownAs::Created,
        sent_email: jo().profile.unwrap().value.email,
        sent_phone: Phone::parse(A, None).ok(),
        sms_consent: says_of(ConsentState::OptedIn, A),
        ..jo()
    }
}

fn with_number(mut record: ContactRecord, number: &str) -> ContactRecord {
    record.profile.as_mut().unwrap().value.phone = Phone::parse(number, None).ok();
    record
}

const A: &str = "+491711234567";
const B: &str = "+491719999999";

#[test]
fn a_block_that_goes_along_with_a_new_address_is_not_ours_to_lift() {
    let to = Email::parse("new@example.com").unwrap();
    for known_as in [KnownAs::Created, KnownAs::Linked] {
        for consent in [None, says(ConsentState::OptedIn, 2)] {
            for block in [None, Some(Block::Unasked)] {
                let sent =
                    ContactRecord { known_as, email_consent: consent.clone(), email_block: block, ..jo() };
                let mut record = sent.clone();
                let write = moved(ContactWrite::default(), &to, true);
                settle_update(&mut record, &sent, &write, &facts());
                assert_eq!(record.email_block, block);
                record.email_consent = says(ConsentState::OptedIn, 5);
                let lift = update(&record, &facts(), at(9)).0.email_blacklisted;
                assert_eq!(lift, block.map(|_| false), "only ours");
            }
        }
    }
}

#[test]
fn consent_to_text_messages_holds_for_its_number_alone() {
    let record = with_number(jo_with_open_number(), B);
    let (write, _) = update(&record, &facts(), at(9));
    assert_eq!((write.sms_blacklisted, &write.attributes["SMS"]), (Some(true), &B.into()));
    assert_eq!(creation(&record, &facts(), at(9)).sms_blacklisted, Some(true));
    // A contact that is not ours loses the number of before and gets none.
    let linked = ContactRecord { known_as: KnownAs::Linked, ..record };
    let (write, skipped) = update(&linked, &facts(), at(9));
    assert_eq!((write.sms_blacklisted, &write.attributes["SMS"], skipped.len()), (None, &"".into(), 1));
}

#[test]
fn a_refused_number_opens_no_other_one() {
    let blocked = ContactRecord {
        sms_block: Some(Block::Unasked),
        sms_consent: says_of(ConsentState::OptedIn, B),
        ..with_number(jo_with_open_number(), B)
    };
    let (write, _) = update(&blocked, &facts(), at(9));
    assert_eq!((write.sms_blacklisted, &write.attributes["SMS"]), (Some(false), &B.into()));
    let rest = without_phone(write, &blocked);
    assert_eq!((rest.sms_blacklisted, &rest.attributes["SMS"]), (None, &"".into()));
    let refused = ContactRecord { refused_phone: Phone::parse(B, None).ok(), ..blocked };
    assert_eq!(update(&refused, &facts(), at(9)).0.sms_blacklisted, None);
}

#[test]
fn a_flag_whose_fate_is_unknown_is_said_again() {
    let opted_out = ContactRecord {
        known_as: KnownAs::Created,
        email_consent: says(ConsentState::OptedOut, 2),
        email_block: Some(Block::OptedOut),
        ..jo()
    };
    let flag = |record: &ContactRecord| update(record, &facts(), at(9)).0.email_blacklisted;
    let mut record = ContactRecord { email_consent: says(ConsentState::OptedIn, 3), ..opted_out };
    note_tries(&mut record, &facts(), at(9));
    // The lift was sent, and its answer was lost.
    record.email_consent = says(ConsentState::OptedOut, 4);
    assert_eq!(flag(&record), Some(true));
    let sent = record.clone();
    settle_update(&mut record, &sent, &update(&sent, &facts(), at(9)).0, &facts());
    assert_eq!((record.email_block, flag(&record)), (Some(Block::OptedOut), None));
    // And the other way round.
    let mut record =
        ContactRecord { known_as: KnownAs::Linked, email_consent: says(ConsentState::OptedOut, 2), ..jo() };
    note_tries(&mut record, &facts(), at(9));
    record.email_consent = says(ConsentState::OptedIn, 3);
    assert_eq!(flag(&record), Some(false));
}

/// Jo, whom we created and opened, and of whom Brevo then reported that they are out.
fn jo_out(second: i64) -> ContactRecord {
    let mut record = ContactRecord { email_consent: says(ConsentState::OptedIn, 2), ..jo_with_open_number() };
    let email = Email::parse("jo@example.com").unwrap();
    for said in [BrevoSaid::Out(OutReason::Unsubscribed), BrevoSaid::SmsOut(OutReason::Unsubscribed)] {
        assert!(record.hear_brevo(&BrevoNews { email: email.clone(), said, at: at(second) }));
    }
    record
}

#[test]
fn what_brevo_reported_is_lifted_by_a_newer_opt_in_for_its_number_alone() {
    let flags = |record: &ContactRecord| {
        let (write, _) = update(record, &facts(), at(9));
        (write.email_blacklisted, write.sms_blacklisted)
    };
    let record = jo_out(5);
    assert_eq!(flags(&record), (None, None), "Brevo has the blocks");
    let mut newer = ContactRecord { email_consent: says(ConsentState::OptedIn, 6), ..record };
    newer.sms_consent.as_mut().unwrap().said.at = at(6);
    assert_eq!(flags(&newer), (Some(false), Some(false)));
    // The opt-in is for another number than the one that is there: what Brevo reported holds for all.
    let other = with_number(newer, B);
    let (write, _) = update(&other, &facts(), at(9));
    assert_eq!((write.sms_blacklisted, &write.attributes["SMS"]), (Some(true), &B.into()));
}

#[test]
fn a_repeated_write_says_a_report_again_only_where_a_lift_may_have_been_sent() {
    let said_again = |record: &ContactRecord| {
        let (mut write, _) = update(record, &facts(), at(9));
        insist(&mut write, record, &facts());
        (write.email_blacklisted, write.sms_blacklisted)
    };
    assert_eq!(said_again(&jo_out(5)), (Some(true), Some(true)));
    let silent = ContactRecord { email_consent: None, sms_consent: None, ..jo_out(5) };
    assert_eq!(said_again(&silent), (None, None), "Brevo set these blocks, and may have lifted them");
    assert_eq!(said_again(&jo_out(1)), (Some(false), Some(false)), "the opt-ins are newer");
}

#[test]
fn a_lift_whose_fate_is_unknown_does_not_outlive_a_report() {
    let mut record = ContactRecord {
        email_block: Some(Block::Unasked),
        email_consent: says(ConsentState::OptedIn, 2),
        ..jo_with_open_number()
    };
    note_tries(&mut record, &facts(), at(3));
    // The lift was sent, its answer was lost, and Brevo tells of an opt-out.
    let email = Email::parse("jo@example.com").unwrap();
    record.hear_brevo(&BrevoNews { email, said: BrevoSaid::Out(OutReason::Spam), at: at(4) });
    assert_eq!(update(&record, &facts(), at(9)).0.email_blacklisted, Some(true));
    let sent = record.clone();
    settle_update(&mut record, &sent, &update(&sent, &facts(), at(9)).0, &facts());
    assert_eq!(record.email_block, Some(Block::Reported));
    assert_eq!(update(&record, &facts(), at(9)).0.email_blacklisted, None);
}
