//! What others wrote is shown and never obeyed: no command lets a control, bidirectional or invisible character through, to stdout
//! or stderr, for people or as JSON.

#![allow(clippy::unwrap_used)] // helpers of tests are tests too

mod support;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::{Deployment, Ended, problem};
use tajo_api::Code;

/// A window's title, a cleared screen, a line of its own, text that runs backwards, and letters that nobody sees.
const EVIL: &str = "Jo\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\r\nerror: forged\u{7f}\u{202e}gnp.exe\u{2066}x\u{200b}\u{e0041}\u{200f}\u{61c}\u{feff}\tend";

/// What an answer's reader needs as it is: times, and words of a closed list.
const KEPT: [&str; 26] = [
    "at",
    "type",
    "state",
    "kind",
    "scope",
    "verdict",
    "fate",
    "code",
    "platform",
    "connectedAt",
    "lastSync",
    "countedAt",
    "asked_at",
    "started_at",
    "ended_at",
    "finished_at",
    "created_at",
    "updated_at",
    "triggered_at",
    "deleted_at",
    "erased_at",
    "next",
    "expires_at",
    "last_used_at",
    "since",
    "until",
];

/// The same answer with evil in all its free text.
fn evil(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text + EVIL),
        Value::Array(items) => items.into_iter().map(evil).collect(),
        Value::Object(fields) => {
            let field = |(name, value): (String, Value)| {
                let value = if KEPT.contains(&name.as_str()) { value } else { evil(value) };
                (name, value)
            };
            fields.into_iter().map(field).collect()
        }
        other => other,
    }
}

/// Said independently of the code under test: general categories Cc and Cf as far as a terminal or a reader is deceived by them.
fn is_evil(c: char) -> bool {
    let is_bidi =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_unseen = matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() && c != '\n' || is_bidi || is_unseen
}

/// Commands that print a document, whose lines and tabs are its own.
fn is_of_a_document(what: &str) -> bool {
    ["config show", "config diff", "shopify app-config"].iter().any(|command| what.starts_with(command))
}

fn assert_harmless(what: &str, ended: &Ended) {
    let is_document = is_of_a_document(what);
    for text in [&ended.out, &ended.said] {
        assert!(!text.contains(|c| is_evil(c) && !(is_document && c == '\t')), "{what}: {text:?}");
        let forged = text.lines().any(|line| line.trim_start().starts_with("error: forged"));
        assert!(!forged || is_document, "{what} lets others write lines: {text}");
    }
}

/// Every `(flags, json)` of a command: harmless either way, and as JSON still what was answered.
fn check(deployment: &Deployment, arguments: &[&str], shows: bool) {
    let what = arguments.join(" ");
    let ended = deployment.tajo(arguments);
    assert_harmless(&what, &ended);
    assert!(
        !shows || format!("{}{}", ended.out, ended.said).contains(r"\u{1"),
        "{what} showed nothing: {ended:?}"
    );
    let json = deployment.tajo(&[arguments, &["--json"]].concat());
    assert_harmless(&format!("{what} --json"), &json);
    if !json.out.is_empty() {
        let read: Value = serde_json::from_str(&json.out).unwrap();
        assert!(!shows || read.to_string().contains("u001b"), "{what}: {read}");
        assert!(
            !shows || json.out.contains(r"\u202e") && json.out.contains(r"\udb40\udc41"),
            "{what}: {}",
            json.out
        );
    }
}

fn store() -> Value {
    json!({
        "store": "demo", "platform": "shopify", "shop": "demo.myshopify.com", "connected": true, "state": "needs_attention",
        "connectedAt": "2026-11-01T08:00:00Z", "lastSync": "2026-11-24T08:30:00Z", "customersCount": 1, "ordersCount": 1,
        "productsCount": 1, "countedAt": "2026-11-24T08:00:00Z", "parkedCount": 2, "brevoAccount": "b-5f2c",
        "attention": "Brevo does not know the API key",
    })
}

fn lines() -> Value {
    json!([{"at": "2026-11-24T08:30:01.250Z", "type": "webhook", "topic": "orders/create", "delivery": "d-1",
        "outcome": "applied", "calls": 3, "reason": "the customer"}])
}

fn parked() -> Value {
    json!({"id": "d-1", "topic": "orders/create", "reason": "no", "hint": "do", "attempts": 2, "at": "2026-11-20T08:00:00Z"})
}

