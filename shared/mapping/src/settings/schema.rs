//! The JSON Schema of the settings document.

use serde_json::Value;

use super::document::Document;

/// The schema that editors complete and check `tajo.yaml` by, as it is shipped in `docs/tajo.schema.json`
/// (JSON Schema 2020-12). What it cannot say, such as two fields that fill one attribute, reading checks.
pub fn settings_schema() -> Value {
    schemars::schema_for!(Document).to_value()
}
