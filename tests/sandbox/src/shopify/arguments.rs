//! Variables and arguments of a query, as values.

use apollo_compiler::ast::{self, Field, OperationDefinition};
use serde_json::{Map, Value, json};

use super::execute::error;

/// The variables, with defaults; a missing one that must be there is an error.
pub(super) fn variables(operation: &OperationDefinition, given: &Value) -> Result<Map<String, Value>, Value> {
    let mut variables = Map::new();
    for definition in &operation.variables {
        let name = definition.name.as_str();
        let default = || definition.default_value.as_ref().map(|value| plain(value, &Map::new()));
        let value = given.get(name).cloned().or_else(default).unwrap_or(Value::Null);
        if value.is_null() && definition.ty.is_non_null() {
            let message = format!("Variable ${name} of type {} was provided invalid value", definition.ty);
            return Err(error(&message, "INVALID_VARIABLE"));
        }
        variables.insert(name.to_owned(), value);
    }
    Ok(variables)
}

/// An argument's value, variables filled in. `None`: not given, or null.
pub(super) fn argument(field: &Field, name: &str, variables: &Map<String, Value>) -> Option<Value> {
    let argument = field.arguments.iter().find(|argument| argument.name == name)?;
    Some(plain(&argument.value, variables)).filter(|value| !value.is_null())
}

fn plain(value: &ast::Value, variables: &Map<String, Value>) -> Value {
    match value {
        ast::Value::Null => Value::Null,
        ast::Value::Enum(name) => json!(name.as_str()),
        ast::Value::Variable(name) => variables.get(name.as_str()).cloned().unwrap_or_default(),
        ast::Value::String(text) => json!(text),
        ast::Value::Float(number) => serde_json::from_str(number.as_str()).unwrap_or_default(),
        ast::Value::Int(number) => serde_json::from_str(number.as_str()).unwrap_or_default(),
        ast::Value::Boolean(flag) => json!(flag),
        ast::Value::List(values) => values.iter().map(|value| plain(value, variables)).collect(),
        ast::Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.to_string(), plain(value, variables))).collect()
        }
    }
}
