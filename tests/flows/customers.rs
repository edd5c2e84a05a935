//! What a store tells of its customers besides their profile: tags, totals, consents, merges.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_testkit::record;

use crate::bodies::{LISTS, sample as body, with};
use crate::stage::{Stage, ending};

const JO: &str = "jo@example.com";
const WHATSAPP: &str = "connectors: {shopify: {contacts: {whatsapp: true}}}";
const KEPT: u64 = 7_201_400_000_011;
const GONE: u64 = 7_201_400_000_012;

/// Delivers bodies in turn; answers how each ended, and the picture.
async fn told(stage: &Stage, bodies: &[(&str, Value)]) -> String {
    let mut lines = Vec::new();
    for (topic, body) in bodies {
        lines.push(ending(&stage.tell(topic, body).await));
    }
    format!("{}\n\n{}", lines.join("\n"), stage.picture())
}

fn created() -> (&'static str, Value) {
    ("customers/create", body("customers-create"))
}

fn updated() -> (&'static str, Value) {
    ("customers/update", body("customers-update"))
}

fn tags_added() -> (&'static str, Value) {
    ("customer.tags_added", body("customer-tags_added"))
}

fn tags_removed() -> (&'static str, Value) {
    ("customer.tags_removed", body("customer-tags_removed"))
}

fn merged() -> (&'static str, Value) {
    ("customers/merge", body("customers-merge"))
}

fn whatsapp(state: &str, minute: u32, number: Option<&str>) -> (&'static str, Value) {
    let consent = json!({"state": state, "updated_at": format!("2026-11-05T08:{minute:02}:00Z")});
    let fields = json!({"phone_number": number, "whats_app_marketing_consent": consent});
    (
        "customers_whats_app_marketing_consent/update",
        with(body("customers_whats_app_marketing_consent-update"), fields),
    )
}

fn email(state: &str, minute: u32) -> (&'static str, Value) {
    let consent = json!({"state": state, "consent_updated_at": format!("2026-11-05T08:{minute:02}:00Z")});
    (
        "customers_email_marketing_consent/update",
        with(body("customers_email_marketing_consent-update"), json!({"email_marketing_consent": consent})),
    )
}

/// The other customer of the merge, with this address.
fn other(address: &str, fields: Value) -> (&'static str, Value) {
    let own = json!({"id": GONE, "admin_graphql_api_id": format!("gid://shopify/Customer/{GONE}"), "email": address, "first_name": "Joanna"});
    ("customers/create", with(with(body("customers-create"), own), fields))
}

async fn tell(stage: &Stage, story: &[(&str, Value)]) {
    for (topic, body) in story {
        let report = stage.tell(topic, body).await;
        assert!(!matches!(report.outcome, Outcome::Parked | Outcome::Retried), "{report:?}");
    }
}

fn attribute(stage: &Stage, email: &str, name: &str) -> Value {
    stage.contact(email)["attributes"][name].clone()
}

#[tokio::test]
async fn everything_a_store_tells_of_a_customer_reaches_the_contact() {
    let stage = Stage::new(
        "connectors: {shopify: {contacts: {whatsapp: true}, lists: {all_customers: 2, buyers: 4, abandoned_cart: 6}}}",
    ).await;
    let story = [
        created(),
        ("customers/enable", body("customers-enable")),
        updated(),
        tags_added(),
        ("customers_email_marketing_consent/update", body("customers_email_marketing_consent-update")),
        ("customers_email_marketing_consent/update", body("customers_email_marketing_consent-update.silent")),
        ("customers_marketing_consent/update", body("customers_marketing_consent-update")),
        whatsapp("subscribed", 1, Some("+491711234567")),
        tags_removed(),
        ("customers/purchasing_summary", body("customers-purchasing_summary")),
        ("customers/disable", body("customers-disable")),
        ("customers/merge", body("customers-merge.failed")),
    ];
    insta::assert_snapshot!(told(&stage, &story).await);
}

#[tokio::test]
async fn what_is_told_of_a_customer_nobody_knows_waits_for_who_it_is() {
    let stage = Stage::new(LISTS).await;
    let early = [tags_added(), ("customers/purchasing_summary", body("customers-purchasing_summary"))];
    let before = told(&stage, &early).await;
    assert!(stage.world.sandbox.calls().iter().all(|call| !call.path.ends_with("/contacts")));
    insta::assert_snapshot!(format!("{before}\n-- then:\n{}", told(&stage, &[created()]).await));
}

