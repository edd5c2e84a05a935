//! Carries out a query on what a shop knows.

use apollo_compiler::ast::{self, Definition, Field, OperationDefinition, OperationType, Selection};
use serde_json::{Map, Value, json};

use super::arguments::argument;
use super::points::is_connection;
use super::roots;
use super::shop::Shop;

/// Ids that one `nodes` takes, and the largest page (shopify.dev, "API limits").
const MOST: usize = 250;

/// Root fields that name one thing: field, type.
const ROOTS: &[(&str, &str)] = &[
    ("customer", "Customer"),
    ("order", "Order"),
    ("product", "Product"),
    ("collection", "Collection"),
    ("inventoryItem", "InventoryItem"),
];

/// Which scope a type asks for (`specs/shopify/required-scopes-2026-10.json`).
const SCOPES: &[(&str, &str)] = &[
    ("Customer", "read_customers"),
    ("Order", "read_orders"),
    ("Product", "read_products"),
    ("Collection", "read_products"),
    ("InventoryItem", "read_inventory"),
];

/// Fields that lead to another type's data.
const LEADS_TO: &[(&str, &str, &str)] =
    &[("Order", "customer", "Customer"), ("Customer", "lastOrder", "Order")];

/// A parsed document.
pub(super) struct Document(ast::Document);

/// What a query may become.
#[derive(Default)]
pub(super) struct Done {
    pub(super) data: Map<String, Value>,
    pub(super) errors: Vec<Value>,
    /// Points for what was really answered.
    pub(super) cost: u32,
}

impl Document {
    /// Reads a document with one query in it.
    pub(super) fn parse(text: &str) -> Result<Self, Value> {
        let document = ast::Document::parse(text, "query.graphql")
            .map_err(|with| error(&with.errors.to_string(), "GRAPHQL_PARSE_FAILED"))?;
        document
            .validate_standalone_executable()
            .map_err(|errors| error(&errors.to_string(), "GRAPHQL_VALIDATION_FAILED"))?;
        Ok(Self(document))
    }

    /// The operation to carry out, by its name where there are several.
    pub(super) fn operation(&self, name: Option<&str>) -> Result<&OperationDefinition, Value> {
        let mut all = self.0.definitions.iter().filter_map(|definition| match definition {
            Definition::OperationDefinition(operation) => Some(operation),
            _ => None,
        });
        let found = match name {
            Some(name) => all.find(|operation| operation.name.as_ref().is_some_and(|known| known == name)),
            None => all.next(),
        };
        let operation = found.ok_or_else(|| error("No operation to execute", "MISSING_OPERATION"))?;
        if operation.operation_type == OperationType::Subscription {
            return Err(error("The sandbox plays no subscriptions", "NOT_PLAYED"));
        }
        Ok(operation)
    }

    pub(super) fn fragment(&self, name: &str) -> Option<&[Selection]> {
        self.0.definitions.iter().find_map(|definition| match definition {
            Definition::FragmentDefinition(fragment) if fragment.name == name => {
                Some(fragment.selection_set.as_slice())
            }
            _ => None,
        })
    }
}

/// One query on one shop.
pub(super) struct Execution<'a> {
    pub(super) shop: &'a Shop,
    pub(super) document: &'a Document,
    pub(super) variables: &'a Map<String, Value>,
    pub(super) done: Done,
}

