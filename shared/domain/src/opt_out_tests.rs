use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn out(second: i64, why: OutReason) -> BrevoNews {
    BrevoNews { email: Email::parse("jo@example.com").unwrap(), said: BrevoSaid::Out(why), at: at(second) }
}

fn said(state: ConsentState, second: i64) -> Consent {
    Consent::new(state, at(second))
}

#[test]
fn a_report_only_moves_forward_and_the_same_twice_is_one() {
    let mut record = ContactRecord::default();
    assert!(record.hear_brevo(&out(20, OutReason::Unsubscribed)));
    assert!(!record.hear_brevo(&out(20, OutReason::Spam)));
    assert!(!record.hear_brevo(&out(10, OutReason::HardBounce)));
    assert_eq!(record.email_out, Some(BrevoOut { at: at(20), why: OutReason::Unsubscribed }));
    assert_eq!((record.email_block, record.sms_block), (Some(Block::Reported), None));
}

#[test]
fn a_deleted_contact_is_unknown_and_out_on_both_channels() {
    let mut record = ContactRecord { known_as: KnownAs::Created, ..ContactRecord::default() };
    record.sent_email = Email::parse("jo@example.com").ok();
    assert!(record.hear_brevo(&BrevoNews { said: BrevoSaid::Deleted, ..out(20, OutReason::Spam) }));
    assert_eq!((record.known_as, record.sent_email.is_none()), (KnownAs::Unknown, true));
    assert!(record.email_out.is_some() && record.sms_out.is_some());
    // Created anew meanwhile: the same event again is about the contact of before.
    record.known_as = KnownAs::Created;
    assert!(!record.hear_brevo(&BrevoNews { said: BrevoSaid::Deleted, ..out(20, OutReason::Spam) }));
    assert_eq!(record.known_as, KnownAs::Created);
}

#[test]
fn only_a_newer_opt_in_lifts_a_report_and_with_brevo_as_the_truth_nothing_does() {
    let report = BrevoOut { at: at(20), why: OutReason::Unsubscribed };
    for (consent, stands) in [
        (None, true),
        (Some(said(ConsentState::OptedIn, 19)), true),
        (Some(said(ConsentState::OptedIn, 20)), true),
        (Some(said(ConsentState::OptedIn, 21)), false),
        (Some(said(ConsentState::OptedOut, 21)), true),
    ] {
        for source in [ConsentSource::Store, ConsentSource::Newest] {
            assert_eq!(source.is_out(Some(&report), consent.as_ref()), stands, "{source:?} {consent:?}");
        }
        assert!(ConsentSource::Brevo.is_out(Some(&report), consent.as_ref()));
        assert!(!ConsentSource::Brevo.is_out(None, consent.as_ref()));
    }
}

#[test]
fn a_statement_goes_back_to_the_store_unless_it_is_out_there_or_spoke_later() {
    let report = BrevoOut { at: at(20), why: OutReason::Unsubscribed };
    let owed = |source: ConsentSource, consent: Option<Consent>| {
        source.is_owed_to_the_store(&report, consent.as_ref())
    };
    let [before, after] = [19, 21].map(|second| Some(said(ConsentState::OptedIn, second)));
    for (source, silent, before_it, after_it) in [
        (ConsentSource::Newest, true, true, false),
        (ConsentSource::Brevo, true, true, true),
        (ConsentSource::Store, true, false, false),
    ] {
        let answers = (owed(source, None), owed(source, before.clone()), owed(source, after.clone()));
        assert_eq!(answers, (silent, before_it, after_it), "{source:?}");
        assert!(!owed(source, Some(said(ConsentState::OptedOut, 1))));
        let bounced = BrevoOut { why: OutReason::HardBounce, ..report };
        assert!(!source.is_owed_to_the_store(&bounced, None), "nobody said anything");
    }
}

#[test]
fn the_order_of_reports_does_not_matter() {
    let hear = |seconds: [i64; 3]| {
        let mut record = ContactRecord::default();
        for second in seconds {
            record.hear_brevo(&out(second, OutReason::Unsubscribed));
        }
        (record.email_out, record.email_block)
    };
    for seconds in [[1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]] {
        assert_eq!(hear(seconds), hear([1, 2, 3]));
    }
}
