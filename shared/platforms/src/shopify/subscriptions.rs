//! The webhooks that a store needs in its shop, and what is to be done with those that are there. Pure.

use serde_json::{Value, json};

use super::api::VERSION;
use super::oauth::{Wants, lacking};

/// A topic, the right it needs, and when it is wanted. (`specs/shopify/webhook-topics-2026-07`.) Not here: topics that tell
/// nothing which another one of these does not tell (`orders/paid`, `orders/fulfilled`, …: `orders/updated` carries the whole
/// order), and the compliance topics, which only the app's own configuration can subscribe to.
type Row = (&'static str, Option<&'static str>, fn(&Wants) -> bool);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("customers/create",                             Some("read_customers"),      |wants| wants.customers),
    ("customers/update",                             Some("read_customers"),      |wants| wants.customers),
    // Whoever leaves may be known by an order or a cart.
    ("customers/delete",                             Some("read_customers"),      people),
    ("customers/merge",                              Some("read_customer_merge"), people),
    ("customer.tags_added",                          Some("read_customers"),      |wants| wants.customers),
    ("customer.tags_removed",                        Some("read_customers"),      |wants| wants.customers),
    ("customers/purchasing_summary",                 Some("read_customers"),      |wants| wants.customers),
    // What people say about marketing counts however they became known.
    ("customers_email_marketing_consent/update",     Some("read_customers"),      people),
    ("customers_marketing_consent/update",           Some("read_customers"),      people),
    ("customers_whats_app_marketing_consent/update", Some("read_customers"),      people),
    // Carts need the orders: nobody is reminded of what they bought.
    ("orders/create",                                Some("read_orders"),         |wants| wants.orders || wants.carts),
    ("orders/updated",                               Some("read_orders"),         |wants| wants.orders || wants.carts),
    ("orders/cancelled",                             Some("read_orders"),         |wants| wants.orders),
    ("orders/delete",                                Some("read_orders"),         |wants| wants.orders),
    ("refunds/create",                               Some("read_orders"),         |wants| wants.orders),
    ("fulfillments/create",                          Some("read_fulfillments"),   |wants| wants.orders),
    ("fulfillments/update",                          Some("read_fulfillments"),   |wants| wants.orders),
    ("carts/create",                                 Some("read_orders"),         |wants| wants.carts),
    ("carts/update",                                 Some("read_orders"),         |wants| wants.carts),
    ("checkouts/create",                             Some("read_orders"),         |wants| wants.carts),
    ("checkouts/update",                             Some("read_orders"),         |wants| wants.carts),
    ("checkouts/delete",                             Some("read_orders"),         |wants| wants.carts),
    // With the inventory alone, products still tell whose stock a level is.
    ("products/create",                              Some("read_products"),       catalogue),
    ("products/update",                              Some("read_products"),       catalogue),
    ("products/delete",                              Some("read_products"),       catalogue),
    ("collections/create",                           Some("read_products"),       |wants| wants.products),
    ("collections/update",                           Some("read_products"),       |wants| wants.products),
    ("collections/delete",                           Some("read_products"),       |wants| wants.products),
    ("inventory_levels/update",                      Some("read_inventory"),      |wants| wants.inventory),
    ("variants/in_stock",                            Some("read_products"),       |wants| wants.inventory),
    ("variants/out_of_stock",                        Some("read_products"),       |wants| wants.inventory),
    ("app/uninstalled",                              None,                        |_| true),
    ("app/scopes_update",                            None,                        |_| true),
    ("bulk_operations/finish",                       None,                        |_| true),
];

/// Topics whose bodies carry a customer's metafields.
const WITH_METAFIELDS: [&str; 2] = ["customers/create", "customers/update"];

fn people(wants: &Wants) -> bool {
    wants.customers || wants.orders || wants.carts
}

fn catalogue(wants: &Wants) -> bool {
    wants.products || wants.inventory
}

/// One webhook as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The topic, as the header of a delivery names it.
    pub topic: &'static str,
    /// Where it is sent.
    pub uri: String,
    /// Namespaces of the metafields that its bodies carry, sorted.
    pub metafield_namespaces: Vec<String>,
}

