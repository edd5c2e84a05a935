//! `tajo config apply`, `show` and `diff`, and settings of a deployed store.

#![allow(clippy::unwrap_used)] // helpers of tests are tests too

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::{Deployment, problem};
use tajo_api::Code;

const ONE: &str = "# mine\nconnectors:\n  shopify:\n    lists: { buyers: 6 }\n";
const TWO: &str = "\
connectors:
  shopify:
    - { shop_url: one.myshopify.com, lists: { buyers: 6 } }
    - { shop_url: two.myshopify.com, debug: true }
sync: { inventory: true }
";

/// A document in the folder that commands run in.
fn document<'a>(name: &'a str, text: &str) -> &'a str {
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), text).unwrap();
    name
}

fn stores(deployment: &Deployment) {
    let store = |name: &str, shop: &str| {
        json!({
            "store": name, "platform": "shopify", "shop": shop, "connected": true, "state": "active",
            "connectedAt": "2026-11-01T08:00:00Z", "customersCount": 0, "ordersCount": 0, "productsCount": 0,
            "parkedCount": 0, "brevoAccount": "b-1",
        })
    };
    let both = json!({"stores": [store("first", "one.myshopify.com"), store("second", "two.myshopify.com")]});
    deployment.answers("GET /v1/stores", both);
}

fn settings(yaml: &str, warnings: &[&str]) -> Value {
    json!({"yaml": yaml, "warnings": warnings})
}

fn shown(deployment: &Deployment, commands: &[&str]) -> String {
    commands.iter().map(|command| deployment.shown(command)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_document_is_checked_here_and_then_given_to_the_store() {
    let deployment = Deployment::new();
    let (good, wrong) =
        (document("good.yaml", ONE), document("bad.yaml", "connectors:\n  shopify:\n    list: {}\n"));
    deployment.answers("PUT /v1/stores/_/settings", settings(ONE, &["`carts` are off."]));
    let commands = [
        format!("config apply --file {good}"),
        format!("config apply --file {good} --json"),
        format!("config apply --file {wrong}"),
        "config apply --file nowhere.yaml".to_owned(),
    ];
    insta::assert_snapshot!("apply", shown(&deployment, &commands.each_ref().map(String::as_str)));
    let asked = deployment.asked();
    assert_eq!(asked.len(), 2, "what is wrong is not sent");
    assert_eq!(asked[0].body, json!({"yaml": ONE}));
}

#[test]
fn of_several_stores_each_gets_its_part() {
    let deployment = Deployment::new();
    stores(&deployment);
    deployment
        .answers("PUT /v1/stores/first/settings", settings("", &[]))
        .answers("PUT /v1/stores/second/settings", settings("", &[]));
    let file = document("two.yaml", TWO);
    let both = format!("config apply --file {file}");
    insta::assert_snapshot!("apply_two", shown(&deployment, &[&both]));
    let sent: Vec<String> = deployment
        .asked()
        .into_iter()
        .skip(1)
        .map(|asked| format!("{}\n{}", asked.line, asked.body["yaml"].as_str().unwrap()))
        .collect();
    insta::assert_snapshot!("apply_two_asks", sent.join("\n"));
    // Nothing is changed where one of them is not connected.
    let file = document("three.yaml", &TWO.replace("two.", "three."));
    let ended = deployment.tajo(&["config", "apply", "--file", file]);
    assert_eq!((ended.code, deployment.asked().len()), (5, 1));
    assert!(
        ended.said.starts_with("error: no connected store is `three.myshopify.com`\nhint: "),
        "{}",
        ended.said
    );
    // One of them alone.
    let file = document("two.yaml", TWO);
    deployment.tajo(&["config", "apply", "--file", file, "--store", "second"]);
    let lines: Vec<String> = deployment.asked().into_iter().map(|asked| asked.line).collect();
    assert!(!lines.contains(&"PUT /v1/stores/first/settings".to_owned()), "{lines:?}");
}

#[test]
fn a_diff_shows_lines_and_exits_with_3() {
    let deployment = Deployment::new();
    let file = document("diff.yaml", ONE);
    deployment
        .answers("GET /v1/stores/_/settings", settings(&ONE.replace("6", "5"), &[]))
        .answers("GET /v1/stores/_/settings", settings("", &[]))
        .answers("GET /v1/stores/_/settings", settings(ONE.trim_end(), &[]));
    let diff = format!("config diff --file {file}");
    insta::assert_snapshot!("diff", shown(&deployment, &[&diff, &format!("{diff} --json"), &diff]));
}

#[test]
fn the_settings_of_one_store_or_of_all_are_shown() {
    let deployment = Deployment::new();
    deployment.answers("GET /v1/stores/_/settings", settings(ONE, &["`carts` are off."]));
    let one = shown(&deployment, &["config show", "config show --json"]);
    let deployment = Deployment::new();
    let mut several = problem(Code::Conflict, "two stores are connected: name one");
    several.stores = vec!["first".to_owned(), "second".to_owned()];
    deployment
        .refuses("GET /v1/stores/_/settings", &several)
        .answers("GET /v1/stores/first/settings", settings(ONE, &[]))
        .answers("GET /v1/stores/second/settings", settings("", &[]));
    insta::assert_snapshot!("show", [one, shown(&deployment, &["config show"])].join("\n"));
}

#[test]
fn mapping_and_explain_take_the_settings_of_a_deployed_store_or_one_of_a_document() {
    let deployment = Deployment::new();
    let yaml = "field_mapping: { email: EMAIL, first_name: PRENOM }\n";
    deployment.answers("GET /v1/stores/demo/settings", settings(yaml, &[]));
    let ended = deployment.tajo(&["mapping", "--store", "demo"]);
    assert!(ended.out.contains("PRENOM") && !ended.out.contains("LASTNAME"), "{ended:?}");
    let file = document("two_mappings.yaml", TWO);
    insta::assert_snapshot!(
        "mapping_of_two",
        shown(
            &deployment,
            &[&format!("mapping --config {file}"), &format!("mapping --config {file} --store three")]
        )
    );
    assert_eq!(deployment.tajo(&["mapping", "--config", file, "--store", "one"]).code, 0);
}

#[test]
fn a_document_may_be_held_against_what_the_deployment_knows() {
    let deployment = Deployment::new();
    let file = document("asked.yaml", ONE);
    deployment
        .answers(
            "POST /v1/stores/demo/settings/validate",
            settings(ONE, &["list 6 does not exist in Brevo."]),
        )
        .refuses(
            "POST /v1/stores/demo/settings/validate",
            &problem(Code::Refused, "TOTAL_SPENT is filled by another store"),
        );
    let validate = format!("config validate --file {file} --store demo");
    insta::assert_snapshot!("validate_asks", shown(&deployment, &[&validate]));
    deployment.asked();
}

#[test]
fn the_stores_of_one_document_are_held_against_each_other() {
    let deployment = Deployment::new();
    let file = document("shared.yaml", &TWO.replace("debug: true", "debug: false"));
    let other = document(
        "apart.yaml",
        "connectors:\n  shopify:\n    - shop_url: one.myshopify.com\n    - { shop_url: two.myshopify.com, field_mapping: { email: EMAIL } }\n",
    );
    let validate = [format!("config validate --file {file}"), format!("config validate --file {other}")];
    insta::assert_snapshot!("validate_two", shown(&deployment, &validate.each_ref().map(String::as_str)));
    assert_eq!(deployment.asked(), []);
}
