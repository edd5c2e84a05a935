//! The way to the deployment: who is asked, with which key, and that no secret is ever shown.

#![allow(clippy::unwrap_used)] // helpers of tests are tests too

mod support;

use serde_json::json;
use support::{Deployment, KEY, problem};
use tajo_api::Code;

const PAUSE: [&str; 3] = ["connectors", "pause", "shopify"];

#[test]
fn the_key_comes_from_the_environment_a_flag_or_stdin() {
    let deployment = Deployment::new();
    let ways: [(&[&str], &str, &str); 4] = [
        (&[], "", KEY),
        (&["--key", "from-a-flag"], "", "from-a-flag"),
        (&["--key", "-"], "from-stdin\n", "from-stdin"),
        (&["--key=-"], "  from-stdin  \nmore", "from-stdin"),
    ];
    for (flags, stdin, key) in ways {
        deployment.tajo_with(&[&PAUSE, flags].concat(), &[], stdin);
        assert_eq!(deployment.asked()[0].authorization, format!("Bearer {key}"));
    }
    let none = deployment.tajo_with(&PAUSE, &[("TAJO_API_KEY", " ")], "");
    assert_eq!((none.code, deployment.asked().len()), (2, 0));
    assert!(none.said.contains("hint: set TAJO_API_KEY"), "{}", none.said);
    let empty = deployment.tajo_with(&[&PAUSE[..], &["--key", "-"]].concat(), &[], "\n");
    assert_eq!((empty.code, empty.said.as_str()), (2, "error: stdin holds no API key of the deployment\n"));
}

#[test]
fn the_key_leaves_this_machine_over_https_alone() {
    let deployment = Deployment::new();
    for url in [
        "http://example.com",
        "http://localhost.example.com/",
        "ftp://localhost",
        "http://10.0.0.1",
        "localhost",
        "",
        "https://",
    ] {
        let ended = deployment.tajo_with(&PAUSE, &[("TAJO_URL", url)], "");
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{url}: {}", ended.said);
        assert!(
            ended.said.starts_with("error: ") && ended.said.contains("\nhint: "),
            "{url}: {}",
            ended.said
        );
    }
    let port = deployment.url.rsplit(':').next().unwrap().to_owned();
    // Also with a path of its own, and a name that no resolver need know.
    deployment.tajo_with(
        &PAUSE,
        &[("TAJO_URL", &format!("http://abc.execute-api.localhost:{port}/stage/"))],
        "",
    );
    assert_eq!(deployment.asked()[0].line, "POST /stage/v1/stores/_/pause");
    assert_eq!(deployment.tajo_with(&PAUSE, &[("TAJO_URL", "http://127.0.0.1:1")], "").code, 1);
}

#[test]
fn a_redirect_is_not_followed_and_a_stranger_is_named() {
    let (deployment, other) = (Deployment::new(), Deployment::new());
    deployment.answers_with("POST /v1/stores/_/pause", 302, &format!("{}/v1/stores/_/pause", other.url));
    let ended = deployment.tajo(&PAUSE);
    assert_eq!((ended.code, other.asked().len()), (1, 0));
    insta::assert_snapshot!(ended.said.replace("127.0.0.1", "the host"));
    deployment.answers_with("POST /v1/stores/_/resume", 200, "<html>");
    let ended = deployment.tajo(&["connectors", "resume", "shopify"]);
    assert!(ended.said.contains("this version cannot read the answer"), "{}", ended.said);
}

#[test]
fn names_in_paths_are_names_and_nothing_else() {
    let deployment = Deployment::new();
    deployment.tajo(&["connectors", "pause", "shopify", "--store", "../keys?x=1#y/é"]);
    assert_eq!(deployment.asked()[0].line, "POST /v1/stores/..%2Fkeys%3Fx=1%23y%2F%C3%A9/pause");
}

#[test]
fn no_secret_is_ever_shown() {
    let deployment = Deployment::new();
    deployment
        .refuses("POST /v1/stores", &problem(Code::Refused, "Shopify does not know this app"))
        .answers("PATCH /v1/stores/_", json!("no status"));
    let secrets = ["shpss_secret-1", "shpat_secret-2", "xkeysib-secret-3", "tajo_secret-4"];
    let environment = [
        ("SHOPIFY_API_KEY", "id-1"),
        ("SHOPIFY_API_SECRET", secrets[0]),
        ("SHOPIFY_ACCESS_TOKEN", secrets[1]),
        ("BREVO_API_KEY", secrets[2]),
        ("TAJO_API_KEY", secrets[3]),
    ];
    let commands: [&[&str]; 6] = [
        &["connectors", "install", "shopify", "--shop-url", "demo.myshopify.com"],
        &["connectors", "edit", "shopify"],
        &["connectors", "install", "shopify", "--help"],
        &["connectors", "install", "shopify"],
        &["connectors", "edit", "shopify", "--nonsense"],
        &["shopify", "app", "set"],
    ];
    for command in commands {
        let ended = deployment.tajo_with(command, &environment, "");
        for secret in secrets {
            assert!(!ended.out.contains(secret) && !ended.said.contains(secret), "{command:?}: {ended:?}");
        }
    }
    let sent = deployment.asked();
    assert_eq!(sent[0].body["api_secret"], secrets[0]);
    assert_eq!(sent[0].body["brevo_api_key"], secrets[2]);
    // Each `-` is a line of stdin.
    let dashes =
        ["connectors", "edit", "shopify", "--api-key", "id-2", "--api-secret", "-", "--brevo-api-key", "-"];
    deployment.tajo_with(&dashes, &[], "secret-5\nsecret-6\n");
    let sent = deployment.asked();
    assert_eq!(
        (&sent[0].body["api_secret"], &sent[0].body["brevo_api_key"]),
        (&json!("secret-5"), &json!("secret-6"))
    );
    let half = deployment.tajo(&["connectors", "edit", "shopify", "--api-key", "id-2"]);
    assert_eq!((half.code, deployment.asked().len()), (2, 0), "{}", half.said);
}

#[test]
fn nothing_is_coloured_and_no_progress_shown_where_nobody_sees_it() {
    let deployment = Deployment::new();
    let tick = json!({"check": "api", "verdict": "ok", "text": "API connection successful"});
    deployment.answers("POST /v1/stores/_/test", json!({"store": "demo", "ok": true, "ticks": [tick]}));
    let ended = deployment.tajo(&["connectors", "test", "shopify"]);
    assert_eq!((ended.out.as_str(), ended.said.as_str()), ("✓ API connection successful\n", ""));
}