impl Subscription {
    /// The topic in the Admin API's words.
    pub fn topic_in_api(&self) -> String {
        topic_in_api(self.topic)
    }

    /// `WebhookSubscriptionInput`. Everything is said, so that an update also takes away what should not be there.
    pub fn input(&self) -> Value {
        json!({ "uri": self.uri, "format": "JSON", "filter": "", "includeFields": [],
            "metafieldNamespaces": self.metafield_namespaces })
    }
}

/// `CUSTOMER_TAGS_ADDED` of `customer.tags_added`.
fn topic_in_api(topic: &str) -> String {
    topic.replace(['/', '.'], "_").to_uppercase()
}

/// The webhooks that a store wants and may have: one whose right was not granted cannot be made.
pub fn wanted(wants: &Wants, granted: &[String], uri: &str) -> Vec<Subscription> {
    let may = |scope: &Option<&'static str>| scope.is_none_or(|scope| lacking(&[scope], granted).is_empty());
    let rows = ROWS.iter().filter(|(_, scope, is_wanted)| is_wanted(wants) && may(scope));
    rows.map(|(topic, ..)| Subscription {
        topic,
        uri: uri.to_owned(),
        metafield_namespaces: if WITH_METAFIELDS.contains(topic) {
            wants.metafield_namespaces.clone()
        } else {
            Vec::new()
        },
    })
    .collect()
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// To be made.
    pub create: Vec<Subscription>,
    /// To be changed: id, and how it should be.
    pub update: Vec<(String, Subscription)>,
    /// To be removed, by id.
    pub delete: Vec<String>,
    /// How many are as they should be.
    pub right: usize,
}

impl Plan {
    /// Whether everything is as it should be.
    pub fn is_done(&self) -> bool {
        self.create.is_empty() && self.update.is_empty() && self.delete.is_empty()
    }
}

/// What has to be done, from what there is (nodes of `webhookSubscriptions`). Ours are those that lead to this store's
/// path, wherever it was deployed; others are never touched.
///
/// Another version is made anew, since a webhook has the version that it was made with.
pub fn plan(known: &[Value], wanted: Vec<Subscription>, store: &str) -> Plan {
    let mut plan = Plan::default();
    let mut rest: Vec<&Value> = known.iter().filter(|node| is_ours(node, store)).collect();
    for wanted in wanted {
        let topic = wanted.topic_in_api();
        let of_topic = |node: &&Value| node["topic"] == topic.as_str();
        let is_current = |node: &Value| node["apiVersion"]["handle"] == VERSION;
        let is_right = |node: &Value| {
            let namespaces = words(&node["metafieldNamespaces"]);
            node["uri"] == wanted.uri.as_str()
                && namespaces == wanted.metafield_namespaces
                && words(&node["includeFields"]).is_empty()
                && node["filter"].as_str().unwrap_or_default().is_empty()
                && node["format"].as_str().is_none_or(|format| format == "JSON")
        };
        let mut same: Vec<&Value> = rest.iter().copied().filter(of_topic).collect();
        same.sort_by_key(|node| (!is_current(node), !is_right(node)));
        match same.first().filter(|node| is_current(node)) {
            None => plan.create.push(wanted),
            Some(kept) => {
                rest.retain(|node| !std::ptr::eq(*node, *kept));
                if is_right(kept) {
                    plan.right += 1;
                } else {
                    plan.update.push((id(kept), wanted));
                }
            }
        }
    }
    plan.delete = rest.into_iter().map(id).collect();
    plan
}

/// Whether a webhook leads to this store of the connector.
pub fn is_ours(node: &Value, store: &str) -> bool {
    let uri = node["uri"].as_str().unwrap_or_default();
    uri.starts_with("http") && uri.ends_with(&format!("/webhooks/shopify/{store}"))
}

fn id(node: &Value) -> String {
    node["id"].as_str().unwrap_or_default().to_owned()
}

fn words(list: &Value) -> Vec<String> {
    let mut words: Vec<String> =
        list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    words.sort_unstable();
    words
}

#[cfg(test)]
#[path = "subscriptions_tests.rs"]
mod tests;
