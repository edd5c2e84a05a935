//! The command line against the deployed API.

use std::process::{Command, Output};
use std::time::Duration;

use serde_json::{Value, json};

use crate::installed::Shop;
use crate::stage::{Stage, told};

/// How a command ended.
struct Ended {
    code: i32,
    out: String,
    said: String,
}

/// Runs `tajo` with the first key of the stack.
fn tajo(stage: &Stage, arguments: &[&str]) -> Ended {
    ended(stage.tajo().args(arguments))
}

/// Runs `tajo` with another key.
fn tajo_as(stage: &Stage, key: &str, arguments: &[&str]) -> Ended {
    ended(stage.tajo().env("TAJO_API_KEY", key).args(arguments))
}

fn ended(command: &mut Command) -> Ended {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: status.code().unwrap(), out: text(stdout), said: text(stderr) }
}

/// What a command that must succeed answers.
fn json_of(stage: &Stage, key: &str, arguments: &[&str]) -> Value {
    let ended = tajo_as(stage, key, &[arguments, &["--json"]].concat());
    assert_eq!(ended.code, 0, "{arguments:?}: {}", ended.said);
    serde_json::from_str(&ended.out).unwrap()
}

/// Looks until there is something.
async fn until<T>(look: impl Fn() -> Option<T>) -> T {
    for _ in 0..300 {
        if let Some(found) = look() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("nothing came within a minute");
}

/// A key for one store, or for all.
fn key(stage: &Stage, scope: &str, stores: &[&str]) -> String {
    let stores = stores.iter().flat_map(|store| ["--store", store]);
    let arguments: Vec<&str> =
        ["keys", "create", "--name", "e2e", "--scope", scope].into_iter().chain(stores).collect();
    let made = tajo(stage, &arguments);
    assert_eq!(made.code, 0, "{}", made.said);
    stage.canaries.secret(made.out.trim());
    made.out.trim().to_owned()
}

#[test]
fn of_several_stores_reads_list_all_and_writes_refuse() {
    told(async |stage| {
        let [front, other] = ["front", "other"].map(|name| stage.store(name).id.clone());
        let key = key(stage, "operate", &[&front, &other]);
        let status = json_of(stage, &key, &["connectors", "status"]);
        let names: Vec<&str> = status["stores"]
            .as_array()
            .unwrap()
            .iter()
            .map(|store| store["store"].as_str().unwrap())
            .collect();
        assert!(names.len() == 2 && names.contains(&front.as_str()), "{names:?}");
        let logs = json_of(stage, &key, &["connectors", "logs", "shopify", "--limit", "3"]);
        assert_eq!(logs["stores"].as_array().unwrap().len(), 2);
        for write in [
            vec!["connectors", "pause", "shopify"],
            vec!["parked", "retry", "--all"],
            vec!["connectors", "sync", "shopify"],
        ] {
            let refused = tajo_as(stage, &key, &write);
            assert_eq!((refused.code, refused.out.as_str()), (6, ""), "{write:?}");
            assert!(refused.said.contains("hint: name one with --store: "), "{}", refused.said);
            assert!(refused.said.contains(&front) && refused.said.contains(&other), "{}", refused.said);
        }
    });
}

#[test]
fn a_store_is_connected_looked_after_and_let_go_from_the_command_line() {
    told(async |stage| {
        let shop = Shop::open(stage, &format!("e2e-{}-life", stage.run)).await;
        let tajo = |arguments: &[&str]| ended(shop.prepare(stage, &mut stage.tajo()).args(arguments));
        let run = |arguments: &[&str]| {
            let ended = tajo(arguments);
            assert_eq!(ended.code, 0, "{arguments:?}: {}", ended.said);
            ended.out
        };
        let json = |arguments: &[&str]| -> Value {
            serde_json::from_str(&run(&[arguments, &["--json"]].concat())).unwrap()
        };
        run(&["connectors", "install", "shopify", "--shop-url", &shop.address()]);
        assert_eq!(tajo(&["connectors", "test", "shopify"]).code, 0);

        // What comes in a pause is kept, and goes on.
        assert!(run(&["connectors", "pause", "shopify"]).contains("is paused"));
        let delivery = shop.sign_up(stage).await;
        let applied =
            ["connectors", "logs", "shopify", "--type", "webhook", "--last", "24h", "--outcome", "applied"];
        assert_eq!(json(&applied)["lines"], json!([]));
        assert!(run(&["connectors", "logs", "shopify"]).contains("held"));
        assert!(run(&["connectors", "resume", "shopify"]).contains("goes on"));
        let lines = until(|| Some(json(&applied)["lines"].clone()).filter(|lines| *lines != json!([]))).await;
        assert_eq!(lines[0]["delivery"], delivery, "{lines}");

        // Everything of a person.
        assert!(run(&["trace", "jo@example.com"]).contains("jo@example.com"));
        assert_eq!(tajo(&["trace", "nobody@canary.example"]).code, 5);

        // Settings: stored, shown, compared.
        let file = std::env::temp_dir().join(format!("{}.yaml", shop.store));
        let yaml = format!("connectors:\n  shopify:\n    shop_url: {}\n    debug: true\n", shop.address());
        std::fs::write(&file, &yaml).unwrap();
        let name = file.to_str().unwrap();
        assert_eq!(tajo(&["config", "diff", "--file", name]).code, 3);
        assert!(run(&["config", "apply", "--file", name]).contains("applies"));
        assert_eq!(run(&["config", "show"]), yaml);
        run(&["config", "diff", "--file", name]);
        std::fs::write(&file, yaml.replace("debug: true", "debug: perhaps")).unwrap();
        assert_eq!(tajo(&["config", "apply", "--file", name]).code, 2);
        std::fs::remove_file(file).unwrap();

        // Runs are asked for, and say honestly that nobody reads yet.
        let sync =
            "connectors sync shopify --type full --resources customers,orders --since 2023-01-01 --json";
        let asked = tajo(&sync.split(' ').collect::<Vec<_>>());
        assert_eq!(asked.code, 3, "{}", asked.said);
        assert!(asked.said.contains("no runner"), "{}", asked.said);
        let asked: Value = serde_json::from_str(&asked.out).unwrap();
        let id = asked["id"].as_str().unwrap();
        assert!(run(&["connectors", "history", "shopify", "--limit", "10"]).contains(id));
        assert_eq!(json(&["connectors", "history", "shopify", "--run", id])["since"], "2023-01-01");

        // New credentials lose nothing; then it is let go.
        let secret = format!("{}-2", shop.client_secret);
        shop.change_app(stage, &secret).await;
        assert!(run(&["connectors", "edit", "shopify", "--api-secret", &secret]).contains("new credentials"));
        assert!(run(&["connectors", "logs", "shopify"]).contains("customers/create"));
        // The merchant removes the app in the shop: what is broken is said, and what to do.
        stage.tell_sandbox("/shopify/shops", &json!({"shop": shop.address(), "installed": false})).await;
        let ailing = tajo(&["connectors", "test", "shopify"]);
        assert_eq!(ailing.code, 3, "{}", ailing.out);
        assert!(ailing.out.contains("✗ ") && ailing.out.contains("\n  hint: "), "{}", ailing.out);
        let gone = run(&["connectors", "uninstall", "shopify"]);
        assert!(gone.contains("is disconnected") && gone.contains("data is kept"), "{gone}");
        assert_eq!(json(&["connectors", "status", "--store", &shop.store])["state"], "uninstalled");
    });
}

#[test]
fn parked_work_is_shown_retried_and_dropped_from_the_command_line() {
    told(async |stage| {
        let store = stage.store("parking");
        let at = ["--store", store.id.as_str()];
        let run = |arguments: &[&str]| tajo(stage, &[arguments, &at].concat());
        let line = stage.deliver(store, "orders/create", br#"{"id": "parked on purpose"}"#).await;
        assert_eq!(line.outcome, "parked", "{:?}", line.reason);
        let listed = json_of(stage, &stage.stack.api_key, &[&["parked", "list"], at.as_slice()].concat());
        // Named by what was signed: whoever delivers it again under another id makes no second one.
        let id = listed["parked"][0]["id"].as_str().unwrap();
        let list = run(&["parked", "list", "--topic", "orders/create"]);
        assert!(list.code == 0 && list.out.contains(id), "{}", list.out);
        let shown = run(&["parked", "show", "--id", id, "--body"]);
        assert!(shown.code == 0 && shown.out.contains("parked on purpose"), "{}", shown.said);
        assert_eq!(run(&["parked", "retry"]).code, 2);
        assert_eq!(run(&["parked", "retry", "--id", id]).out, "1 notice put back on the queue.\n");
        // It makes no more sense than before.
        until(|| (run(&["parked", "show", "--id", id]).code == 0).then_some(())).await;
        assert_eq!(run(&["parked", "drop", "--id", id]).code, 2, "not without --yes");
        assert_eq!(run(&["parked", "drop", "--id", id, "--yes"]).out, "1 notice dropped for good.\n");
        assert_eq!(run(&["parked", "show", "--id", id]).code, 5);
    });
}

#[test]
fn a_key_does_what_it_may_until_it_is_revoked() {
    told(async |stage| {
        let store = stage.store("parking");
        let made = json_of(
            stage,
            &stage.stack.api_key,
            &["keys", "create", "--name", "short", "--scope", "read", "--store", &store.id],
        );
        let (id, reader) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
        stage.canaries.secret(reader);
        assert_eq!(tajo_as(stage, reader, &["connectors", "status", "shopify"]).code, 0);
        assert_eq!(tajo_as(stage, reader, &["connectors", "pause", "shopify"]).code, 4);
        assert_eq!(tajo_as(stage, reader, &["connectors", "status", "--store", "front"]).code, 4);
        assert_eq!(tajo(stage, &["connectors", "status", "--store", "nobody"]).code, 5);
        // Bound to a store, it connects no other one, by whatever address.
        let bound = key(stage, "admin", &[&store.id]);
        for (address, code) in [("another.myshopify.com", 4), (&format!("{}.example.com", store.id), 2)] {
            let install = ["connectors", "install", "shopify", "--no-wait", "--shop-url", address];
            assert_eq!(tajo_as(stage, &bound, &install).code, code, "{address}");
        }
        let list = tajo(stage, &["keys", "list"]);
        assert!(list.out.contains(id) && !list.out.contains(reader));
        assert_eq!(tajo(stage, &["keys", "revoke", id]).code, 0);
        assert_eq!(tajo_as(stage, reader, &["connectors", "status"]).code, 4);
    });
}

#[test]
fn the_app_of_the_deployment_is_stored_and_its_configuration_printed() {
    told(async |stage| {
        let secret = format!("app-of-all-{}", stage.run);
        stage.canaries.secret(&secret);
        let set = ended(stage.tajo().env("SHOPIFY_API_SECRET", &secret).args([
            "shopify",
            "app",
            "set",
            "--client-id",
            "client-of-all",
        ]));
        assert_eq!(set.code, 0, "{}", set.said);
        assert!(!set.out.contains(&secret) && !set.said.contains(&secret));
        let config = tajo(stage, &["shopify", "app-config"]);
        assert_eq!(config.code, 0, "{}", config.said);
        for wanted in
            ["client-of-all", "embedded = false", "use_legacy_install_flow = true", "customers/redact"]
        {
            assert!(config.out.contains(wanted), "{wanted}: {}", config.out);
        }
        assert!(!config.out.contains(&secret));
    });
}
