//! Brevo's own OpenAPI document, which lies beside the project: tests hold requests and answers against it.

use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

const FILE: &str = "../../../shared/reference/specs/brevo/brevo-v3-mock.openapi.json";

/// The document; `None`: it is not beside the project.
///
/// # Panics
/// If it is there and not JSON.
#[expect(clippy::expect_used, reason = "for tests: a broken document leaves nothing to test")]
pub fn spec() -> Option<&'static Value> {
    static SPEC: OnceLock<Option<Value>> = OnceLock::new();
    let read = || {
        let text = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE)).ok()?;
        Some(serde_json::from_slice(&text).expect("the OpenAPI document is JSON"))
    };
    SPEC.get_or_init(read).as_ref()
}

/// The operation whose path fits with the fewest placeholders, and that path.
pub fn operation<'a>(spec: &'a Value, path: &str, method: &str) -> Option<(&'a str, &'a Value)> {
    let fits = |template: &str| {
        let (wanted, given): (Vec<&str>, Vec<&str>) =
            (template.split('/').collect(), path.split('/').collect());
        let same = |(wanted, given): (&&str, &&str)| wanted.starts_with('{') || wanted == given;
        wanted.len() == given.len() && wanted.iter().zip(&given).all(same)
    };
    let templates = spec["paths"].as_object()?.iter().filter(|(template, _)| fits(template));
    let (template, found) = templates.min_by_key(|(template, _)| template.matches('{').count())?;
    Some((template, found.get(method.to_lowercase())?))
}
