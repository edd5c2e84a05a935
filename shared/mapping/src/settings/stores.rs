//! Several stores in one document: `connectors.shopify` as a list.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;
use serde_saphyr::Spanned;

use super::document::Connector;
use super::error::short;
use super::{Settings, SettingsError, is_same_shop};

/// What one store gets of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreDocument {
    /// The shop's address, where the document names it. Of several stores it always does.
    pub shop_url: Option<String>,
    /// A document of its own: the text as it was written, or of several stores this one's part with what stands at the
    /// top level for all.
    pub yaml: String,
    /// What it says.
    pub settings: Settings,
}

impl StoreDocument {
    /// Whether it is about this shop: it names it, or none.
    pub fn is_of(&self, shop: &str) -> bool {
        self.shop_url.as_deref().is_none_or(|named| is_same_shop(named, shop))
    }
}

/// The documents of all stores that a document is about, checked. Every entry of a list must name its own shop.
pub fn store_documents(text: &str) -> Result<Vec<StoreDocument>, SettingsError> {
    let settings = Settings::each(text)?;
    let parts = parts(text).unwrap_or_else(|| vec![text.to_owned()]);
    let pairs = settings.into_iter().zip(parts);
    Ok(pairs
        .map(|(settings, yaml)| StoreDocument { shop_url: settings.shop_url.clone(), yaml, settings })
        .collect())
}

/// The only store of a list.
pub(super) fn only(mut stores: Vec<Spanned<Connector>>) -> Result<Connector, SettingsError> {
    check(&stores)?;
    match (stores.pop(), stores.len()) {
        (Some(only), 0) => Ok(only.value),
        (_, others) => Err(SettingsError {
            key: "connectors.shopify".to_owned(),
            problem: format!("holds the settings of {} stores, where those of one are wanted", others + 1),
            hint: Some("`tajo config apply` sends each store its part".to_owned()),
            ..SettingsError::default()
        }),
    }
}

/// Every entry names a shop, and none is named twice.
pub(super) fn check(stores: &[Spanned<Connector>]) -> Result<(), SettingsError> {
    if stores.is_empty() {
        let key = "connectors.shopify".to_owned();
        let problem = "is a list without a store".to_owned();
        return Err(SettingsError { key, problem, ..SettingsError::default() });
    }
    for (index, store) in stores.iter().enumerate() {
        let key = format!("connectors.shopify[{index}]");
        let Some(shop) = &store.value.shop_url else {
            let error = SettingsError::at(store.referenced, key, "lacks the key `shop_url`");
            let hint = "of several stores, each must say which shop it is about".to_owned();
            return Err(SettingsError { hint: Some(hint), ..error });
        };
        let before = stores.iter().take(index).filter_map(|other| other.value.shop_url.as_deref());
        if before.into_iter().any(|other| is_same_shop(other, shop)) {
            let problem = format!("is `{}`, which another entry is about already", short(shop));
            let error = SettingsError::at(store.referenced, format!("{key}.shop_url"), problem);
            return Err(SettingsError { hint: Some("leave one of them out".to_owned()), ..error });
        }
    }
    Ok(())
}

/// Each store's part as a document; `None`: the document is about one store.
fn parts(text: &str) -> Option<Vec<String>> {
    let document: Node = serde_saphyr::from_str(text).ok()?;
    let Node::Many(stores) = document.get("connectors")?.get("shopify")? else { return None };
    let part = |store: &Node| {
        let connectors = Node::Block(vec![("shopify".to_owned(), store.clone())]);
        serde_saphyr::to_string(&document.with("connectors", connectors)).ok()
    };
    stores.iter().map(part).collect()
}

/// YAML as it is written: keys keep their order.
#[derive(Clone)]
enum Node {
    Block(Vec<(String, Node)>),
    Many(Vec<Node>),
    Value(Value),
}

impl Node {
    fn get(&self, name: &str) -> Option<&Self> {
        let Self::Block(pairs) = self else { return None };
        pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    fn with(&self, name: &str, value: Self) -> Self {
        let Self::Block(pairs) = self else { return self.clone() };
        let replaced = |(key, old): &(String, Self)| {
            (key.clone(), if key == name { value.clone() } else { old.clone() })
        };
        Self::Block(pairs.iter().map(replaced).collect())
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Block(pairs) => to.collect_map(pairs.iter().map(|(key, value)| (key, value))),
            Self::Many(nodes) => nodes.serialize(to),
            Self::Value(value) => value.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct NodeVisitor;
        impl<'de> Visitor<'de> for NodeVisitor {
            type Value = Node;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("YAML")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Node::Block(pairs))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
                let mut nodes = Vec::new();
                while let Some(node) = list.next_element()? {
                    nodes.push(node);
                }
                Ok(Node::Many(nodes))
            }
            fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
                Ok(Node::Value(value.into()))
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
                Ok(Node::Value(value.into()))
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
                Ok(Node::Value(value.into()))
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
                Ok(Node::Value(value.into()))
            }
            fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
                Ok(Node::Value(value.into()))
            }
            fn visit_unit<E: Error>(self) -> Result<Node, E> {
                Ok(Node::Value(Value::Null))
            }
        }
        from.deserialize_any(NodeVisitor)
    }
}
