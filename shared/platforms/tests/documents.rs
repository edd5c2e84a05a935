//! Every query is valid in the version it is written for.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // helpers of tests are tests too

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use flate2::read::GzDecoder;
use tajo_platforms::shopify::api::{DOCUMENTS, VERSION};

#[test]
fn every_query_is_valid_in_its_version_of_shopifys_schema() {
    let Some(text) = schema() else { return };
    // Shopify's own schema breaks a rule or two of the specification: that is not what is checked here.
    let schema = match Schema::parse_and_validate(text, "schema.graphql") {
        Ok(schema) => schema,
        Err(with_errors) => Valid::assume_valid(with_errors.partial),
    };
    for (name, document) in DOCUMENTS {
        let checked = ExecutableDocument::parse_and_validate(&schema, *document, format!("{name}.graphql"));
        assert!(checked.is_ok(), "{}", checked.unwrap_err().errors);
    }
    let wrong = "query($id: ID!) { customer(id: $id) { id favouriteColour } }";
    assert!(
        ExecutableDocument::parse_and_validate(&schema, wrong, "wrong.graphql").is_err(),
        "the check checks"
    );
}

#[test]
fn every_document_is_in_the_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/shopify/queries");
    let mut files: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".graphql").map(str::to_owned))
        .collect();
    files.sort_unstable();
    let mut listed: Vec<&str> = DOCUMENTS.iter().map(|(name, _)| *name).collect();
    listed.sort_unstable();
    assert_eq!(files, listed);
}

/// Shopify's schema, or `None` after saying that it is not there.
fn schema() -> Option<String> {
    let name = format!("admin-{VERSION}.graphql.gz");
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/specs/shopify").join(&name);
    if let Ok(packed) = fs::read(path) {
        let mut text = String::new();
        GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
        return Some(text);
    }
    let line = format!("SKIPPED the check of our queries: no file reference/specs/shopify/{name}");
    eprintln!("{line}");
    if let Some(file) = std::env::var_os("TAJO_SKIP_FILE") {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
        writeln!(file, "{line}").unwrap();
    }
    assert!(std::env::var("REQUIRE_ALL").as_deref() != Ok("1"), "{line}");
    None
}
