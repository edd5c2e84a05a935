//! Shopify's published bodies and real, anonymised ones go through the deployed stack; `docs/samples.md` says how
//! each ends. `UPDATE=1` writes it anew.
//!
//! The bodies are not part of this repository. Where they are absent the test says `SKIPPED` and passes, unless
//! `REQUIRE_ALL=1`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::Value;
use tajo_state::LogLine;

use crate::stage::{Stage, root, told};

/// Which topic a file is a body of (as in `shared/platforms/tests/samples.rs`).
const TOPICS: [(&str, &str); 16] = [
    ("orders__create", "orders/create"),
    ("orders__updated", "orders/updated"),
    ("made-order-create", "orders/create"),
    ("made-order-updated", "orders/updated"),
    ("real-orders-", "orders/updated"),
    ("rest-order", "orders/create"),
    ("checkouts__create", "checkouts/create"),
    ("checkouts__update", "checkouts/update"),
    ("made-checkout-", "checkouts/update"),
    ("real-checkouts-", "checkouts/update"),
    ("rest-abandoned-checkout", "checkouts/update"),
    ("customers__create", "customers/create"),
    ("customers__update", "customers/update"),
    ("customers__delete", "customers/delete"),
    ("real-customers-", "customers/update"),
    ("rest-customer", "customers/update"),
];

/// What the real bodies were anonymised with, amounts included.
const ANONYMOUS: &str = "example string";

const HEAD: &str = "\
# What becomes of Shopify's sample bodies

Every body of an order, checkout or customer (created, updated, deleted), published by Shopify or taken from real shops and
anonymised, sent as a signed webhook through the deployed stack: one after the other, in this order, to a store connected long ago.
Written by `tests/e2e/samples.rs`; the bodies themselves are not part of this repository.

The anonymised bodies (`real-…`) say \"example string\" where an amount belongs. \"With amounts\" is the outcome of the same
body with only the amounts replaced by 10.00, in a store of its own.

| File | Topic | Outcome | Reason | With amounts |
| --- | --- | --- | --- | --- |
";

#[test]
fn every_sample_ends_as_the_table_says() {
    told(async |stage| {
        let Some(folder) = folder() else { return };
        let samples = samples(&folder);
        assert!(samples.len() > 30, "only {} bodies", samples.len());
        let amended = amended(&samples);
        let (as_they_are, with_amounts) =
            tokio::join!(outcomes(stage, "samples", &samples), outcomes(stage, "amounts", &amended));
        let mut table = HEAD.to_owned();
        let mut applied = BTreeSet::new();
        for ((name, topic, body), (line, amended)) in
            samples.iter().zip(as_they_are.iter().zip(&with_amounts))
        {
            let reason = reason(line);
            assert!(!reason.to_lowercase().contains("unsupported"), "{name}: {reason}");
            if line.outcome == "applied" {
                applied.insert(*topic);
            }
            let amended = if with_amount(body) == *body { String::new() } else { said(amended) };
            writeln!(
                table,
                "| {name} | {topic} | {} | {} | {} |",
                line.outcome,
                cell(&reason),
                cell(&amended)
            )
            .unwrap();
        }
        let topics: BTreeSet<&str> = TOPICS.iter().map(|(_, topic)| *topic).collect();
        assert_eq!(applied, topics, "some topic has no applied sample:\n{table}");

        let path = root().join("docs/samples.md");
        if std::env::var("UPDATE").as_deref() == Ok("1") {
            std::fs::write(&path, &table).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == table,
            "docs/samples.md says something else (UPDATE=1 writes it anew):\n{table}"
        );
    });
}

/// Sends the bodies one after the other; how each ended.
async fn outcomes(stage: &Stage, store: &str, samples: &[(String, &'static str, Value)]) -> Vec<LogLine> {
    let store = stage.store(store);
    let mut lines = Vec::new();
    for (_, topic, body) in samples {
        lines.push(stage.deliver(store, topic, body.to_string().as_bytes()).await);
    }
    lines
}

fn said(line: &LogLine) -> String {
    match reason(line).as_str() {
        "" => line.outcome.clone(),
        reason => format!("{}: {reason}", line.outcome),
    }
}

/// Why it ended so. Where nothing was left out there is nothing to say, except that nothing was new.
fn reason(line: &LogLine) -> String {
    let nothing_new =
        (line.outcome == "unchanged").then_some("nothing new: this, or something newer, was here before");
    line.reason.clone().or(nothing_new.map(str::to_owned)).unwrap_or_default()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Name, topic and body of every file of one of the topics, sorted by name.
fn samples(folder: &PathBuf) -> Vec<(String, &'static str, Value)> {
    let paths = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut samples: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            let (_, topic) = TOPICS.iter().find(|(prefix, _)| name.starts_with(prefix))?;
            let text = std::fs::read_to_string(&path).unwrap();
            Some((name, *topic, serde_json::from_str(&text).unwrap()))
        })
        .collect();
    samples.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    samples
}

fn amended(samples: &[(String, &'static str, Value)]) -> Vec<(String, &'static str, Value)> {
    samples.iter().map(|(name, topic, body)| (name.clone(), *topic, with_amount(body))).collect()
}

/// The same body with an amount wherever one was blanked.
fn with_amount(body: &Value) -> Value {
    let is_amount = |key: &str| {
        let begins = ["total_", "subtotal", "current_total", "current_subtotal"];
        key == "amount" || key.contains("price") || begins.iter().any(|begin| key.starts_with(begin))
    };
    match body {
        Value::Array(values) => values.iter().map(with_amount).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| match value.as_str() {
                Some(ANONYMOUS) if is_amount(key) => (key.clone(), Value::from("10.00")),
                _ => (key.clone(), with_amount(value)),
            });
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

/// The reference data, or `None` after saying so.
fn folder() -> Option<PathBuf> {
    let folder = root().join("../shared/reference/samples/shopify");
    if folder.is_dir() {
        return Some(folder);
    }
    let line =
        "SKIPPED Shopify's sample bodies through the deployed stack: no folder reference/samples/shopify";
    eprintln!("{line}");
    if let Some(file) = std::env::var_os("TAJO_SKIP_FILE") {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
        writeln!(file, "{line}").unwrap();
    }
    assert!(std::env::var("REQUIRE_ALL").as_deref() != Ok("1"), "{line}");
    None
}
