//! No secret, address, phone number, name or piece of a body in any line that the stack wrote while the other tests ran.
//!
//! Tests begin in the order of their names, so this one begins last; it waits until the others are done.

use std::time::Duration;

use serde_json::json;
use tajo_stack::local_aws;

use crate::bodies::person;
use crate::shop::Letter;
use crate::stage::{Stage, told_last};

#[test]
fn nothing_that_was_sent_is_in_any_log() {
    told_last(async |stage| {
        one_more_line(stage).await;
        let lines = local_aws::logs(&stage.stack).await.unwrap();
        // Lambda's own lines hold a random id, in which any five digits may stand.
        let is_lambdas =
            |line: &&str| ["START ", "END ", "REPORT "].iter().any(|word| line.starts_with(word));
        let said = lines.iter().map(|line| line.message.as_str());
        let functions: Vec<&str> = said.filter(|line| !is_lambdas(line)).collect();
        let functions = functions.join("\n");
        // It would be no use to look at nothing, or for nothing.
        for (wanted, why) in [
            ("Webhook answered 200: queued", "ingress told of what it took"),
            ("a notice ended", "brevo-sync told of what became of it"),
            (&format!("e2e-{}-front", stage.run), "lines name their store"),
        ] {
            assert!(functions.contains(wanted), "{why}: no `{wanted}` in {} lines", lines.len());
        }
        let (looked_for, mut found) = stage.canaries.found_in(&functions);
        assert!(looked_for > 40, "only {looked_for} canaries");
        for (name, text) in process_logs(stage) {
            found
                .extend(stage.canaries.found_in(&text).1.into_iter().map(|found| format!("{name}: {found}")));
        }
        assert!(found.is_empty(), "{} of {looked_for}:\n{}", found.len(), found.join("\n"));
    });
}

#[test]
fn the_canaries_would_be_found() {
    let canaries = crate::canaries::Canaries::default();
    let jo = person(12_345_670, 0);
    canaries.body(&crate::bodies::bytes(&crate::bodies::about(&jo, "customers-create")));
    canaries.secret("a-client-secret");
    for log in [
        format!("{{\"message\":\"hello {}\"}}", jo.email),
        "panicked at a-client-secret".to_owned(),
        "who is Zenobia12345670?".to_owned(),
    ] {
        assert!(!canaries.found_in(&log).1.is_empty(), "{log}");
    }
    assert!(canaries.found_in("a notice ended").1.is_empty());
}

/// What a function writes after its answer is collected with its next invocation.
async fn one_more_line(stage: &Stage) {
    let _ = local_aws::wait_until_drained(&stage.stack, Duration::from_secs(20)).await;
    let unsigned = Letter { signature: None, ..Letter::new(stage.store("front"), "shop/update", b"{}") };
    stage.post(&unsigned).await;
    local_aws::sweep(&stage.stack).await.unwrap();
    local_aws::invoke(&stage.stack, &stage.stack.functions.brevo_sync, &json!({"Records": []}))
        .await
        .unwrap();
}

/// Logs of MiniStack (which repeats what functions say), the sandbox, SAM and the build.
fn process_logs(stage: &Stage) -> Vec<(String, String)> {
    let files = std::fs::read_dir(&stage.stack.logs_dir).unwrap().map(|file| file.unwrap().path());
    let files = files.filter(|path| path.is_file());
    files
        .map(|path| {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            (path.file_name().unwrap().to_string_lossy().into_owned(), text)
        })
        .collect()
}
