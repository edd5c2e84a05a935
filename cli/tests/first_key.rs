//! `tajo keys bootstrap`, as somebody with AWS credentials runs it against a stack.

#![allow(clippy::unwrap_used)] // helpers of tests are tests too

use std::process::{Command, Output};

use tajo_testkit::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_key_is_made_once_and_shown_once() {
    let world = World::new("").await;
    let front = world.front().await;
    let tajo = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tajo"));
        command.args(["keys", "bootstrap"]).args(more).env("TAJO_TABLE", "state");
        command.env("AWS_ENDPOINT_OVERRIDE", &front.url);
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    };
    let (code, key, said) = tajo(&[]);
    assert_eq!(code, 0, "{said}");
    assert!(key.starts_with("tajo_") && key.lines().count() == 1, "the key alone is the data");
    assert!(said.contains("shown this once") && !said.contains(key.trim()), "{said}");
    let (code, again, said) = tajo(&[]);
    assert_eq!((code, again.as_str()), (6, ""));
    assert!(said.contains("--force"), "{said}");
    let (code, forced, _) = tajo(&["--force", "--name", "found again", "--json"]);
    let forced: serde_json::Value = serde_json::from_str(&forced).unwrap();
    assert_eq!((code, &forced["scope"], &forced["name"]), (0, &"admin".into(), &"found again".into()));
}
