//! Faults on order.

use serde_json::{Value, json};
use tajo_sandbox::{Ending, Fault};

use crate::support::Brevo;

fn order(brevo: &Brevo, fault: Value) {
    let fault: Fault = serde_json::from_value(fault).unwrap();
    brevo.sandbox.add_fault(fault);
}

fn jo() -> Value {
    json!({"email": "jo@example.com"})
}

#[test]
fn a_fault_answers_once_in_place_of_brevo() {
    let brevo = Brevo::new();
    let headers = json!({"X-Sib-RateLimit-Reset": 7});
    order(
        &brevo,
        json!({"action": {"status": 500, "body": {"code": "bad_request", "message": "x"}, "headers": headers}}),
    );
    let response = brevo.post("contacts", jo());
    assert_eq!((response.status, response.header("x-sib-ratelimit-reset")), (500, Some("7")));
    assert_eq!(brevo.state().contacts, []);
    assert_eq!(brevo.post("contacts", jo()).status, 201);
    assert_eq!(brevo.sandbox.faults(), []);
}

#[test]
fn a_fault_waits_for_its_turn() {
    let brevo = Brevo::new();
    let action = json!({"status": 503, "body": {"code": "bad_request", "message": "x"}});
    order(&brevo, json!({"method": "get", "path": "/v3/account", "skip": 1, "times": 2, "action": action}));
    let statuses: Vec<u16> = (0..4).map(|_| brevo.get("account").status).collect();
    assert_eq!(statuses, [200, 503, 503, 200]);
}

#[test]
fn a_path_is_exact_unless_it_ends_with_a_star() {
    let brevo = Brevo::new();
    let action = json!({"status": 503, "body": {"code": "bad_request", "message": "x"}});
    order(&brevo, json!({"path": "/contacts", "action": action}));
    order(&brevo, json!({"path": "/v3/contacts/*", "action": action}));
    assert_eq!(brevo.get("contacts/attributes").status, 503);
    assert_eq!(brevo.get("contacts/attributes").status, 200);
    assert_eq!(brevo.get("contacts").status, 503);
}

#[test]
fn a_dropped_request_is_not_applied() {
    let brevo = Brevo::new();
    order(&brevo, json!({"action": {"drop": true}}));
    assert_eq!(brevo.post("contacts", jo()).ending, Ending::Dropped);
    assert_eq!(brevo.state().contacts, []);
    assert_eq!(brevo.sandbox.calls()[0].status, 0);
}

#[test]
fn an_answer_can_be_lost_after_the_request_was_applied() {
    let brevo = Brevo::new();
    order(&brevo, json!({"action": {"apply_then_drop": true}}));
    assert_eq!(brevo.post("contacts", jo()).ending, Ending::Dropped);
    assert_eq!(brevo.state().contacts.len(), 1);
}

#[test]
fn an_answer_can_be_cut_delayed_or_not_json() {
    let brevo = Brevo::new();
    for action in [json!({"truncate": true}), json!({"delay_ms": 900}), json!({"not_json": true})] {
        order(&brevo, json!({"path": "/v3/account", "action": action}));
    }
    let whole = brevo.sandbox.call_at(tajo_sandbox::Request::new("GET", "/v3/account"), brevo.now());
    assert_eq!((whole.ending, whole.json()), (Ending::Truncated, Value::Null));
    assert_eq!(brevo.get("account").delay.as_millis(), 900);
    let page = brevo.sandbox.call_at(tajo_sandbox::Request::new("GET", "/v3/account"), brevo.now());
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html")));
}

#[test]
fn a_fault_with_an_unknown_word_is_refused() {
    for wrong in
        [json!({"action": {"explode": true}}), json!({"action": {"drop": true}, "route": "/v3"}), json!({})]
    {
        assert!(serde_json::from_value::<Fault>(wrong).is_err());
    }
}

#[test]
fn every_call_is_logged_without_its_key() {
    let brevo = Brevo::new();
    order(&brevo, json!({"action": {"status": 500, "body": {"code": "bad_request", "message": "x"}}}));
    brevo.post("contacts?x=1", jo());
    brevo.send(tajo_sandbox::Request::new("GET", "/v3/account").key("xkeysib-secret"));
    let calls = brevo.sandbox.calls();
    let first = json!(calls[0]);
    assert_eq!(
        (&first["n"], &first["account"], &first["fault"]),
        (&json!(1), &json!("account-1"), &json!("status 500"))
    );
    assert_eq!((&first["path"], &first["query"]), (&json!("/v3/contacts"), &json!("x=1")));
    assert_eq!((&first["request"], &first["status"]), (&jo(), &json!(500)));
    assert_eq!((calls[1].status, &calls[1].account), (401, &None));
    assert!(!json!(calls).to_string().contains("xkeysib"));
}
