//! Which collections a product is in, and which products a collection holds.

use jiff::Timestamp;
use serde_json::Value;
use tajo_domain::{CollectionNews, Membership};

use super::id_in;

/// The collections of a product's node, as of when it was asked for.
pub fn membership(node: &Value, asked_at: Timestamp) -> Membership {
    let connection = &node["collections"];
    let nodes = connection["nodes"].as_array().into_iter().flatten();
    Membership {
        asked_at,
        collections: nodes.filter_map(|node| collection(node, asked_at)).collect(),
        is_whole: connection["pageInfo"]["hasNextPage"] != true,
    }
}

/// The ids of the products on one page of a collection, as webhooks write them.
pub fn product_ids(page: &Value) -> Vec<String> {
    let nodes = page["nodes"].as_array().into_iter().flatten();
    nodes.filter_map(|node| Some(id_in(node["id"].as_str()?)?.to_string())).collect()
}

fn collection(node: &Value, asked_at: Timestamp) -> Option<CollectionNews> {
    Some(CollectionNews::Now {
        id: id_in(node["id"].as_str()?)?.to_string(),
        name: node["title"].as_str().filter(|title| !title.is_empty())?.to_owned(),
        handle: node["handle"].as_str().map(str::to_owned),
        // Nothing changed after we asked.
        updated_at: node["updatedAt"]
            .as_str()
            .and_then(|at| at.parse().ok())
            .map_or(asked_at, |at| asked_at.min(at)),
        triggered_at: Some(asked_at),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_collection_is_read_with_its_name_and_what_has_none_is_left_out() {
        let at: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
        let node = json!({ "collections": { "pageInfo": { "hasNextPage": true }, "nodes": [
            { "id": "gid://shopify/Collection/7", "title": "Winter", "handle": "winter", "updatedAt": "2026-11-01T00:00:00Z" },
            { "id": "gid://shopify/Collection/5", "title": "Sale", "handle": null, "updatedAt": null },
            { "id": "gid://shopify/Collection/6", "title": "" },
            null,
        ] } });
        let read = membership(&node, at);
        assert_eq!((read.ids(), read.is_whole), (vec!["5".to_owned(), "7".to_owned()], false));
        let winter = CollectionNews::Now {
            id: "7".into(),
            name: "Winter".into(),
            handle: Some("winter".into()),
            updated_at: "2026-11-01T00:00:00Z".parse().unwrap(),
            triggered_at: Some(at),
        };
        assert_eq!(read.collections[0], winter);
    }

    #[test]
    fn a_product_that_the_shop_does_not_have_is_in_no_collection() {
        let read = membership(&Value::Null, Timestamp::UNIX_EPOCH);
        assert_eq!((read.collections.len(), read.is_whole), (0, true));
    }
}
