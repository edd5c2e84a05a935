//! What is shown to an operator: names that the shop's customers chose, and what a narrow key may see.

use reqwest::Method;
use serde_json::json;

use super::key;
use crate::bodies::{about, bytes, person};
use crate::manage::ask;
use crate::stage::told;

#[test]
fn a_name_with_escapes_does_not_reach_the_terminal() {
    told(async |stage| {
        let store = stage.store("shown");
        let jo = person(stage.run, 2);
        let mut body = about(&jo, "customers-create");
        body["first_name"] = json!("\u{1b}]0;owned\u{7}\u{9b}31m");
        body["last_name"] = json!("\u{202e}olleh\u{2066}");
        stage.deliver(store, "customers/create", &bytes(&body)).await;
        for more in [["--store", store.id.as_str()].as_slice(), &["--store", &store.id, "--json"]] {
            let output = stage.tajo().args(["trace", &jo.email]).args(more).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(said.contains("owned") && said.contains("olleh"), "the name is shown: {said}");
            let is_bad = |c: char| {
                (c.is_control() && c != '\n')
                    || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            };
            assert!(!said.contains(is_bad), "{said:?}");
        }
    });
}

#[test]
fn a_key_that_reads_learns_no_hash_of_an_address() {
    told(async |stage| {
        let store = stage.store("shown");
        let jo = person(stage.run, 3);
        let line = stage.deliver(store, "customers/create", &bytes(&about(&jo, "customers-create"))).await;
        let plain = tajo_domain::short_hash(&jo.email);
        assert_ne!(line.person.as_deref(), Some(plain.as_str()), "a hash that anybody can make");
        let reader = key(stage, "read", &[&store.id]).await;
        let path = "/stores/_/logs?type=webhook&since=24h&limit=500";
        let (status, log) = ask(stage, &reader, Method::GET, path, None).await;
        assert_eq!(status, 200, "{log}");
        assert!(log["lines"].as_array().unwrap().iter().any(|one| one["delivery"] == line.delivery.as_str()));
        assert!(!log.to_string().contains("\"person\""), "{log}");
    });
}

#[test]
fn whoever_changes_something_is_written_down() {
    told(async |stage| {
        let store = stage.store("shown");
        let admin = key(stage, "admin", &[&store.id]).await;
        let path = format!("/stores/{}/pause", store.id);
        assert_eq!(ask(stage, &admin, Method::POST, &path, None).await.0, 200);
        let path = format!("/stores/{}/resume", store.id);
        assert_eq!(ask(stage, &admin, Method::POST, &path, None).await.0, 200);
        let mut audit = stage.tajo();
        audit.args(["audit", "--store", &store.id, "--json"]);
        let output = audit.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        for wanted in ["pause", "resume", "attacker"] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
        assert!(!text.contains(&admin), "no key is written down");
    });
}