#[tokio::test]
async fn an_opt_out_of_a_customer_nobody_knows_blocks_the_address_it_names() {
    let stage = Stage::new("").await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": JO}));
    tell(&stage, &[email("unsubscribed", 1)]).await;
    assert_eq!(stage.contact(JO)["emailBlacklisted"], true);
    tell(&stage, &[created()]).await;
    assert_eq!(stage.contact(JO)["emailBlacklisted"], true);
    assert_eq!(
        attribute(&stage, JO, "LASTNAME"),
        "Müller",
        "the profile is news, whatever named the person before"
    );
    assert_eq!(stage.count("customer_created"), 1);
}

#[tokio::test]
async fn tags_are_told_once_however_often_and_in_whatever_order_they_come() {
    let stage = Stage::new("").await;
    tell(&stage, &[created(), tags_removed(), tags_added(), tags_added()]).await;
    let notice = stage.notice("customer.tags_added", &tags_added().1);
    stage.world.advance(SignedDuration::from_mins(3));
    stage.receive(record(&notice, 2)).await;
    assert_eq!(stage.count("customer_tags_added"), 1);
    assert_eq!(attribute(&stage, JO, "TAGS"), "vip", "removed later than it was added");
    assert_eq!(stage.count("customer_updated"), 0);
}

#[tokio::test]
async fn tags_that_brevo_did_not_take_are_told_by_whoever_comes_next() {
    let stage = Stage::new("").await;
    tell(&stage, &[created()]).await;
    stage.fault(json!({"method": "POST", "path": "/v3/events", "action": {"status": 500}}));
    assert_eq!(stage.tell("customer.tags_added", &tags_added().1).await.outcome, Outcome::Deferred);
    assert_eq!(stage.count("customer_tags_added"), 0);
    stage.world.advance(SignedDuration::from_mins(3));
    tell(&stage, &[tags_removed()]).await;
    assert_eq!(stage.count("customer_tags_added"), 1);
    stage.drain().await;
    assert_eq!(stage.count("customer_tags_added"), 1);
}

#[tokio::test]
async fn tags_from_before_the_connection_fire_nothing_but_are_there() {
    let connected_at = "2026-11-05T12:00:00Z".parse().unwrap();
    let stage = Stage::with(tajo_testkit::World::connected_at("", connected_at).await).await;
    tell(&stage, &[created(), tags_added()]).await;
    assert_eq!(attribute(&stage, JO, "TAGS"), "garden club, vip");
    assert_eq!(stage.events(), Vec::<String>::new());
}

#[tokio::test]
async fn a_whatsapp_number_is_there_only_while_its_own_consent_holds() {
    let stage = Stage::new(WHATSAPP).await;
    tell(&stage, &[updated()]).await;
    assert_eq!(attribute(&stage, JO, "WHATSAPP"), Value::Null, "silence is no consent");
    tell(&stage, &[whatsapp("subscribed", 1, Some("+491711234567"))]).await;
    assert_eq!(attribute(&stage, JO, "WHATSAPP"), "491711234567");
    tell(
        &stage,
        &[
            whatsapp("unsubscribed", 2, Some("+491711234567")),
            whatsapp("subscribed", 1, Some("+491711234567")),
        ],
    )
    .await;
    assert_eq!(attribute(&stage, JO, "WHATSAPP"), Value::Null, "withdrawn, and the older opt-in came again");
    assert_eq!(attribute(&stage, JO, "WHATSAPP_CONSENT"), "opted_out");
    tell(&stage, &[whatsapp("subscribed", 3, Some("+491711234567"))]).await;
    assert_eq!(attribute(&stage, JO, "WHATSAPP"), "491711234567");
    let new_number = json!({"phone": "+491719999999", "updated_at": "2026-11-06T09:00:00Z"});
    tell(&stage, &[("customers/update", with(body("customers-update"), new_number))]).await;
    assert_eq!(attribute(&stage, JO, "WHATSAPP"), Value::Null, "consent belongs to a number");
    tell(&stage, &[whatsapp("subscribed", 4, Some("+491719999999"))]).await;
    assert_eq!(attribute(&stage, JO, "WHATSAPP"), "491719999999");
}