fn run() -> Value {
    json!({"id": "r-1", "kind": "full", "resources": ["customers"], "since": "2023-01-01", "started_by": "k-1",
        "state": "waiting", "asked_at": "2026-11-24T08:00:00Z", "note": "later",
        "counts": {"read": 0, "created": 0, "new_contacts": 0, "updated": 0, "unchanged": 0, "skipped": {}, "failed": 0}})
}

fn hostile() -> Deployment {
    let deployment = Deployment::new();
    let key = json!({"id": "k-1", "name": "first", "scope": "admin", "stores": ["demo"], "created_at": "2026-11-24T08:00:00Z"});
    let made = json!({"id": "k-1", "name": "first", "scope": "admin", "created_at": "2026-11-24T08:00:00Z", "secret": "s"});
    let (made_again, replaced) = (made.clone(), key.clone());
    let mut shown = parked();
    shown["body_bytes"] = json!(24);
    shown["triggered_at"] = json!("2026-11-20T07:59:58Z");
    shown["body"] = json!({"email": "jo@example.com", "note": "free"});
    let trace = json!({
        "found": ["customer", "order"],
        "people": [{"customer": "7001", "email": "jo@example.com", "phone": "+49", "name": "Jo Example", "tags": ["vip"],
            "orders_count": 2, "total_spent": "84.00 EUR", "consents": [{"channel": "email", "state": "opted_in",
            "at": "2026-11-01T09:00:00Z", "told_by": "store"}], "known_as": "created", "lists": [5],
            "told": [{"key": "tags:vip", "done": false}], "merged_into": "7002"}],
        "orders": [{"id": "5001", "name": "#1001", "updated_at": "2026-11-24T08:30:00Z", "total": "42.00 EUR",
            "refunded": "0.00 EUR", "told": [{"key": "placed", "done": true}], "sent": {"status": "paid"}, "erased": false}],
        "lines": lines(), "parked": [parked()], "notes": ["note"],
    });
    let tick = |verdict: &str| json!({"check": "api", "verdict": verdict, "text": "API", "hint": "do"});
    let ticks = json!({"store": "demo", "ok": false, "ticks": [tick("ok"), tick("warning"), tick("failed"), tick("not_checked")]});
    let settings =
        json!({"yaml": "connectors:\n  shopify:\n    lists: {buyers: 6}\n# ", "warnings": ["warned"]});
    for (line, body) in [
        ("GET /v1/stores", json!({"stores": [store(), store()]})),
        ("GET /v1/stores/demo", store()),
        (
            "POST /v1/stores",
            json!({"store": "demo", "connected": false, "open": "https://demo.myshopify.com/", "warnings": ["w"]}),
        ),
        ("PATCH /v1/stores/demo", json!({"store": "demo", "connected": true, "warnings": ["w"]})),
        ("DELETE /v1/stores/demo", json!({"store": "demo", "webhooks_removed": 1, "warnings": ["w"]})),
        ("POST /v1/stores/demo/test", ticks),
        ("POST /v1/stores/demo/pause", store()),
        ("POST /v1/stores/demo/resume", store()),
        ("GET /v1/stores/demo/logs", json!({"lines": lines()})),
        ("POST /v1/stores/demo/syncs", run()),
        ("GET /v1/stores/demo/syncs", json!({"runs": [run()]})),
        ("POST /v1/stores/demo/trace", trace),
        ("GET /v1/stores/demo/parked", json!({"parked": [parked()]})),
        ("GET /v1/stores/demo/parked/d-1", shown),
        (
            "POST /v1/stores/demo/parked/retry",
            json!({"fates": [{"id": "d-1", "fate": "unreadable"}], "more": false}),
        ),
        ("GET /v1/stores/demo/settings", settings.clone()),
        ("PUT /v1/stores/demo/settings", settings),
        ("GET /v1/keys", json!({"keys": [key]})),
        ("POST /v1/keys", made),
        ("POST /v1/keys/k-1/roll", json!({"made": made_again, "replaced": replaced})),
        ("GET /v1/shopify/app-config", json!({"toml": "client_id = \"id-1\"\n"})),
    ] {
        deployment.answers(line, evil(body));
    }
    deployment
}