impl Execution<'_> {
    /// Root fields: strict, an unknown one refuses the whole query.
    pub(super) fn run(mut self, operation: &OperationDefinition) -> Result<Done, Value> {
        for selection in &operation.selection_set {
            let Selection::Field(field) = selection else {
                return Err(error("The sandbox plays no fragments on QueryRoot", "NOT_PLAYED"));
            };
            let value = self.root(field)?;
            self.done.data.insert(key(field), value);
        }
        Ok(self.done)
    }

    /// What is asked of the payloads of mutations that were carried out.
    pub(super) fn of_payloads(mut self, payloads: &[(&Field, Value)]) -> Done {
        for (field, payload) in payloads {
            let value = match payload {
                Value::Object(_) => self.object(payload, &field.selection_set),
                _ => Value::Null,
            };
            self.done.data.insert(key(field), value);
        }
        self.done
    }

    fn root(&mut self, field: &Field) -> Result<Value, Value> {
        let name = field.name.as_str();
        if name == "nodes" {
            let ids = argument(field, "ids", self.variables).unwrap_or_default();
            let ids = ids.as_array().cloned().unwrap_or_default();
            if ids.len() > MOST {
                let message = format!(
                    "The input array size of {} is greater than the maximum allowed of {MOST}.",
                    ids.len()
                );
                return Err(error(&message, "MAX_INPUT_SIZE_EXCEEDED"));
            }
            let id = |id: &Value| id.as_str().unwrap_or_default().to_owned();
            return ids.iter().map(|wanted| self.node(field, &id(wanted), None)).collect();
        }
        if let Some(object) = roots::object(self.shop, name) {
            return Ok(self.object(&object, &field.selection_set));
        }
        if let Some(kind) = roots::list(name) {
            if self.denied(kind, field) {
                return Ok(Value::Null);
            }
            return Ok(self.connection(&self.shop.all_of(kind), field));
        }
        let kind = ROOTS.iter().find(|(root, _)| *root == name).map(|(_, kind)| *kind);
        if kind.is_none() && name != "node" {
            return Err(json!({
                "message": format!("Field '{name}' doesn't exist on type 'QueryRoot'"),
                "path": ["query", name],
                "extensions": { "code": "undefinedField", "typeName": "QueryRoot", "fieldName": name },
            }));
        }
        let id = argument(field, "id", self.variables).unwrap_or_default();
        self.node(field, id.as_str().unwrap_or_default(), kind)
    }

    fn node(&mut self, field: &Field, id: &str, kind: Option<&str>) -> Result<Value, Value> {
        let Some(found) = kind_of(id).filter(|found| kind.is_none_or(|kind| kind == *found)) else {
            return Err(error("Invalid global id", "INVALID_GLOBAL_ID"));
        };
        if self.denied(found, field) {
            return Ok(Value::Null);
        }
        let object = self.shop.object(id).cloned();
        Ok(object.map_or(Value::Null, |object| self.object(&object, &field.selection_set)))
    }

    /// Notes that the token may not read this type, and answers whether it is so.
    fn denied(&mut self, kind: &str, field: &Field) -> bool {
        let scope = SCOPES.iter().find(|(known, _)| *known == kind).map(|(_, scope)| *scope);
        let Some(scope) = scope.filter(|scope| !self.shop.may(scope)) else { return false };
        let required = format!("`{scope}` access scope.");
        self.done.errors.push(json!({
            "message": format!("Access denied for {} field. Required access: {required}", field.name),
            "extensions": { "code": "ACCESS_DENIED", "requiredAccess": required,
                "documentation": "https://shopify.dev/api/usage/access-scopes" },
            "path": [key(field)],
        }));
        true
    }

    fn object(&mut self, object: &Value, selections: &[Selection]) -> Value {
        self.done.cost += 1;
        let mut answer = Map::new();
        self.select(object, selections, &mut answer);
        Value::Object(answer)
    }

    fn select(&mut self, object: &Value, selections: &[Selection], answer: &mut Map<String, Value>) {
        let kind = object["id"].as_str().and_then(kind_of);
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    let value = self.field(kind, object, field);
                    answer.insert(key(field), value);
                }
                Selection::InlineFragment(inline) => {
                    let wanted = inline.type_condition.as_ref().map(|name| name.as_str());
                    if wanted.is_none() || kind.is_none() || wanted == kind {
                        self.select(object, &inline.selection_set, answer);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let document = self.document;
                    if let Some(inner) = document.fragment(&spread.fragment_name) {
                        self.select(object, inner, answer);
                    }
                }
            }
        }
    }

    fn field(&mut self, kind: Option<&str>, object: &Value, field: &Field) -> Value {
        let name = field.name.as_str();
        if name == "__typename" {
            return json!(kind);
        }
        let leads_to = LEADS_TO.iter().find(|(from, through, _)| Some(*from) == kind && *through == name);
        if leads_to.is_some_and(|(_, _, to)| self.denied(to, field)) {
            return Value::Null;
        }
        let value = &object[name];
        match value {
            _ if field.selection_set.is_empty() => value.clone(),
            Value::Array(all) if is_connection(field) => self.connection(all, field),
            Value::Array(all) => {
                let first = self.number(field, "first").unwrap_or(all.len());
                all.iter().take(first).map(|object| self.object(object, &field.selection_set)).collect()
            }
            Value::Object(_) => self.object(value, &field.selection_set),
            _ => Value::Null,
        }
    }

    /// A plain list as a connection, in the list's own order unless it is to be by id; of metafields, those whose keys
    /// are named. Cursors are positions.
    fn connection(&mut self, all: &[Value], field: &Field) -> Value {
        let mut all: Vec<&Value> = all.iter().collect();
        if let Some(Value::Array(keys)) = argument(field, "keys", self.variables) {
            let part = |field: &Value, name: &str| field[name].as_str().unwrap_or_default().to_owned();
            let name = |field: &Value| json!(format!("{}.{}", part(field, "namespace"), part(field, "key")));
            all.retain(|field| keys.contains(&name(field)));
        }
        if argument(field, "sortKey", self.variables) == Some(json!("ID")) {
            all.sort_by_key(|object| object["id"].as_str().and_then(number_in));
        }
        if argument(field, "reverse", self.variables) == Some(json!(true)) {
            all.reverse();
        }
        let after = argument(field, "after", self.variables);
        let after = after.and_then(|cursor| cursor.as_str()?.parse::<usize>().ok());
        let from = after.map_or(0, |position| position + 1).min(all.len());
        let first = self.number(field, "first").unwrap_or(MOST).min(MOST);
        let to = (from + first).min(all.len());
        let page = &all[from..to];
        let mut answer = Map::new();
        for selection in &field.selection_set {
            let Selection::Field(part) = selection else { continue };
            let value = match part.name.as_str() {
                "nodes" => page.iter().map(|object| self.object(object, &part.selection_set)).collect(),
                "edges" => self.edges(page, from, part),
                "pageInfo" => json!({
                    "hasNextPage": to < all.len(),
                    "hasPreviousPage": from > 0,
                    "startCursor": (from < to).then(|| from.to_string()),
                    "endCursor": (from < to).then(|| (to - 1).to_string()),
                }),
                _ => Value::Null,
            };
            answer.insert(key(part), value);
        }
        Value::Object(answer)
    }

    fn edges(&mut self, page: &[&Value], from: usize, part: &Field) -> Value {
        let mut edges = Vec::new();
        for (position, object) in (from..).zip(page) {
            let mut edge = Map::new();
            for selection in &part.selection_set {
                let Selection::Field(field) = selection else { continue };
                let value = match field.name.as_str() {
                    "node" => self.object(object, &field.selection_set),
                    "cursor" => json!(position.to_string()),
                    _ => Value::Null,
                };
                edge.insert(key(field), value);
            }
            edges.push(Value::Object(edge));
        }
        Value::Array(edges)
    }

    fn number(&self, field: &Field, name: &str) -> Option<usize> {
        argument(field, name, self.variables)?.as_u64().and_then(|n| usize::try_from(n).ok())
    }
}

/// Under which name the answer carries it.
fn key(field: &Field) -> String {
    field.alias.as_ref().unwrap_or(&field.name).to_string()
}

/// `Customer` of `gid://shopify/Customer/1`.
fn kind_of(id: &str) -> Option<&str> {
    let (kind, number) = id.strip_prefix("gid://shopify/")?.split_once('/')?;
    (!kind.is_empty() && !number.is_empty()).then_some(kind)
}

/// `1` of `gid://shopify/Customer/1`.
fn number_in(id: &str) -> Option<u64> {
    id.rsplit('/').next()?.parse().ok()
}

pub(super) fn error(message: &str, code: &str) -> Value {
    json!({ "message": message, "extensions": { "code": code } })
}