#[tokio::test]
async fn no_number_goes_to_whatsapp_unless_the_settings_want_it_and_it_leaves_when_they_do_no_more() {
    let stage = Stage::new("").await;
    let yes = |minute| whatsapp("subscribed", minute, Some("+491711234567"));
    tell(&stage, &[updated(), yes(1)]).await;
    assert_eq!(attribute(&stage, JO, "WHATSAPP"), Value::Null, "nobody asked for it");
    assert_eq!(attribute(&stage, JO, "WHATSAPP_CONSENT"), "opted_in", "what they said is known all the same");
    let stage = stage.set(WHATSAPP).await;
    tell(&stage, &[yes(2)]).await;
    assert_eq!(attribute(&stage, JO, "WHATSAPP"), "491711234567");
    let stage = stage.set("").await;
    tell(&stage, &[yes(3)]).await;
    assert_eq!(attribute(&stage, JO, "WHATSAPP"), Value::Null);
}

#[tokio::test]
async fn a_whatsapp_number_whose_write_got_no_answer_follows_what_is_said_next() {
    for (was, first, then, number) in [
        ("unsubscribed", "subscribed", "unsubscribed", Value::Null),
        ("subscribed", "unsubscribed", "subscribed", json!("491711234567")),
    ] {
        let stage = Stage::new(WHATSAPP).await;
        tell(&stage, &[updated(), whatsapp(was, 1, Some("+491711234567"))]).await;
        stage.fault(json!({"method": "PUT", "path": "/v3/contacts*", "action": {"apply_then_drop": true}}));
        let (topic, body) = whatsapp(first, 2, Some("+491711234567"));
        assert_eq!(stage.tell(topic, &body).await.outcome, Outcome::Deferred);
        assert_ne!(attribute(&stage, JO, "WHATSAPP"), number);
        tell(&stage, &[whatsapp(then, 3, Some("+491711234567"))]).await;
        assert_eq!(attribute(&stage, JO, "WHATSAPP"), number);
        stage.drain().await;
        assert_eq!(attribute(&stage, JO, "WHATSAPP"), number);
    }
}

#[tokio::test]
async fn a_whatsapp_number_that_another_contact_has_never_loses_the_rest() {
    let stage = Stage::new(WHATSAPP).await;
    let sam = json!({"email": "sam@example.com", "attributes": {"WHATSAPP": "+491711234567", "SMS": "+491711234567"}});
    stage.brevo("POST", "/v3/contacts", &sam);
    // All at once at the creation, and one after the other at an update.
    tell(&stage, &[whatsapp("subscribed", 1, Some("+491711234567")), updated(), email("subscribed", 1)])
        .await;
    assert_eq!(attribute(&stage, JO, "FIRSTNAME"), "Johanna");
    assert_eq!(attribute(&stage, JO, "EMAIL_CONSENT"), "opted_in");
    assert_eq!(attribute(&stage, JO, "WHATSAPP"), Value::Null);
    assert_eq!(attribute(&stage, "sam@example.com", "WHATSAPP"), "491711234567");
}

#[tokio::test]
async fn a_customer_without_any_identity_is_no_contact_until_something_names_one() {
    let nobody = || with(body("customers-create"), json!({"email": null, "phone": null}));
    let names = |fields: Value| ("customers/update", with(body("customers-update"), fields));
    for named in [
        names(json!({"phone": null})),
        names(json!({"email": null, "phone": "+491711234567"})),
        email("subscribed", 1),
    ] {
        let stage = Stage::new("").await;
        for topic in ["customers/create", "customers/update", "customers/enable"] {
            let report = stage.tell(topic, &nobody()).await;
            assert_eq!(report.outcome, Outcome::Skipped, "{report:?}");
        }
        assert_eq!(stage.world.brevo()["contacts"], json!([]));
        assert_eq!(stage.world.brevo()["events"], json!([]));
        tell(&stage, &[named]).await;
        assert_eq!(stage.world.brevo()["contacts"].as_array().unwrap().len(), 1);
    }
    let stage = Stage::new("").await;
    tell(&stage, &[("customers/create", nobody()), names(json!({"phone": null}))]).await;
    assert_eq!(stage.count("customer_created"), 1, "told once there is a contact to tell it of");
    // Or Shopify's own answer.
    let stage = Stage::new("").await;
    stage.world.set_up_shop(
        json!({"customers": [tajo_sandbox::shopify::nodes::customer(&body("customers-create"))]}),
    );
    tell(&stage, &[("customers/create", nobody())]).await;
    assert_ne!(stage.contact(JO), Value::Null);
}

