//! Customers who left the store or were merged into others: what they said still holds for the contact that Brevo has,
//! and for no other.

use serde_json::{Value, json};
use tajo_app::sync::Outcome;

use crate::bodies::{sample, with};
use crate::consent_from_brevo::{happens, heard};
use crate::order_of_arrival::permutations;
use crate::stage::Stage;

const JO: &str = "jo@example.com";
const JOANNA: &str = "joanna@example.com";
const GONE: u64 = 7_201_400_000_012;

fn at(minute: u32) -> String {
    format!("2026-11-03T09:{minute:02}:00Z")
}

type Told = (&'static str, Value);

fn joanna(fields: Value) -> Value {
    let own = json!({"id": GONE, "admin_graphql_api_id": format!("gid://shopify/Customer/{GONE}"),
        "email": JOANNA, "first_name": "Joanna", "updated_at": at(1)});
    with(with(sample("customers-create"), own), fields)
}

fn consent(customer: u64, address: Option<&str>, state: &str, minute: u32) -> Told {
    let consent = json!({"state": state, "consent_updated_at": at(minute)});
    let fields =
        json!({"customer_id": customer, "email_address": address, "email_marketing_consent": consent});
    (
        "customers_email_marketing_consent/update",
        with(sample("customers_email_marketing_consent-update"), fields),
    )
}

fn merged() -> Told {
    ("customers/merge", sample("customers-merge"))
}

fn deleted() -> Told {
    let own = json!({"id": GONE, "admin_graphql_api_id": format!("gid://shopify/Customer/{GONE}")});
    ("customers/delete", with(sample("customers-delete"), own))
}

async fn tell(stage: &Stage, story: &[Told]) {
    for (topic, body) in story {
        let report = stage.tell(topic, body).await;
        assert!(!matches!(report.outcome, Outcome::Parked | Outcome::Retried), "{topic}: {report:?}");
    }
}

fn is_blocked(stage: &Stage, email: &str) -> bool {
    stage.contact(email)["emailBlacklisted"] == true
}

#[tokio::test]
async fn an_opt_out_blocks_the_contact_that_a_merge_or_a_delete_left_in_every_order_of_arrival() {
    let created = || ("customers/create", joanna(json!({})));
    for end in [merged, deleted] {
        for address in [Some(JOANNA), None] {
            for order in permutations(4) {
                let story = [
                    created(),
                    consent(GONE, address, "subscribed", 1),
                    end(),
                    consent(GONE, address, "unsubscribed", 5),
                ];
                // Whoever was never described is found by the address of the notice alone.
                let position = |step: usize| order.iter().position(|at| *at == step).unwrap();
                if address.is_none() && position(2) < position(0) {
                    continue;
                }
                let stage = Stage::new("").await;
                stage.brevo("POST", "/v3/contacts", &json!({"email": JOANNA}));
                let story: Vec<Told> = order.iter().map(|step| story[*step].clone()).collect();
                tell(&stage, &story).await;
                assert!(is_blocked(&stage, JOANNA), "{order:?} of {story:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_kept_customer_inherits_a_late_opt_out_that_names_no_address() {
    let stage = Stage::new("").await;
    let takes_over = with(sample("customers-update"), json!({"email": JOANNA, "updated_at": at(9)}));
    let story = [
        ("customers/create", joanna(json!({}))),
        consent(GONE, Some(JOANNA), "subscribed", 1),
        merged(),
        consent(GONE, None, "unsubscribed", 5),
        consent(7_201_400_000_011, Some(JO), "subscribed", 2),
        ("customers/create", sample("customers-create")),
        ("customers/update", takes_over),
    ];
    tell(&stage, &story).await;
    assert!(is_blocked(&stage, JOANNA));
}

#[tokio::test]
async fn a_late_opt_out_counts_by_its_date_for_whoever_has_the_address_by_now() {
    for (minute, blocked) in [(5, false), (9, true)] {
        let stage = Stage::new("").await;
        let anew =
            json!({"id": 77, "admin_graphql_api_id": "gid://shopify/Customer/77", "updated_at": at(6)});
        let story = [
            ("customers/create", joanna(json!({}))),
            deleted(),
            ("customers/create", joanna(anew)),
            consent(77, Some(JOANNA), "subscribed", 7),
            consent(GONE, Some(JOANNA), "unsubscribed", minute),
        ];
        tell(&stage, &story).await;
        assert_eq!(is_blocked(&stage, JOANNA), blocked, "said at {minute}, opted in anew at 7");
    }
}

#[tokio::test]
async fn a_late_opt_out_of_text_messages_blocks_what_is_left() {
    for end in [merged, deleted] {
        let stage = Stage::new("").await;
        let consent = |state: &str, minute: u32| {
            let consent = json!({"state": state, "consent_updated_at": at(minute)});
            json!({"id": GONE, "phone": "+491711234567", "sms_marketing_consent": consent})
        };
        stage.brevo("POST", "/v3/contacts", &json!({"email": JOANNA}));
        let story = [
            ("customers/create", joanna(json!({"phone": "+491711234567"}))),
            ("customers_marketing_consent/update", consent("subscribed", 1)),
            end(),
            ("customers_marketing_consent/update", consent("unsubscribed", 5)),
        ];
        tell(&stage, &story).await;
        assert_eq!(stage.contact(JOANNA)["smsBlacklisted"], true);
    }
}

#[tokio::test]
async fn a_late_opt_in_of_somebody_who_is_gone_opens_nothing() {
    let stage = Stage::new("").await;
    let story = [
        ("customers/create", joanna(json!({}))),
        consent(GONE, Some(JOANNA), "unsubscribed", 5),
        merged(),
        consent(GONE, Some(JOANNA), "subscribed", 8),
    ];
    tell(&stage, &story).await;
    assert!(is_blocked(&stage, JOANNA));
}

fn order_of_the_one_who_is_gone() -> Told {
    let mut order = sample("orders-create.paid");
    for field in ["email", "contact_email"] {
        order[field] = json!(JOANNA);
    }
    order["customer"]["id"] = json!(GONE);
    order["customer"]["admin_graphql_api_id"] = json!(format!("gid://shopify/Customer/{GONE}"));
    order["customer"]["email"] = json!(JOANNA);
    ("orders/create", order)
}

#[tokio::test]
async fn a_late_order_of_a_merged_customer_gives_nobody_its_address() {
    let kept = 7_201_400_000_011;
    let described = || ("customers/create", sample("customers-create"));
    for known_before in [true, false] {
        let stage = Stage::new("").await;
        tell(
            &stage,
            &[("customers/create", joanna(json!({}))), consent(GONE, Some(JOANNA), "subscribed", 1)],
        )
        .await;
        let complaint = happens(&stage, "spam", JOANNA, 3).unwrap();
        heard(&stage, &complaint).await;
        if known_before {
            tell(&stage, &[described()]).await;
        }
        let yes = consent(kept, None, "subscribed", 8);
        tell(&stage, &[merged(), yes, order_of_the_one_who_is_gone(), described()]).await;
        assert!(is_blocked(&stage, JOANNA), "the complaint stands");
        assert!(!is_blocked(&stage, JO), "the kept customer's opt-in is for the kept customer's address");
        let state = stage.world.brevo();
        let buyer = stage.contact(JO)["id"].clone();
        assert_eq!(state["orders"][0]["contact"], buyer, "the order is the kept customer's");
    }
}

#[tokio::test]
async fn an_opt_in_lifts_nothing_that_was_said_about_another_address() {
    let kept = 7_201_400_000_011;
    let takes_over = |minute: u32, state: Option<&str>| {
        let mut body = with(sample("customers-update"), json!({"email": JOANNA, "updated_at": at(minute)}));
        if let Some(state) = state {
            // Older bodies repeat the account's consent with its date.
            body["email_marketing_consent"] = json!({"state": state, "consent_updated_at": at(8)});
        }
        ("customers/update", body)
    };
    for how in ["complaint", "opt-out"] {
        for repeated in [None, Some("subscribed")] {
            let stage = Stage::new("").await;
            tell(&stage, &[("customers/create", joanna(json!({})))]).await;
            if how == "complaint" {
                tell(&stage, &[consent(GONE, Some(JOANNA), "subscribed", 1)]).await;
                let complaint = happens(&stage, "spam", JOANNA, 3).unwrap();
                heard(&stage, &complaint).await;
            } else {
                tell(&stage, &[consent(GONE, Some(JOANNA), "unsubscribed", 3)]).await;
            }
            let story = [
                ("customers/create", sample("customers-create")),
                consent(kept, Some(JO), "subscribed", 8),
                merged(),
                takes_over(10, repeated),
                takes_over(11, repeated),
            ];
            tell(&stage, &story).await;
            assert!(is_blocked(&stage, JOANNA), "{how}: the opt-in was for {JO}, repeated: {repeated:?}");
        }
    }
}

#[tokio::test]
async fn an_address_typed_at_a_checkout_does_not_replace_the_accounts_own() {
    let stage = Stage::new("").await;
    let story = [
        ("customers/create", sample("customers-create")),
        consent(7_201_400_000_011, Some(JO), "subscribed", 2),
    ];
    tell(&stage, &story).await;
    let mut order = sample("orders-create.paid");
    order["email"] = json!(JOANNA);
    order["contact_email"] = json!(JOANNA);
    order["customer"]["email"] = Value::Null;
    order["customer"]["updated_at"] = json!(at(9));
    tell(&stage, &[("orders/create", order)]).await;
    assert_ne!(stage.contact(JO), Value::Null, "the contact keeps its address");
    assert!(!is_blocked(&stage, JO));
}
