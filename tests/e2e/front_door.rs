//! The front door, deployed: who gets in, who does not, and that nobody can tell why.

use serde_json::json;

use crate::bodies::{about, bytes, person};
use crate::connect::Store;
use crate::shop::Letter;
use crate::stage::{Stage, told};

#[test]
fn a_signed_webhook_is_answered_200_with_an_empty_body() {
    told(async |stage| {
        let store = stage.store("front");
        let body = bytes(&about(&person(stage.run, 0), "customers-create"));
        for path in [None, Some(store.id.clone())] {
            let answer = stage.post(&Letter { path, ..Letter::new(store, "customers/create", &body) }).await;
            assert_eq!((answer.status, answer.body.as_str()), (200, ""));
        }
    });
}

#[test]
fn every_refusal_is_a_401_like_any_other() {
    told(async |stage| {
        let (store, other) = (stage.store("front"), stage.store("other"));
        let body = bytes(&about(&person(stage.run, 0), "customers-create"));
        let right = Letter::new(store, "customers/create", &body);
        let stranger = Store { shop: format!("stranger-{}.myshopify.com", stage.run), ..store.clone() };
        let mut changed = right.clone();
        changed.delivery.body.push(b' ');
        let refused = [
            (
                "of another secret",
                Letter { signature: Letter::new(other, "", &body).signature, ..right.clone() },
            ),
            ("no base64", Letter { signature: Some("%%%".to_owned()), ..right.clone() }),
            ("missing", Letter { signature: None, ..right.clone() }),
            ("of another body", changed),
            ("unknown shop", Letter::new(&stranger, "customers/create", &body)),
            ("another store in the path", Letter { path: Some(other.id.clone()), ..right.clone() }),
            ("an unknown store in the path", Letter { path: Some("nobody".to_owned()), ..right.clone() }),
            (
                "signed by an app, about something else than compliance",
                Letter {
                    signature: Some(tajo_sandbox::shopify::sign(&stage.app_secret, &body)),
                    ..right.clone()
                },
            ),
        ];
        let mut first = None;
        for (why, letter) in refused {
            let answer = stage.post(&letter).await;
            assert_eq!((answer.status, answer.body.as_str()), (401, ""), "{why}");
            let first = first.get_or_insert_with(|| answer.headers.clone());
            assert_eq!(&answer.headers, first, "{why}: it shows in the headers");
        }
    });
}

#[test]
fn a_binary_body_is_verified_as_it_was_sent() {
    told(async |stage| {
        let store = stage.store("front");
        let good = bytes(&about(&person(stage.run, 1), "customers-create"));
        let letter = Letter {
            content_type: "application/octet-stream",
            ..Letter::new(store, "customers/create", &good)
        };
        assert_eq!(stage.post(&letter).await.status, 200);
        assert_eq!(stage.ending(&store.id, letter.id()).await.outcome, "applied");
        // API Gateway passes a text body on as text: bytes that are no text survive as binary only.
        let not_text = [b"{\xff\xfe\x00 nothing that anybody can read \xc3\x28".as_slice(), &good].concat();
        let letter = Letter {
            content_type: "application/octet-stream",
            ..Letter::new(store, "customers/create", &not_text)
        };
        assert_eq!(stage.post(&letter).await.status, 200);
        assert_eq!(stage.ending(&store.id, letter.id()).await.outcome, "parked");
    });
}

#[test]
fn an_authentic_body_that_makes_no_sense_is_taken_and_parked_with_a_reason() {
    told(async |stage| {
        let store = stage.store("front");
        let all = ["{this is not the JSON you are looking for", "{}", "{\"id\":", "{]", "{\"id\": {}}"];
        for body in all {
            let line = stage.deliver(store, "orders/create", body.as_bytes()).await;
            let reason = line.reason.unwrap_or_default();
            assert_eq!(line.outcome, "parked", "{body}: {reason}");
            assert!(reason.contains(' '), "{body}: `{reason}` is no sentence");
        }
    });
}

#[test]
fn compliance_is_accepted_from_the_store_and_from_the_app_of_a_shop_that_left() {
    told(async |stage| {
        let store = stage.store("front");
        let body = json!({"shop_id": 1, "shop_domain": store.shop, "customer": {"id": 1, "email": "gone@canary.example"}});
        let line = stage.deliver(store, "customers/redact", &bytes(&body)).await;
        assert_eq!(line.outcome, "applied", "without orders it is about the customer: {:?}", line.reason);

        let gone = Store { client_secret: stage.app_secret.clone(), ..store.clone() };
        let gone = Store { shop: format!("gone-{}.myshopify.com", stage.run), ..gone };
        let letter = Letter::new(&gone, "customers/redact", &bytes(&body));
        let answer = stage.post(&letter).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
        assert_eq!(stage.ending(&gone.shop, letter.id()).await.outcome, "parked");
    });
}

#[test]
fn five_copies_at_once_and_one_later_have_one_effect() {
    told(async |stage| {
        let store = stage.store("queue");
        let person = person(stage.run, 2);
        let letter = Letter::new(store, "orders/create", &bytes(&about(&person, "orders-create.paid")));
        let copies = (0..5).map(|_| stage.post(&letter));
        for answer in futures::future::join_all(copies).await {
            assert_eq!(answer.status, 200);
        }
        all_ended(stage, store, &letter, 5).await;
        assert_eq!(stage.post(&letter).await.status, 200);
        all_ended(stage, store, &letter, 6).await;

        let brevo = stage.brevo(store).await;
        assert_eq!(brevo["contacts"].as_array().unwrap().len(), 1);
        assert_eq!(brevo["orders"].as_array().unwrap().len(), 1);
        let mut events: Vec<_> =
            brevo["events"].as_array().unwrap().iter().map(|e| &e["event_name"]).collect();
        events.sort_by_key(|name| name.to_string());
        assert_eq!(events, ["order_completed", "order_paid", "order_placed"]);
    });
}

/// Waits until so many copies came to an end.
async fn all_ended(stage: &Stage, store: &Store, letter: &Letter, copies: usize) {
    for _ in 0..600 {
        let lines = stage.endings(&store.id, letter.id()).await;
        if lines.iter().filter(|line| !["deferred", "retried"].contains(&line.outcome.as_str())).count()
            >= copies
        {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{copies} copies did not end within a minute");
}
