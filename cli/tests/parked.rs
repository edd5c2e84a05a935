//! `tajo parked`, as somebody runs it against a stack.

#![allow(clippy::unwrap_used)] // helpers of tests are tests too

use std::process::{Command, Output};
use std::sync::Arc;

use jiff::Timestamp;
use tajo_state::{Parked, park};
use tajo_testkit::{Front, STORE, World, notice};

/// A stack with three parked notices.
struct Stack {
    world: Arc<World>,
    front: Front,
}

impl Stack {
    async fn new() -> Self {
        let world = World::new("").await;
        let front = world.front().await;
        let stack = Self { world, front };
        let revoked = "Brevo does not know the API key";
        let hint = "make a new API key in Brevo (SMTP & API → API keys) and connect the store again with it";
        stack.park("d-1", "orders/create", revoked, Some(hint), "2026-11-20T08:00:00Z").await;
        stack.park("d-2", "customers/update", revoked, Some(hint), "2026-11-21T08:00:00Z").await;
        stack.park("d-3", "orders/create", "the body is not JSON", None, "2026-11-22T08:00:00Z").await;
        stack
    }

    async fn park(&self, id: &str, topic: &str, reason: &str, hint: Option<&str>, at: &str) {
        let at: Timestamp = at.parse().unwrap();
        let mut notice = notice(topic, id, br#"{"email":"jo@example.com"}"#);
        notice.received_at = at;
        let parked = Parked {
            id: id.to_owned(),
            store: STORE.to_owned(),
            topic: topic.to_owned(),
            reason: reason.to_owned(),
            hint: hint.map(str::to_owned),
            attempts: 2,
            at,
            parts: 0,
        };
        let table = self.world.table(&self.front).await;
        park(&table, parked, &notice.to_json()).await.unwrap();
    }

    /// Exit code, and what was said on stdout and stderr.
    fn tajo(&self, arguments: &str) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tajo"));
        command.arg("parked").args(arguments.split_whitespace()).args(["--store", STORE, "--table", "state"]);
        command.env("AWS_ENDPOINT_OVERRIDE", &self.front.url);
        command.env("TAJO_LIVE_QUEUE", format!("{}/queue/live", self.front.url));
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_fits_80_columns_and_says_why_and_what_to_do() {
    let stack = Stack::new().await;
    let (code, list, _) = stack.tajo("list");
    insta::assert_snapshot!("parked_list", list);
    assert!(list.lines().all(|line| line.chars().count() <= 80));
    let (_, json, _) = stack.tajo("list --topic orders/create --reason json --json");
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, found.as_array().unwrap().len(), &found[0]["id"]), (0, 1, &"d-3".into()));
    assert_eq!(stack.tajo("list --until 2026-11-01").1, "Nothing like that is parked for demo-shop.\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_names_nobody_unless_the_body_is_asked_for() {
    let stack = Stack::new().await;
    let (_, shown, _) = stack.tajo("show --id d-1");
    insta::assert_snapshot!("parked_shown", shown);
    assert!(!stack.tajo("show --id d-1 --json").1.contains("jo@"));
    let (_, with_body, said) = stack.tajo("show --id d-1 --body");
    assert!(with_body.contains("jo@example.com") && said.contains("personal data"));
    let (code, _, said) = stack.tajo("show --id d-9");
    assert_eq!(
        (code, said.as_str()),
        (2, "error: nothing is parked under `d-9` for demo-shop\nhint: `tajo parked list` names the ids\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_needs_a_selection_and_a_drop_also_a_yes() {
    let stack = Stack::new().await;
    let refused = ["retry", "retry --all --topic orders/create", "drop --since soon", "drop --reason json"];
    let said = refused.map(|asked| {
        let (code, _, said) = stack.tajo(asked);
        format!("tajo parked {asked}\n{said}exit {code}\n")
    });
    insta::assert_snapshot!("parked_refusals", said.join("\n"));
    assert_eq!(stack.tajo("list --json").1.matches("\"id\"").count(), 3, "nothing happened so far");
    assert_eq!(stack.tajo("retry --reason key").1, "2 notices put back on the queue.\n");
    assert_eq!(stack.world.take_messages().len(), 2);
    assert_eq!(stack.tajo("retry --reason key").1, "Nothing like that is parked for demo-shop.\n");
    assert_eq!(stack.tajo("drop --all --yes").1, "1 notice dropped for good.\n");
    assert_eq!(stack.tajo("list").1, "Nothing is parked for demo-shop.\n");
}
