//! Contact attributes: which exist, of which type, and what happens to values that do not fit.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::account::Account;
use super::body::{self, Answer, Kind, invalid, missing};
use super::identity::Identifier;
use crate::http::{Request, Response};

/// An attribute of the account, as `GET /contacts/attributes` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    /// Upper case.
    pub name: String,
    /// `normal`, `category`, `transactional`, `calculated` or `global`.
    #[serde(default = "normal")]
    pub category: String,
    /// `text`, `date`, `float`, `boolean`, `multiple-choice`, `user` or `id`; none for the other categories.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub value_type: Option<String>,
    /// The options of a `category` attribute.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enumeration: Vec<AttributeOption>,
    /// The options of a `multiple-choice` attribute.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub multi_category_options: Vec<String>,
    /// The formula of a `calculated` or `global` attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calculated_value: Option<String>,
}

/// One option of a `category` attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttributeOption {
    /// The number that contacts store.
    pub value: i64,
    /// What people see.
    pub label: String,
}

/// What a write does to a contact's attributes once everything that does not fit has been dropped.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changes {
    pub(super) set: Map<String, Value>,
    pub(super) clear: Vec<String>,
}

/// The attributes of a new account. The two name attributes follow the account's language.
pub(super) fn defaults(first_name: &str, last_name: &str) -> Vec<Attribute> {
    let attribute = |name: &str, category: &str, value_type: Option<&str>| Attribute {
        name: name.to_owned(),
        category: category.to_owned(),
        value_type: value_type.map(str::to_owned),
        enumeration: Vec::new(),
        multi_category_options: Vec::new(),
        calculated_value: None,
    };
    let mut all: Vec<Attribute> = [last_name, first_name, "EXT_ID", "SMS", "WHATSAPP", "LANDLINE_NUMBER"]
        .map(|name| attribute(name, "normal", Some("text")))
        .into();
    all.push(attribute("OPT_IN", "normal", Some("boolean")));
    let mut double_opt_in = attribute("DOUBLE_OPT-IN", "category", None);
    double_opt_in.enumeration = [(1, "Yes"), (2, "No")]
        .map(|(value, label)| AttributeOption { value, label: label.to_owned() })
        .into();
    all.push(double_opt_in);
    for (name, formula) in
        [("BLACKLISTED", "COUNT[BLACKLISTED,BLACKLISTED,<,NOW()]"), ("READERS", "COUNT[READERS]")]
    {
        let mut global = attribute(name, "global", None);
        global.calculated_value = Some(formula.to_owned());
        all.push(global);
    }
    all
}

/// `GET /contacts/attributes`
pub(super) fn list(account: &Account) -> Answer {
    Ok(Response::with_json(200, &json!({"attributes": account.attributes})))
}

/// `POST /contacts/attributes/{category}/{name}`
pub(super) fn create(account: &mut Account, request: &Request, category: &str, name: &str) -> Answer {
    let body = body::object(request)?;
    body::check_types(
        &body,
        &[
            ("type", Kind::Text),
            ("value", Kind::Text),
            ("multiCategoryOptions", Kind::Texts),
            ("enumeration", Kind::Objects),
        ],
    )?;
    let value_type = body::text(&body, "type");
    let allowed: &[&str] = match category {
        "normal" => &["text", "date", "float", "boolean", "multiple-choice", "user"],
        "transactional" => &["text", "date", "float", "boolean", "id"],
        "category" => &["category"],
        "calculated" | "global" => &[],
        _ => return Err(invalid("Invalid attribute category")),
    };
    match value_type {
        Some(value_type) if !allowed.contains(&value_type) => return Err(invalid("Invalid attribute type")),
        None if ["normal", "transactional"].contains(&category) => return Err(missing("type")),
        _ => {}
    }
    let enumeration: Vec<AttributeOption> = match body.get("enumeration") {
        Some(options) => {
            serde_json::from_value(options.clone()).map_err(|_| invalid("enumeration is not valid"))?
        }
        None if category == "category" => return Err(missing("enumeration")),
        None => Vec::new(),
    };
    let multi_category_options: Vec<String> = match body.get("multiCategoryOptions") {
        Some(options) => {
            serde_json::from_value(options.clone()).map_err(|_| invalid("options are not valid"))?
        }
        None => Vec::new(),
    };
    let labels = enumeration.iter().map(|option| &option.label).chain(&multi_category_options);
    if labels.clone().any(|label| label.chars().count() > 200) {
        return Err(invalid("Options must not exceed 200 characters"));
    }
    let calculated_value = body::text(&body, "value").map(str::to_owned);
    if ["calculated", "global"].contains(&category) && calculated_value.is_none() {
        return Err(missing("value"));
    }
    let name = name.to_uppercase();
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
        return Err(invalid("Attribute name is not valid"));
    }
    if name == "EMAIL" || account.attributes.iter().any(|attribute| attribute.name == name) {
        return Err(invalid("Attribute name must be unique"));
    }
    account.attributes.push(Attribute {
        name,
        category: category.to_owned(),
        value_type: value_type.filter(|value_type| *value_type != "category").map(str::to_owned),
        enumeration,
        multi_category_options,
        calculated_value,
    });
    Ok(Response::empty(201))
}

/// Keeps what fits an existing attribute and silently drops the rest. Identifiers (EMAIL, EXT_ID and the phone
/// numbers) are not looked at here: they can be refused, so the contact write reads them itself.
pub(super) fn changes(known: &[Attribute], given: &Map<String, Value>) -> Changes {
    let mut changes = Changes::default();
    for (name, value) in given {
        let is_identifier = Identifier::ALL.iter().any(|identifier| identifier.attribute() == name);
        let Some(attribute) = known.iter().find(|attribute| attribute.name == *name) else { continue };
        let formula = attribute.category == "calculated" || attribute.category == "global";
        if is_identifier || formula {
            continue;
        }
        if value.as_str() == Some("") {
            changes.clear.push(name.clone());
        } else if fits(attribute, value) {
            changes.set.insert(name.clone(), value.clone());
        }
    }
    changes
}

fn fits(attribute: &Attribute, value: &Value) -> bool {
    if attribute.category == "category" {
        let known = |option: &AttributeOption| {
            value.as_i64() == Some(option.value) || value.as_str() == Some(option.label.as_str())
        };
        return attribute.enumeration.iter().any(known);
    }
    match attribute.value_type.as_deref() {
        Some("float") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("date") => value.as_str().is_some_and(is_day),
        Some("multiple-choice") => value.as_array().is_some_and(|chosen| {
            let known = |option: &Value| attribute.multi_category_options.iter().any(|known| option == known);
            chosen.iter().all(known)
        }),
        _ => value.is_string(),
    }
}

/// `YYYY-MM-DD`, and a day that exists.
fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<Date>().is_ok()
}

fn normal() -> String {
    "normal".to_owned()
}
