//! Webhooks that another program forwards: what a key may do with the platform's signature, and without it.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tajo_app::sync::Outcome;
use tajo_platforms::shopify::Topic;
use tajo_platforms::shopify::webhook::sign;
use tajo_testkit::{KEYRING, SHOP, STORE};

use crate::bodies::{sample, with};
use crate::manage::{Answer, Office};
use crate::stage::ending;

/// The demo store with secrets of its own, and another store and app beside it.
async fn office() -> Office {
    let office = Office::new("").await;
    let keyring = json!({ "v": 1,
        "stores": {
            STORE: { "platform": "shopify", "shop": SHOP, "secrets": ["current", "previous"] },
            "second": { "platform": "shopify", "shop": "second.myshopify.com", "app": "public" } },
        "apps": { "public": { "secrets": ["app-secret"] } } });
    office.stage.world.put_secret(KEYRING, &keyring.to_string());
    office
}

async fn forward(office: &Office, key: &str, topic: &str, payload: Value, signature: Option<&str>) -> Answer {
    let mut body = json!({ "topic": topic, "payload": payload });
    if let Some(signature) = signature {
        body["signature"] = json!(signature);
    }
    office.ask_as(key, "POST", "/v1/stores/_/webhooks", body).await
}

#[tokio::test]
async fn what_takes_something_away_is_forwarded_with_its_signature_or_by_a_key_that_may_vouch_for_it() {
    let office = office().await;
    let operate = office.new_key("operate", None).await;
    let vouching = office.new_key("forward", None).await;
    let text = r#"{"id": 1, "email": "jo@example.com"}"#;
    let signature = |secret: &str| sign(text.as_bytes(), secret.as_bytes());
    for topic in Topic::names() {
        let takes_away = topic.ends_with("/delete")
            || [
                "customers/merge",
                "customers/redact",
                "customers/data_request",
                "shop/redact",
                "app/uninstalled",
            ]
            .contains(&topic);
        let ask = async |key: &str, signature: Option<&str>| {
            forward(&office, key, topic, json!(text), signature).await.status
        };
        assert_eq!(ask(&operate, None).await, if takes_away { 403 } else { 202 }, "{topic}");
        assert_eq!(ask(&vouching, None).await, 202, "{topic}");
        assert_eq!(ask(&office.key, None).await, 202, "{topic}");
        assert_eq!(ask(&operate, Some(&signature("current"))).await, 202, "{topic}");
    }
    office.stage.world.take_messages();
    // The present and the previous secret of the store, and no other; whatever the key may do.
    for key in [&operate, &vouching, &office.key] {
        for (secret, status) in
            [("current", 202), ("previous", 202), ("app-secret", 422), ("guess", 422), ("", 422)]
        {
            let answer =
                forward(&office, key, "customers/redact", json!(text), Some(&signature(secret))).await;
            assert_eq!(answer.status, status, "{secret}: {}", answer.body);
        }
    }
    office.stage.world.take_messages();
    for odd in ["", " ", "AAAA", "%%%", &signature("current")[1..], &format!("{}=", signature("current"))] {
        let answer = forward(&office, &operate, "orders/create", json!(text), Some(odd)).await;
        assert_eq!(answer.status, 422, "{odd:?}: a wrong signature is worse than none");
    }
    assert!(office.stage.world.take_messages().is_empty());
}

#[tokio::test]
async fn a_signature_is_that_of_the_raw_body_and_the_raw_body_is_what_is_queued() {
    let office = office().await;
    let operate = office.new_key("operate", None).await;
    // Spaces and escapes that no writer of JSON would repeat.
    let raw = "{ \"id\": 7.0,\"note\":\"line\\u2028 \\/ Zoë\",\"note\":\"\u{201c}twice\u{201d}\"}";
    let signature = sign(raw.as_bytes(), b"current");
    let ask = async |payload: Value| {
        forward(&office, &operate, "customers/delete", payload, Some(&signature)).await
    };
    assert_eq!(ask(json!(raw)).await.status, 202);
    let message = office.stage.world.take_messages().pop().unwrap();
    let notice = tajo_platforms::Notice::from_json(&message.body).unwrap();
    assert_eq!(notice.body().unwrap(), raw.as_bytes());
    assert!(!notice.unsigned);
    for (payload, status) in [
        (serde_json::from_str::<Value>(raw).unwrap(), 400),
        (json!(raw.replace("7.0", "8.0")), 422),
        (json!(format!("{raw} ")), 422),
        (json!(format!(" {raw}")), 422),
    ] {
        assert_eq!(ask(payload.clone()).await.status, status, "{payload}");
    }
    // What else the app's secret signs is no webhook.
    let query = format!("code=c&shop={SHOP}&state=s&timestamp=1");
    let signature = sign(query.as_bytes(), b"current");
    let answer = forward(&office, &operate, "customers/redact", json!(query), Some(&signature)).await;
    assert_eq!(answer.status, 400);
    assert!(office.stage.world.take_messages().is_empty());
}

