//! A new user's path: the README's console session, typed in as it stands there.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tajo_sandbox::shopify::nodes;

use crate::bodies::{bytes, just_now, raw};
use crate::connect::Store;
use crate::shop::Letter;
use crate::stage::{Stage, root, told};

const SECTION: &str = "\n## Five minutes with `tajo`\n";
/// The store of the session. `scripts/sdk.sh` goes on with it.
const STORE: &str = "your-store";
const BREVO_KEY: &str = "xkeysib-of-your-store";
const CLIENT_ID: &str = "client-of-your-store";
const CLIENT_SECRET: &str = "secret-of-your-store";

/// A command and what it printed.
struct Step {
    command: String,
    printed: String,
}

/// The session, in its order.
fn session(readme: &str) -> Vec<Step> {
    let section = readme.split(SECTION).nth(1).unwrap().split("\n## ").next().unwrap();
    let blocks = section.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let mut steps: Vec<Step> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step { command: command.to_owned(), printed: String::new() }),
            (None, Some(step)) => writeln!(step.printed, "{line}").unwrap(),
            (None, None) => panic!("the session begins with output: {line}"),
        }
    }
    steps
}

/// Times and hashes differ from run to run: every word that is one is the same one.
fn comparable(printed: &str) -> String {
    let is_time = |word: &str| {
        let marks = word.matches([':', '-']).count();
        marks == 2 && word.bytes().all(|c| c.is_ascii_digit() || c == b':' || c == b'-')
    };
    let is_hash = |word: &str| word.len() > 15 && word.bytes().all(|c| c.is_ascii_hexdigit());
    let word = |word: &str| if is_time(word) || is_hash(word) { "…".to_owned() } else { word.to_owned() };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    printed.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_five_minutes_of_the_readme_go_as_they_are_written() {
    told(async |stage| {
        let path = root().join("README.md");
        let readme = std::fs::read_to_string(&path).unwrap();
        let key = open(stage).await;
        let folder = std::env::temp_dir().join(format!("tajo-five-minutes-{}", stage.run));
        std::fs::create_dir_all(&folder).unwrap();
        let mut written = readme.clone();
        let mut wrong = String::new();
        for Step { command, printed } in session(&readme) {
            if command.contains("connectors logs") {
                sign_up(stage).await;
            }
            let found = if command == "cat tajo.yaml" {
                // The reader's part: the file is what the README shows.
                std::fs::write(folder.join("tajo.yaml"), &printed).unwrap();
                continue;
            } else {
                run(stage, &folder, &key, &command)
            };
            if comparable(&found) != comparable(&printed) {
                writeln!(wrong, "$ {command}\n{found}--- the README says\n{printed}").unwrap();
                written =
                    written.replacen(&format!("$ {command}\n{printed}"), &format!("$ {command}\n{found}"), 1);
            }
        }
        std::fs::remove_dir_all(&folder).unwrap();
        if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
            std::fs::write(path, written).unwrap();
            return;
        }
        assert!(wrong.is_empty(), "{wrong}");
    });
}

/// A shop, an app of its own organisation, a Brevo account, and a key that is bound to the store: on this stack are others.
async fn open(stage: &Stage) -> String {
    let account =
        json!({"api_key": BREVO_KEY, "name": STORE, "ecommerce_active": true, "rate_limits": false});
    stage.tell_sandbox("/accounts", &account).await;
    let app = json!({"client_id": CLIENT_ID, "client_secrets": [CLIENT_SECRET], "own_organisation": true});
    // Jo ticked the box for the newsletter.
    let mut customer = nodes::customer(&jo());
    customer["defaultEmailAddress"]["marketingState"] = json!("SUBSCRIBED");
    customer["defaultEmailAddress"]["marketingUpdatedAt"] = json!("2026-11-02T08:00:00Z");
    let shop = json!({"shop": format!("{STORE}.myshopify.com"), "app": app, "customers": [customer]});
    stage.tell_sandbox("/shopify/shops", &shop).await;
    for secret in [BREVO_KEY, CLIENT_SECRET] {
        stage.canaries.secret(secret);
    }
    let mut create = stage.tajo();
    create.args(["keys", "create", "--name", "five minutes", "--scope", "admin", "--store", STORE]);
    let made = create.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

/// Types a command into a shell.
fn run(stage: &Stage, folder: &Path, key: &str, command: &str) -> String {
    let program = stage.tajo().get_program().to_owned();
    let beside = Path::new(&program).parent().unwrap();
    let path = format!("{}:{}", beside.display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{command} 2>&1")]).current_dir(folder).env("PATH", path);
    shell.env("TAJO_URL", &stage.stack.api_url).env("TAJO_API_KEY", key);
    shell.env("SHOPIFY_API_KEY", CLIENT_ID).env("SHOPIFY_API_SECRET", CLIENT_SECRET);
    shell.env("BREVO_API_KEY", BREVO_KEY);
    String::from_utf8(shell.output().unwrap().stdout).unwrap()
}

fn jo() -> Value {
    serde_json::from_slice(&raw("customers-create")).unwrap()
}

/// Jo signs up, and the connector hears of it.
async fn sign_up(stage: &Stage) {
    let store = Store {
        name: STORE.to_owned(),
        id: STORE.to_owned(),
        shop: format!("{STORE}.myshopify.com"),
        client_secret: CLIENT_SECRET.to_owned(),
        account: STORE.to_owned(),
        settings: String::new(),
        set_up_until: None,
    };
    let body = bytes(&just_now(&jo()));
    // Ingress reads its keyring once a minute.
    for _ in 0..140 {
        let letter = Letter::new(&store, "customers/create", &body);
        if stage.post(&letter).await.status == 200 {
            stage.ending(STORE, letter.id()).await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    panic!("the new store is not known after a minute");
}
