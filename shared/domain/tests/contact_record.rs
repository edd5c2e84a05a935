//! How news about a person is accepted: each facet by its own clock.

#![allow(clippy::unwrap_used)] // helpers of tests are tests too

use jiff::Timestamp;
use tajo_domain::{
    Consent, ConsentState, ContactRecord, Email, Identity, PersonUpdate, Profile, Totals, Versioned,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn named(first_name: &str, second: i64) -> PersonUpdate {
    let profile = Profile {
        email: Email::parse("jo@example.com").ok(),
        first_name: Some(first_name.to_owned()),
        ..Profile::default()
    };
    PersonUpdate { profile: Some(Versioned { at: at(second), value: profile }), ..PersonUpdate::default() }
}

fn first_name(record: &ContactRecord) -> Option<&str> {
    record.profile.as_ref()?.value.first_name.as_deref()
}

#[test]
fn an_older_profile_changes_nothing_and_an_equal_version_is_accepted_again() {
    let mut record = ContactRecord::default();
    assert!(record.accept(&named("Jo", 20)));
    assert!(!record.accept(&named("Old", 19)));
    assert_eq!((first_name(&record), record.accepted), (Some("Jo"), 1));
    // Platforms stamp whole seconds: the same version may hold something else.
    assert!(record.accept(&named("Joe", 20)));
    assert_eq!((first_name(&record), record.accepted), (Some("Joe"), 2));
}

#[test]
fn a_newer_time_alone_is_no_change_that_brevo_would_see() {
    let mut record = ContactRecord::default();
    record.accept(&named("Jo", 20));
    assert!(!record.accept(&named("Jo", 30)));
    assert_eq!((record.accepted, record.profile.as_ref().unwrap().at), (1, at(30)));
    // But it counts: what lies between is old now.
    assert!(!record.accept(&named("Between", 25)));
}

#[test]
fn facets_have_clocks_of_their_own() {
    let mut record = ContactRecord::default();
    let totals = Totals { orders: 3, spent: "9.90".parse().unwrap(), currency: None };
    let summary = PersonUpdate {
        totals: Some(Versioned { at: at(50), value: totals.clone() }),
        tags: Some(Versioned { at: at(50), value: vec!["vip".to_owned()] }),
        ..PersonUpdate::default()
    };
    assert!(record.accept(&summary));
    assert!(record.accept(&named("Jo", 3)), "a summary at :50 must not reject a profile of :03");
    let older = PersonUpdate {
        totals: Some(Versioned { at: at(40), value: Totals { orders: 2, ..totals } }),
        ..PersonUpdate::default()
    };
    assert!(!record.accept(&older));
    assert_eq!(record.totals.unwrap().value.orders, 3);
}

#[test]
fn the_latest_order_only_moves_forward_and_the_first_account_stays() {
    let mut record = ContactRecord::default();
    let ordered = |second, id: &str| PersonUpdate {
        ordered_at: Some(at(second)),
        identity: Identity { customer: Some(id.to_owned()), ..Identity::default() },
        ..PersonUpdate::default()
    };
    assert!(record.accept(&ordered(20, "7")));
    assert!(!record.accept(&ordered(10, "8")));
    assert_eq!((record.last_order_at, record.customer.as_deref()), (Some(at(20)), Some("7")));
}

#[test]
fn consent_is_kept_per_channel() {
    let said = |state, second| Some(Consent::new(state, at(second)));
    let mut record = ContactRecord::default();
    record.accept(&PersonUpdate {
        email_consent: said(ConsentState::OptedOut, 20),
        sms_consent: said(ConsentState::OptedIn, 10),
        ..PersonUpdate::default()
    });
    record.accept(&PersonUpdate {
        email_consent: said(ConsentState::OptedIn, 15),
        sms_consent: said(ConsentState::OptedOut, 15),
        ..PersonUpdate::default()
    });
    assert_eq!(record.email_consent, said(ConsentState::OptedOut, 20));
    assert_eq!(record.sms_consent.map(|consent| consent.said), said(ConsentState::OptedOut, 15));
}

#[test]
fn a_forgotten_person_leaves_only_the_time_and_a_higher_count() {
    let mut record = ContactRecord::default();
    record.accept(&named("Jo", 20));
    record.effects.done("created");
    record.forget(at(30));
    let left = ContactRecord { accepted: 2, deleted_at: Some(at(30)), ..ContactRecord::default() };
    assert_eq!(record, left);
}