#[tokio::test]
async fn a_secret_that_was_purged_vouches_for_nothing_from_then_on() {
    let office = office().await;
    let operate = office.new_key("operate", None).await;
    let text = r#"{"id":1}"#;
    let signature = sign(text.as_bytes(), b"previous");
    let ask =
        async || forward(&office, &operate, "orders/delete", json!(text), Some(&signature)).await.status;
    assert_eq!(ask().await, 202);
    office.post("/v1/shopify/app/purge", json!({ "store": STORE })).await;
    assert_eq!(ask().await, 422);
    // Of a store that has no keys nothing is believed.
    office.stage.world.put_secret(KEYRING, r#"{"v":1,"stores":{}}"#);
    assert_eq!(ask().await, 422);
}

#[tokio::test]
async fn a_forged_opt_in_does_not_count_and_an_opt_out_does() {
    let office = office().await;
    let operate = office.new_key("operate", None).await;
    let vouching = office.new_key("forward", None).await;
    let stage = &office.stage;
    let blocked = || stage.contact("jo@example.com")["emailBlacklisted"].clone();
    stage.tell("customers/create", &sample("customers-create")).await;
    assert_eq!(blocked(), true, "nobody has asked Jo");
    let at = |minutes: i64| (stage.env.clock.now() + SignedDuration::from_mins(minutes - 60)).to_string();
    let said = |state: &str, minutes: i64| json!({ "state": state, "opt_in_level": "single_opt_in", "consent_updated_at": at(minutes) });
    let consent = |state: &str, minutes: i64| {
        with(
            sample("customers_email_marketing_consent-update"),
            json!({ "email_marketing_consent": said(state, minutes) }),
        )
    };
    let topic = "customers_email_marketing_consent/update";
    // By its own topic, and along with everything else of a customer.
    let whole = with(
        sample("customers-update"),
        json!({ "updated_at": at(2), "first_name": "Johanna", "email_marketing_consent": said("subscribed", 2),
            "sms_marketing_consent": said("subscribed", 2) }),
    );
    for (topic, body) in [(topic, consent("subscribed", 1)), ("customers/update", whole)] {
        assert_eq!(forward(&office, &operate, topic, body, None).await.status, 202);
        let report = stage.drain().await.pop().unwrap();
        assert!(ending(&report).contains("forwarded without its signature"), "{}", ending(&report));
        assert_eq!(blocked(), true, "{topic}");
    }
    assert_eq!(
        stage.contact("jo@example.com")["attributes"]["FIRSTNAME"],
        "Johanna",
        "the rest of it counts"
    );
    // A key that may vouch for it; then an opt-out, which needs nobody's word; then one with its signature.
    assert_eq!(forward(&office, &vouching, topic, consent("subscribed", 3), None).await.status, 202);
    assert_eq!(stage.drain().await.pop().unwrap().outcome, Outcome::Applied);
    assert_eq!(blocked(), false);
    assert_eq!(forward(&office, &operate, topic, consent("unsubscribed", 4), None).await.status, 202);
    stage.drain().await;
    assert_eq!(blocked(), true);
    let text = consent("subscribed", 5).to_string();
    let signature = sign(text.as_bytes(), b"current");
    assert_eq!(forward(&office, &operate, topic, json!(text), Some(&signature)).await.status, 202);
    stage.drain().await;
    assert_eq!(blocked(), false);
}

/// A notice that waits, is parked or is retried stays what it was.
#[tokio::test]
async fn an_opt_in_that_nobody_signed_counts_no_more_after_it_was_parked() {
    let office = office().await;
    let operate = office.new_key("operate", None).await;
    let stage = &office.stage;
    stage.tell("customers/create", &sample("customers-create")).await;
    stage.world.put_secret(&format!("test/store/{STORE}"), "{}");
    let body = sample("customers-update");
    let at = stage.env.clock.now().to_string();
    let body = with(
        body,
        json!({ "updated_at": at, "email_marketing_consent": { "state": "subscribed", "consent_updated_at": at } }),
    );
    assert_eq!(forward(&office, &operate, "customers/update", body, None).await.status, 202);
    let message = stage.world.take_messages().pop().unwrap();
    let notice = tajo_platforms::Notice::from_json(&message.body).unwrap();
    assert!(notice.unsigned);
    let again = tajo_platforms::Notice::from_json(&notice.to_json()).unwrap();
    assert!(again.unsigned, "wherever it is kept, it is kept as this");
    // What an older version wrote is what the public function let in.
    let mut old: Value = serde_json::from_str(&notice.to_json()).unwrap();
    old.as_object_mut().unwrap().remove("unsigned");
    assert!(!tajo_platforms::Notice::from_json(&old.to_string()).unwrap().unsigned);
}
