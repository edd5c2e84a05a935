//! Each function's role allows what it does in the table, and nothing else. That it allows enough is tried by every other
//! journey here: the fronts of these tests ask the same policies (`tajo_testkit::roles`).

use tajo_state::KINDS;
use tajo_testkit::roles::{Asked, Resource, allows, names};

const ACTIONS: [&str; 8] = [
    "GetItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "Query",
    "BatchGetItem",
    "BatchWriteItem",
    "ConditionCheckItem",
];

/// What the roles may do. A journey that needs more fails; who allows more says so here.
const ALLOWED: &str = "\
brevo-sync GetItem: budget bulk cart category customer erasure guest item lease order parked person privacy product reconcile run store webhooks
brevo-sync PutItem: bulk cart category customer days erasure guest item lease log members order parked person privacy product reconcile run store webhooks
brevo-sync UpdateItem: budget
brevo-sync DeleteItem: bulk cart category customer days erasure guest item log members order parked person privacy product run shop webhooks
brevo-sync Query: members person
cart-sweeper GetItem: cart erasure reconcile store webhooks
cart-sweeper PutItem: cart erasure reconcile webhooks
management GetItem: counts customer erasure guest key lease link order parked run shop store webhooks
management PutItem: audit counts key lease link run shop store webhooks
management UpdateItem: rate
management DeleteItem: key link parked shop webhooks
management Query: audit days log person
oauth-callback GetItem: lease link shop store visit webhooks
oauth-callback PutItem: lease store visit webhooks
oauth-callback DeleteItem: link visit
";

/// Kinds of items that a role may touch in this way.
fn kinds(role: &str, action: &str) -> Vec<&'static str> {
    let may = |kind: &&str| {
        // Most keys go on after their first word; one does not.
        let key = if *kind == "counts" { (*kind).to_owned() } else { format!("{kind}#x") };
        allows(role, &on(action, Resource::Table, &key))
    };
    KINDS.into_iter().filter(may).collect()
}

fn on(action: &str, resource: Resource, key: &str) -> Asked {
    Asked { action: action.to_owned(), resource, leading_keys: Some(vec![key.to_owned()]) }
}

#[test]
fn a_role_may_touch_the_kinds_of_items_its_function_works_with_and_no_others() {
    let mut table = String::new();
    for role in names() {
        for action in ACTIONS {
            let kinds = kinds(role, action);
            if !kinds.is_empty() {
                table += &format!("{role} {action}: {}\n", kinds.join(" "));
            }
        }
    }
    assert_eq!(table, ALLOWED, "{table}");
}

#[test]
fn nobody_but_management_writes_api_keys_or_the_audit_log_and_nobody_takes_of_the_log() {
    assert_eq!(names().collect::<Vec<_>>(), ["brevo-sync", "cart-sweeper", "management", "oauth-callback"]);
    for role in names() {
        for action in
            ACTIONS.into_iter().filter(|action| !["GetItem", "Query", "BatchGetItem"].contains(action))
        {
            let touched = kinds(role, action);
            let is_management = role == "management";
            assert!(is_management || !touched.contains(&"key"), "{role} {action}");
            assert!(is_management && action == "PutItem" || !touched.contains(&"audit"), "{role} {action}");
            assert!(is_management || !touched.contains(&"rate"), "{role} {action}");
        }
    }
}

#[test]
fn a_request_is_allowed_only_if_all_of_its_items_are() {
    let mixed = Asked {
        action: "PutItem".to_owned(),
        resource: Resource::Table,
        leading_keys: Some(vec!["cart#shop#1".to_owned(), "key#0123456789ab".to_owned()]),
    };
    assert!(!allows("cart-sweeper", &mixed));
    assert!(allows("cart-sweeper", &on("PutItem", Resource::Table, "cart#shop#1")));
    // The same words mean partitions of the index there.
    assert!(allows("cart-sweeper", &on("Query", Resource::Due, "parked")));
    for key in ["keys", "stores", "parked#shop", "privacy#shop", ""] {
        assert!(!allows("cart-sweeper", &on("Query", Resource::Due, key)), "{key}");
        assert!(!allows("brevo-sync", &on("Query", Resource::Due, key)), "{key}");
    }
    assert!(!allows("webhook-ingress", &on("GetItem", Resource::Table, "store#shop")));
}

#[test]
fn only_what_looks_through_the_whole_table_may_scan_it() {
    let scan = Asked { action: "Scan".to_owned(), resource: Resource::Table, leading_keys: None };
    let may = |role: &&str| allows(role, &scan);
    assert_eq!(names().filter(may).collect::<Vec<_>>(), ["brevo-sync", "management"]);
    // A request without leading keys slips through no condition about them.
    for role in names() {
        for action in ACTIONS {
            assert!(!allows(role, &Asked { action: action.to_owned(), ..scan.clone() }), "{role} {action}");
        }
    }
}
