//! What may stand in a key, and what stands for a person there.

#![allow(clippy::unwrap_used)] // helpers of tests are tests too

use tajo_domain::{
    ContactKey, ContactRecord, Email, Identity, Phone, Profile, StoreId, Versioned, short_hash,
};

#[test]
fn a_store_id_is_what_a_key_a_message_group_and_a_path_take_unescaped() {
    for good in ["a", "7", "demo-shop", "a--b", &"x".repeat(63)] {
        assert_eq!(StoreId::parse(good).unwrap().as_str(), good);
        assert_eq!(StoreId::parse(good).unwrap().to_string(), good);
        let text = serde_json::to_string(&StoreId::parse(good).unwrap()).unwrap();
        assert_eq!(serde_json::from_str::<StoreId>(&text).unwrap().as_str(), good);
    }
    for bad in ["", "-a", "a-", "-", "Demo", "a b", "a#b", "a_b", "ä", "a/b", &"x".repeat(64)] {
        assert!(StoreId::parse(bad).is_err(), "{bad}");
        assert!(serde_json::from_value::<StoreId>(serde_json::json!(bad)).is_err(), "{bad}");
    }
}

#[test]
fn an_address_is_hashed_the_same_however_it_was_typed() {
    let (one, two) = (Email::parse(" Jo@Example.com ").unwrap(), Email::parse("jo@example.com").unwrap());
    assert_eq!(one.hash(), two.hash());
    assert_ne!(one.hash(), Email::parse("joe@example.com").unwrap().hash());
    // Keys of items that exist depend on it.
    assert_eq!(short_hash("jo@example.com"), "f4e19df2e6c609fbd59a42b9063d0fad");
    assert_eq!(String::from(one), "jo@example.com");
}

#[test]
fn a_person_is_kept_under_the_account_then_the_address_then_the_number() {
    let email = Email::parse("jo@example.com").unwrap();
    let phone = Phone::parse("+491711234567", None).unwrap();
    let mut who = Identity {
        customer: Some("7".to_owned()),
        email: Some(email.clone()),
        phone: Some(phone.clone()),
        ..Identity::default()
    };
    assert_eq!(who.key(), Some(ContactKey::Customer("7".to_owned())));
    who.customer = None;
    assert_eq!(who.key(), Some(ContactKey::Guest(email.hash())));
    who.email = None;
    assert_eq!(who.key(), Some(ContactKey::Guest(short_hash(phone.as_str()))));
    assert!(!who.is_empty());
    who.phone = None;
    assert_eq!((who.key(), who.is_empty()), (None, true));
}

#[test]
fn nothing_personal_is_shown_by_debug() {
    let email = Email::parse("jo@example.com").unwrap();
    let phone = Phone::parse("+491711234567", None).unwrap();
    assert_eq!(format!("{email:?} {phone:?}"), "Email(…) Phone(…)");
}

#[test]
fn what_brevo_refuses_names_nobody_and_the_key_stays() {
    let email = |text: &str| Email::parse(text).unwrap();
    let phone = Phone::parse("+491711234567", None).unwrap();
    let bad = email("jo@exa_mple.com");
    let record = ContactRecord {
        profile: Some(Versioned {
            at: jiff::Timestamp::UNIX_EPOCH,
            value: Profile { email: Some(bad.clone()), phone: Some(phone.clone()), ..Profile::default() },
        }),
        refused_email: Some(bad.clone()),
        ..ContactRecord::default()
    };
    assert_eq!(record.email(), None);
    let guest = Identity { email: Some(bad.clone()), phone: Some(phone.clone()), ..Identity::default() };
    let mut marked = guest.clone();
    record.refused().mark(&mut marked);
    assert!(marked.email_refused && !marked.phone_refused);
    assert_eq!(marked.key(), guest.key());

    // Brevo has a customer under the address of before.
    let known = ContactRecord { sent_email: Some(email("jo@example.com")), ..record.clone() };
    let mut customer = Identity { customer: Some("7".to_owned()), ..guest.clone() };
    known.refused().mark(&mut customer);
    assert_eq!((customer.email.clone(), customer.email_refused), (Some(email("jo@example.com")), false));

    let mut number = guest.clone();
    ContactRecord { refused_phone: Some(phone), ..record.clone() }.refused().mark(&mut number);
    assert!(number.email_refused && number.phone_refused);

    let mut other = Identity { email: Some(email("jo@example.com")), ..Identity::default() };
    record.refused().mark(&mut other);
    assert!(!other.email_refused, "another address is not refused");
    let changed = ContactRecord { refused_email: Some(email("old@exa_mple.com")), ..record };
    assert!(changed.refused().is_empty() && changed.email() == Some(&bad), "a changed address is tried");
}