#[tokio::test]
async fn a_customer_known_by_id_alone_gets_an_address_without_losing_a_block() {
    let stage = Stage::new("").await;
    let nobody = with(body("customers-create"), json!({"email": null}));
    tell(&stage, &[("customers/create", nobody), updated()]).await;
    let contact = stage.contact(JO);
    assert_eq!(contact["ext_id"], format!("shopify:demo-shop:{KEPT}"));
    assert_eq!(contact["emailBlacklisted"], true, "never asked");
    assert_eq!(stage.world.brevo()["contacts"].as_array().unwrap().len(), 1);
    tell(&stage, &[email("subscribed", 1)]).await;
    assert_eq!(stage.contact(JO)["emailBlacklisted"], false);
}

#[tokio::test]
async fn a_customer_known_by_id_alone_whose_address_brevo_had_before_is_not_opened_there() {
    let stage = Stage::new("").await;
    stage.brevo("POST", "/v3/contacts", &json!({"email": JO, "emailBlacklisted": true}));
    let nobody = with(body("customers-create"), json!({"email": null}));
    tell(&stage, &[("customers/create", nobody), updated(), email("subscribed", 1)]).await;
    let contact = stage.contact(JO);
    assert_eq!(contact["attributes"]["FIRSTNAME"], "Johanna");
    assert_eq!(contact["emailBlacklisted"], true, "a block that we did not set");
    assert_eq!(contact["smsBlacklisted"], false, "Brevo's own contact gets no flag");
}

#[tokio::test]
async fn an_address_changed_in_brevo_moves_back_with_its_block() {
    let stage = Stage::new("").await;
    tell(&stage, &[created(), email("subscribed", 1)]).await;
    let path = "/v3/contacts/jo%40example.com";
    stage.brevo("PUT", path, &json!({"attributes": {"EMAIL": "jo@elsewhere.example"}}));
    stage.brevo("PUT", "/v3/contacts/jo%40elsewhere.example", &json!({"emailBlacklisted": true}));
    tell(&stage, &[updated()]).await;
    assert_eq!(stage.contact("jo@elsewhere.example"), Value::Null);
    assert_eq!(stage.contact(JO)["emailBlacklisted"], true);
}

#[tokio::test]
async fn the_kept_customer_keeps_and_the_other_contact_is_emptied() {
    let stage = Stage::new(LISTS).await;
    let story = [created(), other("joanna@example.com", json!({})), merged()];
    let first = told(&stage, &story).await;
    // Nothing of the customer that is gone comes back, and doing it again changes nothing.
    let late = other("joanna@example.com", json!({"updated_at": "2026-11-20T09:00:00Z"}));
    insta::assert_snapshot!(format!("{first}\n-- then:\n{}", told(&stage, &[late, merged()]).await));
    assert!(!format!("{:?}", stage.world.sandbox.calls()).contains("forceMerge"));
}

#[tokio::test]
async fn an_order_of_the_customer_that_is_gone_goes_to_the_kept_one() {
    let stage = Stage::new(LISTS).await;
    tell(&stage, &[created(), other("joanna@example.com", json!({})), merged()]).await;
    let mut order = body("orders-create.paid");
    order["email"] = json!("joanna@example.com");
    order["contact_email"] = json!("joanna@example.com");
    order["customer"]["id"] = json!(GONE);
    order["customer"]["admin_graphql_api_id"] = json!(format!("gid://shopify/Customer/{GONE}"));
    order["customer"]["email"] = json!("joanna@example.com");
    insta::assert_snapshot!(told(&stage, &[("orders/create", order)]).await);
}

#[tokio::test]
async fn an_order_of_the_customer_that_is_gone_makes_the_kept_one_known() {
    let stage = Stage::new(LISTS).await;
    let mut order = body("orders-create.paid");
    order["customer"]["id"] = json!(GONE);
    order["customer"]["admin_graphql_api_id"] = json!(format!("gid://shopify/Customer/{GONE}"));
    tell(&stage, &[merged(), ("orders/create", order)]).await;
    // By their id alone: the address that the order names is the other one's.
    assert_eq!(stage.contact(JO), Value::Null);
    let contact = stage.world.brevo()["contacts"][0].clone();
    assert_eq!(contact["ext_id"], format!("shopify:demo-shop:{KEPT}"));
    assert_eq!(contact["listIds"], json!([2, 4]));
    let events = stage.world.brevo()["events"].clone();
    assert_eq!(stage.count("order_placed"), 1);
    assert!(events.as_array().unwrap().iter().all(|event| !event["contact"].is_null()));
}

