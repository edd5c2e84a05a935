//! What commands ask of the API, and how they show its answers.

#![allow(clippy::unwrap_used)] // helpers of tests are tests too

mod support;

use serde_json::{Value, json};
use support::{Deployment, problem};
use tajo_api::Code;

fn store(name: &str, state: &str) -> Value {
    json!({
        "store": name, "platform": "shopify", "shop": format!("{name}.myshopify.com"), "connected": state == "active",
        "state": state, "connectedAt": "2026-11-01T08:00:00Z", "lastSync": "2026-11-24T08:30:00Z",
        "customersCount": 15420, "ordersCount": 8234, "productsCount": 342, "countedAt": "2026-11-24T08:00:00Z",
        "parkedCount": 2, "brevoAccount": "b-5f2c",
    })
}

fn log() -> Value {
    let line = |topic: &str, outcome: &str, calls: u32, reason: Option<&str>| {
        let mut line = json!({
            "at": "2026-11-24T08:30:01.250Z", "type": "webhook", "topic": topic, "delivery": "d-1", "outcome": outcome,
            "calls": calls,
        });
        if let Some(reason) = reason {
            line["reason"] = json!(reason);
        }
        line
    };
    json!({"lines": [
        line("orders/create", "applied", 3, None),
        line("customers_email_marketing_consent/update", "skipped", 0, Some("the customer has no email address")),
        line("carts/update", "deferred", 0, Some("waits for Brevo's limit of events")),
    ]})
}

fn run(note: Option<&str>) -> Value {
    let mut run = json!({
        "id": "r-20261124-1", "kind": "full", "resources": ["customers", "orders"], "since": "2023-01-01",
        "started_by": "k-1", "state": "waiting", "asked_at": "2026-11-24T08:00:00Z",
        "counts": {"read": 0, "created": 0, "new_contacts": 0, "updated": 0, "unchanged": 0, "skipped": {}, "failed": 0},
    });
    if let Some(note) = note {
        run["note"] = json!(note);
    }
    run
}

fn parked() -> Value {
    let work = |id: &str, topic: &str, hint: Option<&str>| {
        let mut work = json!({"id": id, "topic": topic, "reason": "Brevo does not know the API key", "attempts": 2,
            "at": "2026-11-20T08:00:00Z"});
        if let Some(hint) = hint {
            work["hint"] = json!(hint);
        }
        work
    };
    let hint =
        "make a new API key in Brevo (SMTP & API → API keys) and give it to the store with `connectors edit`";
    json!({"parked": [work("d-2", "customers/update", Some(hint)), work("d-1", "orders/create", None)], "next": "c2"})
}

/// Commands one after the other, with all that is shown.
fn shown(deployment: &Deployment, commands: &[&str]) -> String {
    commands.iter().map(|command| deployment.shown(command)).collect::<Vec<_>>().join("\n")
}

