//! Only the body of a webhook is signed: its topic is whatever the sender says.

use serde_json::json;
use tajo_sandbox::shopify::nodes;

use super::{contact, count};
use crate::bodies::{about, bytes, person};
use crate::stage::told;

#[test]
fn a_genuine_body_under_a_destructive_topic_deletes_nothing_and_changes_no_consent() {
    told(async |stage| {
        let store = stage.store("topics");
        let jo = person(stage.run, 0);
        let customer = about(&jo, "customers-create");
        let mut node = nodes::customer(&customer);
        node["defaultEmailAddress"]["marketingState"] = json!("SUBSCRIBED");
        node["defaultEmailAddress"]["marketingUpdatedAt"] = customer["created_at"].clone();
        stage.tell_sandbox("/shopify/shops", &json!({"shop": store.shop, "customers": [node]})).await;
        let checkout = about(&jo, "checkouts-create");
        let order = about(&jo, "orders-create.paid");
        for (topic, body) in
            [("customers/create", &customer), ("checkouts/create", &checkout), ("orders/create", &order)]
        {
            assert_eq!(stage.deliver(store, topic, &bytes(body)).await.outcome, "applied", "{topic}");
        }
        let before = stage.brevo(store).await;
        assert_eq!(contact(&before, &jo.email)["emailBlacklisted"], false);
        let consent = json!({
            "customer_id": customer["id"], "email_address": jo.email,
            "email_marketing_consent": {
                "state": "subscribed", "opt_in_level": null, "consent_updated_at": customer["created_at"],
            },
        });
        let tags = json!({"customerId": customer["admin_graphql_api_id"], "tags": ["vip"]});
        for (body, topics) in [
            (
                &order,
                ["orders/delete", "customers/delete", "customers/redact", "checkouts/delete"].as_slice(),
            ),
            (&customer, &["customers/delete", "customers/merge", "customers/redact", "shop/redact"]),
            (&consent, &["customers/delete", "customers/redact", "app/uninstalled"]),
            (&checkout, &["checkouts/delete", "orders/delete", "products/delete"]),
            (&tags, &["customers/delete", "customers/merge"]),
        ] {
            for topic in topics {
                let line = stage.deliver(store, topic, &bytes(body)).await;
                assert_ne!(line.outcome, "applied", "{topic}: {:?}", line.reason);
            }
        }
        let after = stage.brevo(store).await;
        let (was, is) = (contact(&before, &jo.email), contact(&after, &jo.email));
        assert_eq!(was, is, "the contact is what it was");
        assert_eq!(before["orders"], after["orders"]);
        for event in ["order_deleted", "cart_deleted"] {
            assert_eq!(count(&before, event), count(&after, event), "{event}");
        }
        // What is genuine and newer still arrives.
        let line = stage.deliver(store, "customers/update", &bytes(&about(&jo, "customers-update"))).await;
        assert_eq!(line.outcome, "applied", "{:?}", line.reason);
    });
}
