//! `tajo explain` tells the truth: a first delivery through the deployed stack makes exactly the calls it names.

use serde_json::{Value, json};

use crate::bodies::{explained_by, files, raw, topic_of};
use crate::stage::{Stage, told};

#[test]
fn what_explain_says_is_what_brevo_receives() {
    told(async |stage| {
        let mut lies = Vec::new();
        for file in files() {
            let store = stage.store(&explained_by(&file));
            let explained = explain(stage, &file);
            let line = stage.deliver(store, &topic_of(&file), &raw(&file)).await;
            let received: Vec<Value> = stage.calls(store).await.iter().flat_map(as_requests).collect();
            if json!(received) != explained["requests"] {
                lies.push(format!(
                    "{file} ({:?}): received {received:?}, explained {}",
                    line.reason, explained["requests"]
                ));
            }
            // Applied without a call is news that only our own state is about: a sentence says which.
            assert!(received.is_empty() || line.outcome == "applied", "{file}: {:?}", line.reason);
            let is_state_alone = received.is_empty() && line.outcome == "applied";
            for skipped in explained["skipped"].as_array().unwrap().iter().filter(|_| !is_state_alone) {
                let reason = line.reason.as_deref().unwrap_or_default();
                if !reason.contains(skipped["reason"].as_str().unwrap()) {
                    lies.push(format!("{file}: {} `{reason}` lacks {skipped}", line.outcome));
                }
            }
        }
        assert!(lies.is_empty(), "{lies:#?}");
    });
}

fn explain(stage: &Stage, file: &str) -> Value {
    let store = stage.store(&explained_by(file));
    let config = std::env::temp_dir().join(format!("{}.yaml", store.id));
    std::fs::write(&config, &store.settings).unwrap();
    let body = crate::stage::root().join(format!("events/shopify/{file}.json"));
    let mut command = stage.tajo();
    command.args(["explain", "--platform", "shopify", "--topic", &topic_of(file), "--json", "--config"]);
    let output = command.arg(&config).arg("--file").arg(body).output().unwrap();
    std::fs::remove_file(config).unwrap();
    assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A received call in the words of `tajo explain`, which names what is said and not how many calls it leaves in: five
/// events of one order may leave together.
fn as_requests(call: &Value) -> Vec<Value> {
    let request = as_request(call);
    if request["path"] != "/events/batch" {
        return vec![request];
    }
    let events = request["body"]["events"].as_array().unwrap();
    events.iter().map(|event| json!({"method": "POST", "path": "/events", "body": event})).collect()
}

fn as_request(call: &Value) -> Value {
    let path = call["path"].as_str().unwrap();
    let mut request = json!({"method": call["method"], "path": path.strip_prefix("/v3").unwrap_or(path)});
    if call["query"] != "" {
        request["query"] = call["query"].clone();
    }
    if !call["request"].is_null() {
        request["body"] = call["request"].clone();
    }
    request
}