/// What was asked, one line each.
fn asked(deployment: &Deployment) -> String {
    let line = |asked: support::Asked| match asked.body {
        Value::Null => asked.line,
        body => format!("{} {body}", asked.line),
    };
    deployment.asked().into_iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn installing_prints_the_link_and_waits_until_webhooks_flow() {
    let deployment = Deployment::new();
    let link = "https://demo.myshopify.com/admin/oauth/authorize?client_id=1";
    deployment
        .answers("POST /v1/stores", json!({"store": "demo", "connected": false, "open": link, "warnings": ["The shop is a development store."]}))
        .answers("GET /v1/stores/demo", store("demo", "connecting"))
        .answers("GET /v1/stores/demo", store("demo", "active"));
    let install = "connectors install shopify --shop-url demo.myshopify.com --api-key id-1 --api-secret s-1";
    let commands = format!("{install} --sync now");
    insta::assert_snapshot!(
        "install",
        shown(&deployment, &[&commands, &format!("{install} --no-wait"), &format!("{install} --json")])
    );
    insta::assert_snapshot!("install_asks", asked(&deployment));
    let mut ailing = store("demo", "needs_attention");
    ailing["attention"] = json!("Brevo does not know the API key");
    deployment.answers("GET /v1/stores/demo", &ailing);
    deployment.tajo(&["connectors", "status", "shopify", "--store", "demo"]);
    insta::assert_snapshot!("install_needs_attention", deployment.shown(install));
}

#[test]
fn a_test_prints_the_ticks_of_the_product_page_and_what_to_do() {
    let deployment = Deployment::new();
    let tick = |check: &str, verdict: &str, text: &str, hint: Option<&str>| {
        let mut tick = json!({"check": check, "verdict": verdict, "text": text});
        if let Some(hint) = hint {
            tick["hint"] = json!(hint);
        }
        tick
    };
    let five = |orders: &str, hint: Option<&str>| {
        vec![
            tick("api", "ok", "API connection successful", None),
            tick("webhooks", "ok", "Webhooks registered", None),
            tick("products", "ok", "Products accessible", None),
            tick("customers", "ok", "Customers readable", None),
            tick("orders", orders, "Orders readable", hint),
        ]
    };
    let line = "POST /v1/stores/_/test";
    deployment.answers(line, json!({"store": "demo", "ok": true, "ticks": five("ok", None)}));
    let good = deployment.tajo(&["connectors", "test", "shopify"]);
    let page = "✓ API connection successful\n✓ Webhooks registered\n✓ Products accessible\n✓ Customers readable\n✓ Orders readable\n";
    assert_eq!((good.code, good.out.as_str(), good.said.as_str()), (0, page, ""));
    let mut ticks = five(
        "failed",
        Some(
            "approve the scope read_orders: open https://demo.myshopify.com/admin/apps and install the app again",
        ),
    );
    ticks.push(tick(
        "brevo_addresses",
        "warning",
        "Brevo blocks addresses that it does not know",
        Some("switch it off in Brevo, or deploy with FixedEgress=nat"),
    ));
    ticks.push(tick("brevo_lists", "not_checked", "Lists exist", None));
    deployment.answers(line, json!({"store": "demo", "ok": false, "ticks": ticks})).tajo(&[
        "connectors",
        "test",
        "shopify",
    ]);
    insta::assert_snapshot!(
        "test_failed",
        shown(&deployment, &["connectors test shopify", "connectors test shopify --json"])
    );
}

#[test]
fn status_is_in_full_for_one_store_and_a_table_for_several() {
    let deployment = Deployment::new();
    deployment.answers("GET /v1/stores", json!({"stores": [store("demo", "active")]}));
    let one = shown(&deployment, &["connectors status shopify", "connectors status shopify --json"]);
    let deployment = Deployment::new();
    deployment.answers(
        "GET /v1/stores",
        json!({"stores": [store("demo", "active"), store("second-shop", "needs_attention")]}),
    );
    let several = shown(&deployment, &["connectors status", "connectors status --json"]);
    deployment.answers("GET /v1/stores", json!({"stores": []})).tajo(&["connectors", "status"]);
    insta::assert_snapshot!("status", [one, several, deployment.shown("connectors status")].join("\n"));
}

#[test]
fn logs_and_history_are_tables_and_follow_pages_up_to_the_limit() {
    let deployment = Deployment::new();
    let mut first = log();
    first["next"] = json!("c2");
    deployment.answers("GET /v1/stores/_/logs", &first).answers("GET /v1/stores/_/logs", log());
    deployment
        .answers("GET /v1/stores/_/syncs", json!({"runs": [run(Some("Runs begin with the next version."))]}));
    let commands = [
        "connectors logs shopify --type webhook --last 24h --limit 4",
        "connectors logs shopify --topic orders/create --outcome applied --json",
        "connectors history shopify --limit 10",
    ];
    insta::assert_snapshot!("logs_and_history", shown(&deployment, &commands));
    insta::assert_snapshot!("logs_and_history_ask", asked(&deployment));
}

#[test]
fn a_sync_tells_what_was_asked_for_and_why_it_waits() {
    let deployment = Deployment::new();
    deployment.answers(
        "POST /v1/stores/_/syncs",
        run(Some("Runs begin with the next version: it is kept until then.")),
    );
    deployment.answers("GET /v1/stores/_/syncs/r-20261124-1", run(None));
    let commands = [
        "connectors sync shopify --type full --resources customers,orders --since 2023-01-01",
        "connectors sync shopify --json",
        "connectors history shopify --run r-20261124-1",
    ];
    insta::assert_snapshot!("sync", shown(&deployment, &commands));
    insta::assert_snapshot!("sync_asks", asked(&deployment));
    let deployment = Deployment::new();
    let mut failed = run(Some("this version has no runner for history yet: nothing was read"));
    failed["state"] = json!("failed");
    deployment.answers("POST /v1/stores/_/syncs", failed);
    insta::assert_snapshot!("sync_failed", deployment.shown("connectors sync shopify"));
}

#[test]
fn a_store_is_paused_resumed_edited_and_let_go() {
    let deployment = Deployment::new();
    deployment
        .answers("POST /v1/stores/_/pause", store("demo", "paused"))
        .answers("POST /v1/stores/_/resume", store("demo", "active"))
        .answers("PATCH /v1/stores/demo", json!({"store": "demo", "connected": true, "warnings": ["The key before works on for some minutes."]}))
        .answers("DELETE /v1/stores/demo", json!({"store": "demo", "webhooks_removed": 21, "warnings": ["Brevo's webhook stays: another store uses it."]}));
    let commands = [
        "connectors pause shopify",
        "connectors resume shopify",
        "connectors edit shopify --store demo --brevo-api-key k-2",
        "connectors edit shopify --store demo",
        "connectors uninstall shopify --store demo",
        "connectors uninstall shopify --store demo --erase",
        "connectors uninstall shopify --store demo --erase --yes --json",
    ];
    insta::assert_snapshot!("life", shown(&deployment, &commands));
    insta::assert_snapshot!("life_asks", asked(&deployment));
}

#[test]
fn of_several_stores_reads_list_all_and_writes_refuse_with_their_names() {
    let deployment = Deployment::new();
    let mut several = problem(Code::Conflict, "two stores are connected: name one");
    several.stores = vec!["first".to_owned(), "second".to_owned()];
    for line in ["GET /v1/stores/_/logs", "POST /v1/stores/_/pause", "POST /v1/stores/_/parked/retry"] {
        deployment.refuses(line, &several);
    }
    deployment
        .answers("GET /v1/stores/first/logs", log())
        .answers("GET /v1/stores/second/logs", json!({"lines": []}));
    let commands = [
        "connectors logs shopify",
        "connectors logs shopify --json --limit 3",
        "connectors pause shopify",
        "parked retry --all",
    ];
    insta::assert_snapshot!("several_stores", shown(&deployment, &commands));
}

#[test]
fn parked_work_is_listed_shown_retried_and_dropped() {
    let deployment = Deployment::new();
    let mut piece = parked()["parked"][1].clone();
    piece["triggered_at"] = json!("2026-11-20T07:59:58Z");
    piece["body_bytes"] = json!(24);
    let mut whole = piece.clone();
    whole["body"] = json!({"email": "jo@example.com"});
    let fates = |fate: &str| json!({"fates": [{"id": "d-1", "fate": fate}, {"id": "d-2", "fate": "gone"}], "more": false});
    deployment
        .answers("GET /v1/stores/_/parked", parked())
        .answers("GET /v1/stores/_/parked/d-1", &piece)
        .answers("GET /v1/stores/_/parked/d-1", &whole)
        .answers("POST /v1/stores/_/parked/retry", fates("retried"))
        .answers("POST /v1/stores/_/parked/retry", fates("unreadable"))
        .answers("POST /v1/stores/_/parked/drop", fates("dropped"));
    let commands = [
        "parked list --limit 2",
        "parked list --limit 2 --reason key --since 24h --json",
        "parked show --id d-1",
        "parked show --id d-1 --body",
        "parked retry",
        "parked retry --all --topic orders/create",
        "parked retry --reason key",
        "parked retry --all",
        "parked drop --id d-1 --yes",
    ];
    insta::assert_snapshot!("parked", shown(&deployment, &commands));
    insta::assert_snapshot!("parked_asks", asked(&deployment));
    let deployment = Deployment::new();
    let mut last = parked();
    last.as_object_mut().unwrap().remove("next");
    deployment.answers("GET /v1/stores/_/parked", last);
    insta::assert_snapshot!(
        "parked_drop_needs_yes",
        shown(&deployment, &["parked drop --id d-1", "parked drop --topic shop/update"])
    );
}

#[test]
fn a_trace_tells_everything_of_a_person_in_order() {
    let deployment = Deployment::new();
    let trace = json!({
        "found": ["customer", "order"],
        "people": [{
            "customer": "7001", "email": "jo@example.com", "phone": "+4915112345678", "name": "Jo Example",
            "tags": ["vip", "newsletter"], "orders_count": 2, "total_spent": "84.00 EUR",
            "consents": [{"channel": "email", "state": "opted_in", "at": "2026-11-01T09:00:00Z", "told_by": "store"},
                {"channel": "sms", "state": "blocked", "told_by": "tajo"}],
            "known_as": "created", "lists": [5, 6],
            "told": [{"key": "created", "done": true}, {"key": "tags:vip", "done": false}],
        }],
        "orders": [{
            "id": "5001", "name": "#1001", "updated_at": "2026-11-24T08:30:00Z", "total": "42.00 EUR", "refunded": "0.00 EUR",
            "told": [{"key": "placed", "done": true}, {"key": "paid", "done": true}], "sent": {"status": "paid"},
            "erased": false,
        }],
        "lines": log()["lines"], "parked": parked()["parked"], "notes": [],
    });
    let nothing = json!({"found": [], "people": [], "orders": [], "lines": [], "parked": [], "notes": []});
    deployment.answers("POST /v1/stores/_/trace", &trace).answers("POST /v1/stores/_/trace", nothing);
    insta::assert_snapshot!("trace", shown(&deployment, &["trace jo@example.com", "trace #9999"]));
    insta::assert_snapshot!("trace_asks", asked(&deployment));
}

#[test]
fn keys_are_listed_made_and_revoked() {
    let deployment = Deployment::new();
    let key = json!({"id": "k-1", "name": "first", "scope": "admin", "created_at": "2026-11-24T08:00:00Z",
        "last_used_at": "2026-11-24T09:00:00Z"});
    let narrow = json!({"id": "k-2", "name": "night shift", "scope": "operate", "stores": ["demo"], "created_at": "2026-11-24T08:00:00Z"});
    let narrower = json!({"id": "k-3", "name": "the agency", "scope": "forward", "stores": ["demo"],
        "shops": ["demo-shop.myshopify.com"], "created_at": "2026-11-24T08:00:00Z"});
    let mut made = narrow.clone();
    made["secret"] = json!("tajo_k-2_shown-this-once");
    let mut old = key.clone();
    old["expires_at"] = json!("2020-11-25T08:00:00Z");
    old["replaced_by"] = json!("k-2");
    deployment.answers("POST /v1/keys/k-1/roll", json!({"made": made, "replaced": old}));
    let key = old;
    deployment
        .answers("GET /v1/keys", json!({"keys": [key, narrow, narrower]}))
        .answers("POST /v1/keys", made);
    deployment.answers_with("DELETE /v1/keys/k-2", 204, "");
    let commands = [
        "keys list",
        "keys list --json",
        "keys create --name night-shift --scope operate --store demo",
        "keys create --name night-shift --scope operate --store demo --json",
        "keys create --name night-shift --scope read --expires 2031-01-31",
        "keys create --name night-shift --scope read --expires soon",
        "keys roll k-1",
        "keys roll k-1 --overlap 30m --expires 2031-01-31T08:00:00Z",
        "keys roll k-1 --overlap 0h --json",
        "keys roll k-1 --overlap tomorrow",
        "keys create --name the-agency --scope forward --store demo --shop demo-shop.myshopify.com",
        "keys revoke k-2",
    ];
    insta::assert_snapshot!("keys", shown(&deployment, &commands));
    insta::assert_snapshot!("keys_ask", asked(&deployment));
}

#[test]
fn changes_are_listed_with_who_made_them() {
    let deployment = Deployment::new();
    let entry = |store: Option<&str>, what: &str, outcome: &str, status: Option<u16>| {
        let mut entry = json!({"at": "2026-11-24T08:00:00Z", "key": "0123456789ab", "key_name": "night shift",
            "operation": "pause", "what": what, "outcome": outcome});
        entry.as_object_mut().unwrap().extend(store.map(|store| ("store".to_owned(), json!(store))));
        entry.as_object_mut().unwrap().extend(status.map(|status| ("status".to_owned(), json!(status))));
        entry
    };
    let page = json!({"entries": [
        entry(Some("demo"), "putSettings, yaml; changed: sync.carts", "done", Some(200)),
        entry(None, "createKey, scope admin", "refused", Some(403)),
        entry(Some("demo"), "disconnect, data=erase", "unfinished", None),
    ]});
    deployment.answers("GET /v1/audit", page);
    let commands = ["audit", "audit --store demo --last 7d --limit 3 --json"];
    insta::assert_snapshot!("audit", shown(&deployment, &commands));
    insta::assert_snapshot!("audit_asks", asked(&deployment));
}

#[test]
fn a_new_token_is_given_to_brevo_after_the_wait() {
    let deployment = Deployment::new();
    let begun = |seconds: u64| json!({"state": "begun", "wait_seconds": seconds});
    let done = json!({"state": "done", "old_accepted_until": "2026-11-25T08:00:00Z"});
    let path = "POST /v1/stores/_/brevo-token";
    deployment.answers(path, begun(1)).answers(path, done);
    deployment.answers("POST /v1/stores/demo/brevo-token", begun(90));
    let commands = ["brevo rotate-token", "brevo rotate-token --store demo --no-wait"];
    insta::assert_snapshot!("brevo_token", shown(&deployment, &commands));
    insta::assert_snapshot!("brevo_token_asks", asked(&deployment));
}

#[test]
fn the_app_is_set_and_its_configuration_printed() {
    let deployment = Deployment::new();
    deployment.answers_with("PUT /v1/shopify/app", 204, "");
    deployment
        .answers("POST /v1/shopify/app/purge", json!({"secrets_removed": 2, "stores": ["demo", "second"]}))
        .answers("POST /v1/shopify/app/purge", json!({"secrets_removed": 0, "stores": []}))
        .answers("POST /v1/shopify/app/purge", json!({"secrets_removed": 1, "stores": ["demo"]}));
    deployment
        .answers("GET /v1/shopify/app-config", json!({"toml": "client_id = \"id-1\"\nembedded = false\n"}));
    let commands = [
        "shopify app set --client-id id-1 --client-secret s-1",
        "shopify app set --client-id id-1",
        "shopify app purge",
        "shopify app purge --client-id id-1 --json",
        "shopify app purge --store demo",
        "shopify app purge --store demo --client-id id-1",
        "shopify app-config",
        "shopify app-config --json",
    ];
    insta::assert_snapshot!("shopify", shown(&deployment, &commands));
    insta::assert_snapshot!("shopify_asks", asked(&deployment));
}

#[test]
fn every_kind_of_problem_has_its_exit_code() {
    let deployment = Deployment::new();
    let codes = [
        Code::InvalidRequest,
        Code::Unauthenticated,
        Code::Forbidden,
        Code::NotFound,
        Code::MethodNotAllowed,
        Code::Conflict,
        Code::TooLarge,
        Code::UnsupportedMediaType,
        Code::Refused,
        Code::RateLimited,
        Code::Internal,
        Code::Upstream,
    ];
    let line = "POST /v1/stores/_/pause";
    for code in codes {
        deployment.refuses(line, &problem(code, "it went wrong"));
    }
    let ended = codes.map(|code| {
        let ended = deployment.tajo(&["connectors", "pause", "shopify"]);
        format!("{code:?}: {}exit {}", ended.said, ended.code)
    });
    insta::assert_snapshot!("problems", ended.join("\n"));
}
