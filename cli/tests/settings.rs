//! `tajo config` and `tajo mapping`, as a merchant runs them.

#![allow(clippy::unwrap_used)] // helpers of tests are tests too

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/tajo.example.yaml");

fn tajo(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tajo")).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A document in a file of its own.
fn document(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_good_document_exits_with_0_and_its_warnings() {
    assert_eq!(tajo(&["config", "validate", "--file", EXAMPLE]).status.code(), Some(0));
    let old = document("old.yaml", "connectors: {shopify: {api_version: \"2024-01\"}}\n");
    let output = tajo(&["config", "validate", "--file", old.to_str().unwrap(), "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((output.status.code(), &answer["valid"]), (Some(0), &true.into()));
    assert_eq!(answer["warnings"].as_array().unwrap().len(), 1);
}

#[test]
fn a_mistake_exits_with_2_and_names_file_line_column_key_and_suggestion() {
    let wrong = document("wrong.yaml", "connectors:\n  shopify:\n    lists:\n      buyer: 6\n");
    let file = wrong.to_str().unwrap();
    let output = tajo(&["config", "validate", "--file", file, "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    let wanted = format!(
        "error: {file}:4:7: `connectors.shopify.lists.buyer` is no key that is known here; did you mean `buyers`?\n\
         hint: known here: all_customers, buyers, abandoned_cart, folder\n"
    );
    assert_eq!(said, wanted);
    let error = &serde_json::from_str::<serde_json::Value>(&stdout(&output)).unwrap()["error"];
    assert_eq!((&error["line"], &error["column"]), (&4.into(), &7.into()));
    assert_eq!(
        (&error["key"], &error["suggestion"]),
        (&"connectors.shopify.lists.buyer".into(), &"buyers".into())
    );
    // Every command that reads settings says it so.
    let mapping = tajo(&["mapping", "--config", file]);
    assert_eq!((mapping.status.code(), String::from_utf8(mapping.stderr).unwrap()), (Some(2), wanted));
}

#[test]
fn stores_of_one_account_whose_totals_would_overwrite_each_other_are_refused_together() {
    let shop = |name: &str, mapping: &str| {
        document(
            &format!("{name}.yaml"),
            &format!("connectors: {{shopify: {{shop_url: {name}.myshopify.com}}}}\n{mapping}"),
        )
    };
    let (first, second) = (shop("first", ""), shop("second", ""));
    let own = shop("own", "field_mapping: {email: EMAIL, total_spent: TOTAL_SPENT_OWN}");
    let validate = |files: &[&PathBuf], more: &[&str]| {
        let files = files.iter().flat_map(|file| ["--file", file.to_str().unwrap()]);
        tajo(&["config", "validate"].into_iter().chain(files).chain(more.iter().copied()).collect::<Vec<_>>())
    };
    assert_eq!(validate(&[&first, &own], &[]).status.code(), Some(0));
    let output = validate(&[&first, &own, &second], &[]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap().replace(env!("CARGO_TARGET_TMPDIR"), "…");
    insta::assert_snapshot!("shared_totals", said);
    let answer = stdout(&validate(&[&first, &second], &["--json"]));
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((&answer[0]["valid"], &answer[1]["valid"]), (&true.into(), &false.into()));
    assert_eq!(answer[1]["shared_totals"][1]["instead"], "TOTAL_SPENT_SECOND");
}

#[test]
fn the_schema_is_printed_as_it_is_shipped() {
    let shipped = std::fs::read_to_string(Path::new(EXAMPLE).with_file_name("tajo.schema.json")).unwrap();
    assert!(stdout(&tajo(&["config", "schema"])) == shipped);
}

#[test]
fn the_mapping_is_a_table_of_attributes_kinds_sources_and_examples() {
    insta::assert_snapshot!("default_mapping", stdout(&tajo(&["mapping"])));
    insta::assert_snapshot!("own_mapping", stdout(&tajo(&["mapping", "--config", EXAMPLE])));
    let rows: serde_json::Value =
        serde_json::from_str(&stdout(&tajo(&["mapping", "--config", EXAMPLE, "--json"]))).unwrap();
    assert_eq!(rows[0]["attribute"], "EMAIL");
}