#[test]
fn no_answer_of_the_deployment_reaches_the_terminal_as_more_than_text() {
    let deployment = hostile();
    for command in [
        "connectors status",
        "connectors status --store demo",
        "connectors install shopify --shop-url demo.myshopify.com --api-key i --api-secret s --no-wait",
        "connectors edit shopify --store demo --brevo-api-key k",
        "connectors uninstall shopify --store demo",
        "connectors test shopify --store demo",
        "connectors pause shopify --store demo",
        "connectors resume shopify --store demo",
        "connectors logs shopify --store demo",
        "connectors sync shopify --store demo",
        "connectors history shopify --store demo",
        "trace jo@example.com --store demo",
        "parked list --store demo",
        "parked show --id d-1 --body --store demo",
        "parked retry --all --store demo",
        "keys list",
        "keys create --name n --scope read",
        "keys roll k-1",
        "shopify app-config",
    ] {
        check(&deployment, &command.split(' ').collect::<Vec<_>>(), true);
    }
    check(&deployment, &["config", "show", "--store", "demo"], true);
}

#[test]
fn no_refusal_reaches_the_terminal_as_more_than_text() {
    let mut refusal = problem(Code::Refused, &format!("no {EVIL}"));
    refusal.hint = Some(EVIL.to_owned());
    refusal.stores = vec![EVIL.to_owned()];
    for command in
        ["keys list", "connectors pause shopify --store demo", "trace x --store demo", "connectors status"]
    {
        let deployment = Deployment::new();
        for line in
            ["GET /v1/keys", "POST /v1/stores/demo/pause", "POST /v1/stores/demo/trace", "GET /v1/stores"]
        {
            deployment.refuses(line, &refusal);
        }
        check(&deployment, &command.split(' ').collect::<Vec<_>>(), true);
    }
}

/// A file of this test.
fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn bodies_settings_and_arguments_are_shown_as_text_alone() {
    let deployment = hostile();
    let body = json!({"id": 7001, "email": "jo@example.com", "first_name": EVIL, "last_name": EVIL, "state": "enabled",
        "tags": EVIL, "note": EVIL, "created_at": "2026-11-24T08:00:00Z", "updated_at": "2026-11-24T08:00:00Z"});
    let body = file("evil-body.json", &body.to_string());
    let body = body.to_str().unwrap();
    let explain = ["explain", "--platform", "shopify", "--topic", "customers/create", "--file", body];
    check(&deployment, &explain, true);
    let topic = format!("orders/{EVIL}");
    check(&deployment, &["explain", "--platform", "shopify", "--topic", &topic, "--file", body], false);
    let odd = format!(
        "connectors: {{shopify: {{lists: {{\"buyers\\u001b]0;x\\u0007\\n\\u202e\": 6, abandoned_cart: \"{}\"}}}}}}\n",
        "A\\u009bB"
    );
    let odd = file("evil.yaml", &odd);
    let odd = odd.to_str().unwrap();
    check(&deployment, &["config", "validate", "--file", odd], false);
    check(&deployment, &["mapping", "--config", odd], false);
    let mapped = "connectors: {shopify: {field_mapping: {\"note_attributes.a\\u001b[2J\\u202e\": GIFT}}}\n";
    let mapped = file("evil-mapping.yaml", mapped);
    check(&deployment, &["mapping", "--config", mapped.to_str().unwrap()], false);
    let good = file("good.yaml", "connectors: {shopify: {lists: {buyers: 6}}}\n");
    check(&deployment, &["config", "diff", "--file", good.to_str().unwrap(), "--store", "demo"], true);
    check(&deployment, &["config", "apply", "--file", good.to_str().unwrap(), "--store", "demo"], true);
    // What was typed comes back in what the parser says, and in names of files, stores, keys and ids.
    for arguments in [
        &["connectors", "status", EVIL][..],
        &["connectors", "logs", "shopify", "--type", EVIL],
        &["connectors", "logs", "shopify", "--limit", EVIL],
        &[EVIL],
        &["trace", EVIL, EVIL],
        &["--help", EVIL],
        &["keys", "revoke", EVIL],
        &["trace", EVIL],
        &["connectors", "pause", "shopify", "--store", EVIL],
        &["config", "validate", "--file", EVIL],
        &["explain", "--platform", "shopify", "--topic", "x", "--file", EVIL],
        &["privacy", "list", "--table", "t", "--store", EVIL],
    ] {
        assert_harmless(&format!("{arguments:?}"), &deployment.tajo(arguments));
        let url = deployment.tajo_with(arguments, &[("TAJO_URL", EVIL), ("TAJO_STORE", EVIL)], "");
        assert_harmless(&format!("{arguments:?} elsewhere"), &url);
    }
}
