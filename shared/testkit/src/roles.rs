//! What the roles of `template.yaml` allow in DynamoDB, as IAM would decide it: the statements that name the table or its
//! index, with their `dynamodb:LeadingKeys`. Anything that is written there in another way stops the tests.
//!
//! Each function's front asks here, so a role that is too tight fails every journey that needs more.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

const TEMPLATE: &str = include_str!("../../../template.yaml");

/// What of DynamoDB is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// The table.
    Table,
    /// Its index `due`, whose leading keys are those of the index.
    Due,
}

/// One thing that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `PutItem`, and the like.
    pub action: String,
    /// Of what.
    pub resource: Resource,
    /// Hash keys of the items; `None`: the action has none (a scan).
    pub leading_keys: Option<Vec<String>>,
}

/// A statement that allows something.
#[derive(Clone, Debug)]
struct Statement {
    actions: Vec<String>,
    resource: Resource,
    /// `None`: whatever the keys are.
    leading_keys: Option<Vec<String>>,
}

/// Whether a function's role allows this. `role`: as its policy is named, such as `brevo-sync`.
pub fn allows(role: &str, asked: &Asked) -> bool {
    let statements = policies().get(role).map_or(&[][..], Vec::as_slice);
    statements.iter().any(|statement| statement.allows(asked))
}

/// Names of the roles that may do anything in the table.
pub fn names() -> impl Iterator<Item = &'static str> {
    policies().iter().filter(|(_, statements)| !statements.is_empty()).map(|(name, _)| name.as_str())
}

/// What a request to DynamoDB asks for: one item of a transaction or batch after another.
pub(crate) fn asked(operation: &str, request: &Value) -> Vec<Asked> {
    let one = |action: &str, resource, key: &Value| Asked {
        action: action.to_owned(),
        resource,
        leading_keys: Some(vec![key["S"].as_str().unwrap_or_default().to_owned()]),
    };
    match operation {
        "GetItem" | "UpdateItem" | "DeleteItem" => {
            vec![one(operation, Resource::Table, &request["Key"]["pk"])]
        }
        "PutItem" => vec![one(operation, Resource::Table, &request["Item"]["pk"])],
        "Query" => {
            let values = &request["ExpressionAttributeValues"];
            match request["IndexName"].as_str() {
                Some(_) => vec![one(operation, Resource::Due, &values[":shard"])],
                None => vec![one(operation, Resource::Table, &values[":pk"])],
            }
        }
        "TransactWriteItems" => {
            let items = request["TransactItems"].as_array().into_iter().flatten();
            items
                .flat_map(|item| item.as_object().into_iter().flatten())
                .map(|(kind, item)| match kind.as_str() {
                    "Put" => one("PutItem", Resource::Table, &item["Item"]["pk"]),
                    "Delete" => one("DeleteItem", Resource::Table, &item["Key"]["pk"]),
                    "Update" => one("UpdateItem", Resource::Table, &item["Key"]["pk"]),
                    kind => one(kind, Resource::Table, &item["Key"]["pk"]),
                })
                .collect()
        }
        // A scan has no leading keys; what is not known here is allowed to nobody.
        _ => vec![Asked { action: operation.to_owned(), resource: Resource::Table, leading_keys: None }],
    }
}

impl Statement {
    fn allows(&self, asked: &Asked) -> bool {
        self.resource == asked.resource
            && self.actions.contains(&asked.action)
            && match (&self.leading_keys, &asked.leading_keys) {
                (None, _) => true,
                // `Null: false`: a request without leading keys is refused.
                (Some(_), None) => false,
                (Some(patterns), Some(keys)) => {
                    keys.iter().all(|key| patterns.iter().any(|pattern| is_like(key, pattern)))
                }
            }
    }

    /// `None`: it is about something else than the table.
    fn read(statement: &Value) -> Option<Self> {
        let texts = |value: &Value| match value {
            Value::String(text) => vec![text.clone()],
            Value::Array(values) => {
                values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
            }
            other => panic!("neither a text nor a list of them: {other}"),
        };
        // Under a condition of the template (`!If`): its first branch.
        let statement = statement.as_array().map_or(statement, |branches| &branches[1]);
        let actions = texts(&statement["Action"]);
        let of_table = |action: &String| action.strip_prefix("dynamodb:").map(str::to_owned);
        let actions: Vec<String> = actions.iter().filter_map(of_table).collect();
        if actions.is_empty() {
            return None;
        }
        assert_eq!(statement["Effect"], "Allow", "{statement}");
        assert!(actions.iter().all(|action| !action.contains('*')), "{statement}");
        let resource = match statement["Resource"].as_str() {
            Some("StateTable.Arn") => Resource::Table,
            Some("${StateTable.Arn}/index/due") => Resource::Due,
            _ => panic!("another table, or another way to name ours: {statement}"),
        };
        let condition = &statement["Condition"];
        let patterns = &condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
        let leading_keys = (!condition.is_null()).then(|| {
            // Without it, "for all values" is true of a request that has none.
            assert_eq!(condition["Null"]["dynamodb:LeadingKeys"], "false", "{statement}");
            assert_eq!(condition.as_object().unwrap().len(), 2, "{statement}");
            texts(patterns)
        });
        Some(Self { actions, resource, leading_keys })
    }
}

/// `*` only at the end, as it stands in the template.
fn is_like(key: &str, pattern: &str) -> bool {
    let (start, has_star) = pattern.strip_suffix('*').map_or((pattern, false), |start| (start, true));
    assert!(!start.contains(['*', '?']), "{pattern}");
    if has_star { key.starts_with(start) } else { key == start }
}

fn policies() -> &'static BTreeMap<String, Vec<Statement>> {
    static POLICIES: OnceLock<BTreeMap<String, Vec<Statement>>> = OnceLock::new();
    POLICIES.get_or_init(|| {
        let policies = roles(TEMPLATE).flat_map(|role| {
            let policies = role["Properties"]["Policies"].as_array().cloned().unwrap_or_default();
            policies.into_iter().map(|policy| {
                let statements =
                    policy["PolicyDocument"]["Statement"].as_array().cloned().unwrap_or_default();
                let statements = statements.iter().filter_map(Statement::read).collect();
                (policy["PolicyName"].as_str().unwrap().to_owned(), statements)
            })
        });
        policies.collect()
    })
}

/// The roles of the template, without CloudFormation's tags.
fn roles(template: &str) -> impl Iterator<Item = Value> {
    let is_name = |line: &str| line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':');
    let mut blocks: Vec<String> = Vec::new();
    for line in template.lines() {
        if is_name(line) {
            blocks.push(String::new());
        } else if let Some(block) = blocks.last_mut() {
            let mut line = line.to_owned();
            for tag in ["!Sub ", "!Ref ", "!GetAtt ", "!If", "!Not ", "!Equals "] {
                line = line.replace(tag, "");
            }
            block.push_str(&line);
            block.push('\n');
        }
    }
    blocks
        .into_iter()
        .filter(|block| block.contains("Type: AWS::IAM::Role"))
        .map(|block| serde_saphyr::from_str(&block).expect("a role of the template"))
}
