//! From a method and a path to an operation. A table, and pure.

use percent_encoding::percent_decode_str;
use tajo_api::{OPERATIONS, Operation};

/// What there is for a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// This.
    Operation {
        /// Which.
        operation: &'static Operation,
        /// What stands in the places of `{…}`, in their order.
        parts: Vec<String>,
    },
    /// Somebody asks which methods the path knows: these.
    Methods(String),
    /// The path knows only these.
    WrongMethod(String),
    /// No such path.
    Nothing,
}

/// Finds the operation. A part of a path is taken apart once, after the path was: an encoded slash is no slash, and whatever
/// else it may be, the names of things are made of few characters.
pub(super) fn find(method: &str, path: &str) -> Found {
    let segments: Vec<&str> = path.split('/').collect();
    let here: Vec<(&Operation, Vec<String>)> = OPERATIONS
        .iter()
        .filter_map(|operation| Some((operation, parts(operation.path, &segments)?)))
        .collect();
    let asked = if method == "HEAD" { "GET" } else { method };
    if let Some((operation, parts)) = here.iter().find(|(operation, _)| operation.method == asked) {
        return Found::Operation { operation, parts: parts.clone() };
    }
    if here.is_empty() {
        return Found::Nothing;
    }
    let mut methods: Vec<&str> = here.iter().map(|(operation, _)| operation.method).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    let methods = methods.join(", ");
    if method == "OPTIONS" { Found::Methods(methods) } else { Found::WrongMethod(methods) }
}

/// What stands in the places of `{…}`, if the path is of this kind.
fn parts(template: &str, segments: &[&str]) -> Option<Vec<String>> {
    let wanted: Vec<&str> = template.split('/').collect();
    if wanted.len() != segments.len() {
        return None;
    }
    let mut parts = Vec::new();
    for (wanted, segment) in wanted.iter().zip(segments) {
        if wanted.starts_with('{') {
            let part = percent_decode_str(segment).decode_utf8().ok().filter(|part| is_name(part))?;
            parts.push(part.into_owned());
        } else if wanted != segment {
            return None;
        }
    }
    Some(parts)
}

/// Whether something could be called like this. Nothing else gets any further.
pub(super) fn is_name(text: &str) -> bool {
    let fit = |c: char| c.is_ascii_alphanumeric() || "-_:.".contains(c);
    (1..=100).contains(&text.len()) && text.chars().all(fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(method: &str, path: &str) -> Option<(&'static str, Vec<String>)> {
        match find(method, path) {
            Found::Operation { operation, parts } => Some((operation.id, parts)),
            _ => None,
        }
    }

    #[test]
    fn every_operation_of_the_table_is_found_at_its_path_and_only_there() {
        for operation in OPERATIONS {
            let path = operation
                .path
                .replace("{store}", "a")
                .replace("{run}", "r")
                .replace("{id}", "p")
                .replace("{key}", "k");
            assert_eq!(id(operation.method, &path).unwrap().0, operation.id);
            assert_eq!(find(operation.method, &format!("{path}/")), Found::Nothing, "{path}/");
            assert_eq!(find(operation.method, &path.to_uppercase()), Found::Nothing);
            assert!(matches!(find("TRACE", &path), Found::WrongMethod(_)), "{path}");
            assert!(matches!(find("OPTIONS", &path), Found::Methods(_)), "{path}");
        }
    }

    #[test]
    fn tricks_with_paths_lead_nowhere() {
        for path in [
            "",
            "/",
            "/v1",
            "v1/stores",
            "//v1/stores",
            "/v1//stores",
            "/v1/stores/",
            "/v1/stores/../keys",
            "/v1/stores/a/../../keys",
            "/v1/stores/%2e%2e/keys",
            "/v1/stores/a%2Fsyncs",
            "/v1/stores/a%252Fsyncs",
            "/v1/stores/a%00",
            "/v1/stores/a\0",
            "/v1/stores/%",
            "/v1/stores/%ff",
            "/v1/stores/a;b",
            "/v1/stores/a b",
            "/v1/stores/%23",
            "/V1/stores",
            "/v2/stores",
            "/v1/stores/ä",
        ] {
            assert_eq!(id("GET", path), None, "{path:?}");
        }
        let long = format!("/v1/stores/{}", "a".repeat(101));
        assert_eq!(id("GET", &long), None);
        assert_eq!(
            id("GET", "/v1/stores/a/parked/d%3A1"),
            Some(("showParked", vec!["a".to_owned(), "d:1".to_owned()]))
        );
        assert_eq!(id("HEAD", "/v1/stores/_").unwrap().0, "status");
    }
}
