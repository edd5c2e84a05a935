//! Brevo refuses a contact since an identifier belongs to another one, and does not say which. The contact arrives all the same,
//! without what is another's, and nothing loops.

use serde_json::json;
use tajo_app::sync::Outcome;

use crate::bodies::{sample, with};
use crate::consent::{JO, account, assert_never_forced, with_sms};
use crate::stage::Stage;

/// From now on no conflict is named.
async fn unnamed() -> Stage {
    let stage = Stage::new("").await;
    stage.fault(json!({"path": "/v3/contacts*", "times": 1000, "action": {"unnamed_duplicate": true}}));
    stage
}

fn calls(stage: &Stage) -> usize {
    stage.world.sandbox.calls().iter().filter(|call| call.path.starts_with("/v3/contacts")).count()
}

#[tokio::test]
async fn a_number_of_another_contact_that_brevo_does_not_name_never_loses_the_rest() {
    let stage = unnamed().await;
    let sam = json!({"email": "sam@example.com", "attributes": {"SMS": "+491711234567"}});
    stage.brevo("POST", "/v3/contacts", &sam);
    let report = stage.tell("customers/create", &with_sms(account(1, None), "not_subscribed", 1)).await;
    assert_eq!(report.outcome, Outcome::Applied, "{:?}", report.line.reason);
    assert!(report.line.reason.unwrap().contains("phone: Brevo refused the number"));
    let report = stage.tell("customers/update", &with_sms(account(2, None), "subscribed", 2)).await;
    assert_eq!(report.outcome, Outcome::Applied, "{:?}", report.line.reason);
    assert_eq!(stage.contact(JO)["attributes"]["FIRSTNAME"], "Jo 2");
    assert_eq!(stage.contact("sam@example.com")["attributes"]["SMS"], "491711234567");
    assert!(calls(&stage) < 15, "{}", calls(&stage));
    assert_never_forced(&stage.world.sandbox.calls());
}

#[tokio::test]
async fn an_address_that_brevo_had_and_does_not_name_keeps_its_number() {
    let stage = unnamed().await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": JO}));
    let report = stage.tell("customers/create", &with_sms(account(1, None), "subscribed", 1)).await;
    assert_eq!(report.outcome, Outcome::Applied, "{:?}", report.line.reason);
    let contact = stage.contact(JO);
    assert_eq!(
        (&contact["attributes"]["FIRSTNAME"], &contact["attributes"]["SMS"]),
        (&json!("Jo 1"), &json!("491711234567")),
        "the number was not the one"
    );
}

#[tokio::test]
async fn a_new_address_of_another_contact_that_brevo_does_not_name_is_found_out() {
    let stage = unnamed().await;
    stage.tell("customers/create", &with_sms(account(1, None), "subscribed", 1)).await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": "jo@example.org"}));
    let moved = with(with_sms(account(2, None), "subscribed", 1), json!({"email": "jo@example.org"}));
    let report = stage.tell("customers/update", &moved).await;
    assert_eq!(report.outcome, Outcome::Applied, "{:?}", report.line.reason);
    assert!(report.line.reason.unwrap().contains("the new address is another Brevo contact"));
    let contact = stage.contact("jo@example.org");
    assert_eq!(contact["attributes"]["FIRSTNAME"], "Jo 2");
    assert_eq!(contact["emailBlacklisted"], false, "Brevo had it before us");
    assert_never_forced(&stage.world.sandbox.calls());
}

#[tokio::test]
async fn an_id_that_another_contact_carries_and_brevo_does_not_name_is_left_out() {
    let stage = unnamed().await;
    // Jo bought as a guest, so the contact is ours and carries no id yet.
    stage.tell("orders/create", &with(sample("orders-create.paid"), json!({"customer": null}))).await;
    // Whatever our id looks like: in another world nobody else has it.
    let other = Stage::new("").await;
    other.tell("customers/create", &account(1, None)).await;
    let ext_id = other.contact(JO)["ext_id"].clone();
    assert!(ext_id.is_string(), "{}", other.contact(JO));
    stage.brevo("POST", "/v3/contacts", &json!({"email": "sam@example.com", "ext_id": ext_id}));
    let report = stage.tell("customers/create", &with_sms(account(1, None), "subscribed", 1)).await;
    assert_eq!(report.outcome, Outcome::Applied, "{:?}", report.line.reason);
    assert!(report.line.reason.unwrap().contains("another Brevo contact carries this customer's id"));
    let jo = stage.contact(JO);
    assert_eq!(jo["attributes"]["FIRSTNAME"], "Jo 1");
    assert_eq!(jo["attributes"]["SMS"], "491711234567", "the number was not the one");
    assert_eq!(stage.contact("sam@example.com")["ext_id"], ext_id, "it stays whose it is");
}