#[tokio::test]
async fn an_opt_out_of_either_holds_for_its_address() {
    // The kept customer opted in, the other one out, later or earlier, before or after the merge; then the kept one
    // takes over the other's address.
    let takes_over = json!({"email": "joanna@example.com", "updated_at": "2026-11-06T09:00:00Z"});
    let takes_over = || ("customers/update", with(body("customers-update"), takes_over.clone()));
    let refused = |minute: u32| {
        let mut notice = email("unsubscribed", minute);
        notice.1["customer_id"] = json!(GONE);
        notice.1["email_address"] = json!("joanna@example.com");
        notice
    };
    let joanna = || other("joanna@example.com", json!({}));
    let stories = [
        vec![created(), email("subscribed", 1), joanna(), refused(5), merged(), takes_over()],
        vec![created(), email("subscribed", 1), joanna(), merged(), refused(5), takes_over()],
        vec![created(), email("subscribed", 1), joanna(), refused(5), takes_over(), merged()],
        vec![created(), email("subscribed", 1), takes_over(), joanna(), refused(5), merged()],
        vec![joanna(), refused(5), merged(), created(), email("subscribed", 1), takes_over()],
        vec![joanna(), merged(), refused(5), takes_over(), created(), email("subscribed", 1)],
        // Said before the opt-in for the other address: a block that we did not set for this customer stays.
        vec![created(), joanna(), refused(1), email("subscribed", 5), merged(), takes_over()],
    ];
    for (index, story) in stories.iter().enumerate() {
        let stage = Stage::new("").await;
        tell(&stage, story).await;
        assert_eq!(stage.contact("joanna@example.com")["emailBlacklisted"], true, "story {index}");
    }
}

#[tokio::test]
async fn two_customers_of_one_contact_leave_it_to_the_kept_one() {
    let stage = Stage::new(LISTS).await;
    let same = json!({"email": "joanna@example.com", "updated_at": "2026-11-06T09:00:00Z"});
    // The kept one took over the address before the merge was told.
    let story = [
        other("joanna@example.com", json!({})),
        ("customers/update", with(body("customers-update"), same)),
        merged(),
    ];
    insta::assert_snapshot!(told(&stage, &story).await);
}

#[tokio::test]
async fn a_merge_of_customers_nobody_knows_only_keeps_late_notices_out() {
    let stage = Stage::new("").await;
    let report = stage.tell("customers/merge", &merged().1).await;
    assert_eq!(report.outcome, Outcome::Skipped);
    tell(&stage, &[other("joanna@example.com", json!({}))]).await;
    assert_eq!(stage.world.brevo()["contacts"], json!([]));
    tell(&stage, &[created()]).await;
    assert_ne!(stage.contact(JO), Value::Null);
}

#[tokio::test]
async fn an_international_address_is_one_contact_however_it_is_spelled() {
    let stage = Stage::new("").await;
    for (minute, address) in [(1, "Jo+Shop@Müller.example"), (2, "jo+shop@xn--mller-kva.example")] {
        let fields = json!({"email": address, "updated_at": format!("2026-11-03T09:{minute:02}:00Z")});
        tell(&stage, &[("customers/update", with(body("customers-create"), fields))]).await;
    }
    assert_eq!(stage.world.brevo()["contacts"].as_array().unwrap().len(), 1);
    assert_eq!(stage.contact("jo+shop@xn--mller-kva.example")["attributes"]["FIRSTNAME"], "Jo");
    assert_eq!(stage.calls("GET", "/v3/contacts").len(), 0, "nothing moved");
}

#[tokio::test]
async fn a_change_that_an_order_tells_of_first_is_told_with_its_own_notice() {
    let stage = Stage::new("").await;
    stage.tell("customers/create", &body("customers-create")).await;
    let (_, changed) = updated();
    let mut order = body("orders-create.paid");
    for field in ["first_name", "last_name", "email", "updated_at"] {
        order["customer"][field] = changed[field].clone();
    }
    stage.tell("orders/create", &order).await;
    assert_eq!(stage.count("customer_updated"), 0);
    for _ in 0..2 {
        stage.tell("customers/update", &changed).await;
    }
    assert_eq!(stage.count("customer_updated"), 1);
}
