//! Brevo does not take everything at once, and not from everybody.

use std::process::Command;

use serde_json::{Value, json};

use crate::bodies::{about, bytes, person};
use crate::shop::Letter;
use crate::stage::told;

#[test]
fn work_that_brevo_throttles_is_put_off_and_done_in_the_end() {
    told(async |stage| {
        let store = stage.store("throttled");
        let jo = person(stage.run, 5);
        stage.deliver(store, "customers/create", &bytes(&about(&jo, "customers-create"))).await;
        let throttle = json!({
            "method": "PUT", "path": format!("/v3/contacts/canary{}*", jo.n), "times": 2,
            "action": {"status": 429, "headers": {"x-sib-ratelimit-reset": 1}},
        });
        stage.tell_sandbox("/faults", &throttle).await;

        let letter = Letter::new(store, "customers/update", &bytes(&about(&jo, "customers-update")));
        assert_eq!(stage.post(&letter).await.status, 200);
        let lines = stage.endings(&store.id, letter.id()).await;
        let outcomes: Vec<&str> = lines.iter().map(|line| line.outcome.as_str()).collect();
        assert_eq!(outcomes, ["deferred", "deferred", "applied"]);
        let reason = lines[0].reason.clone().unwrap_or_default();
        assert!(reason.starts_with("Brevo's rate limit is reached"), "{reason}");

        let brevo = stage.brevo(store).await;
        let updates =
            brevo["events"].as_array().unwrap().iter().filter(|e| e["event_name"] == "customer_updated");
        assert_eq!(updates.count(), 1);
        assert!(!brevo["contacts"][0]["attributes"]["SMS"].is_null(), "the new number is there");
    });
}

#[test]
fn work_that_brevo_refuses_for_its_key_is_parked_and_listed_with_a_hint() {
    told(async |stage| {
        let store = stage.store("refused");
        let line = stage
            .deliver(store, "customers/create", &bytes(&about(&person(stage.run, 6), "customers-create")))
            .await;
        assert_eq!(line.outcome, "parked");
        assert_eq!(line.reason.as_deref(), Some("Brevo does not know the API key"));

        let list = |more: &[&str]| {
            let mut command = stage.tajo();
            command.args(["parked", "list", "--store", &store.id]).args(more);
            said(&mut command)
        };
        let table = list(&[]);
        for wanted in ["Brevo does not know the API key", "hint: make a new API key in Brevo"] {
            let words = table.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains(wanted), "`{wanted}` is missing:\n{table}");
        }
        assert!(table.contains("customers/create"), "{table}");
        let parked: Value = serde_json::from_str(&list(&["--json"])).unwrap();
        let parked = parked["parked"].as_array().unwrap();
        assert_eq!(parked.len(), 1);
        assert!(parked[0]["id"].as_str().is_some_and(|id| !id.is_empty()));
        assert!(parked[0]["hint"].as_str().unwrap().contains("connect the store again"));
    });
}

/// What a command printed.
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
