//! What the connector wrote can be read back with Brevo's own client (`brevo-python`), whose models are Brevo's.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tajo_testkit::BREVO_KEY;

use crate::bodies::{LISTS, sample};
use crate::consent::JO;
use crate::stage::Stage;

/// `scripts/tools.sh brevo` makes it, where Python packages can be had.
fn python() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let python = root.join(".tools/brevo/bin/python");
    root.join(".tools/brevo/requirements.txt").exists().then_some(python)
}

fn skip() {
    let line = "SKIPPED brevos_own_client_reads_contacts_and_events_back: its Python package is not installed (scripts/tools.sh brevo)";
    if let Some(file) = std::env::var_os("TAJO_SKIP_FILE") {
        let mut file = std::fs::File::options().append(true).create(true).open(file).unwrap();
        writeln!(file, "{line}").unwrap();
    }
    assert_ne!(std::env::var("REQUIRE_ALL").as_deref(), Ok("1"), "REQUIRE_ALL=1 and a check was skipped");
}

async fn read_back(python: &Path, base_url: &str) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/read_back.py");
    let mut command = tokio::process::Command::new(python);
    command.arg("-I").arg(script).args([base_url, BREVO_KEY, JO]).kill_on_drop(true);
    let ended = command.output().await.unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    serde_json::from_slice(&ended.stdout).unwrap()
}

#[tokio::test]
async fn brevos_own_client_reads_contacts_and_events_back() {
    let Some(python) = python() else { return skip() };
    let stage = Stage::new(LISTS).await;
    stage.tell("customers/create", &sample("customers-create")).await;
    stage.tell("orders/create", &sample("orders-create.paid")).await;
    let running = stage.world.sandbox.spawn().await;
    let read = read_back(&python, &format!("{}/v3", running.url)).await;

    let known = stage.contact(JO);
    let contact = &read["contact"];
    assert_eq!(contact["email"], JO);
    assert_eq!(contact["email_blacklisted"], known["emailBlacklisted"]);
    assert_eq!(contact["sms_blacklisted"], known["smsBlacklisted"]);
    assert_eq!(contact["list_ids"], known["listIds"]);
    assert_eq!(contact["attributes"]["FIRSTNAME"], "Jo");
    for (name, value) in known["attributes"].as_object().unwrap() {
        assert_eq!(&contact["attributes"][name], value, "{name}");
    }
    let everybody: Vec<&Value> = read["listed"].as_array().unwrap().iter().collect();
    assert!(everybody.contains(&&json!(JO)) && read["count"] == everybody.len());

    let events = stage.world.sandbox.state().events;
    let mut names: Vec<&str> = events.iter().map(|event| event.event_name.as_str()).collect();
    let mut found: Vec<&str> =
        read["events"].as_array().unwrap().iter().map(|event| event["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, names);
    assert_eq!(read["events_count"], names.len());
    let dates: Vec<jiff::Timestamp> = read["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["at"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(dates.is_sorted_by(|one, next| one >= next), "the latest first");

    let placed = events.iter().find(|event| event.event_name == "order_placed").unwrap();
    let placed_read = read["placed"].as_array().unwrap();
    assert_eq!(placed_read.len(), 2, "order_placed and order_paid");
    assert!(placed_read.contains(&placed.event_properties), "every property as it was sent");
}
