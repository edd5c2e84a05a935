//! A product in the shape of its webhook's body.

use serde_json::{Value, json};

use super::{each, elements, id, lower, tags};

/// A product as the body of `products/update`.
pub fn product(node: &Value) -> Value {
    let mut images: Vec<Value> = Vec::new();
    // A variant's own image may stand behind those that are asked for.
    let of_variants = elements(&node["variants"]["nodes"]).map(|variant| &variant["media"]["nodes"][0]);
    for media in elements(&node["media"]["nodes"]).chain(of_variants) {
        let (image, number) = (&media["image"], id(media));
        if image.is_object() && !images.iter().any(|known| known["id"] == number) {
            images.push(
                json!({ "id": number, "src": image["url"], "alt": media["alt"], "width": image["width"],
                "height": image["height"], "position": images.len() + 1 }),
            );
        }
    }
    let variants = each(&node["variants"]["nodes"], |variant| {
        // As webhooks said it until 2024-04, with a word for no.
        let counted = variant["inventoryItem"]["tracked"].as_bool();
        json!({
            "id": id(variant),
            "admin_graphql_api_id": variant["id"],
            "product_id": id(node),
            "inventory_item_id": id(&variant["inventoryItem"]),
            "inventory_management": counted.map(|counted| if counted { "shopify" } else { "nobody" }),
            "title": variant["title"],
            "sku": variant["sku"],
            "price": variant["price"],
            "inventory_quantity": variant["inventoryQuantity"],
            "image_id": id(&variant["media"]["nodes"][0]),
            "updated_at": variant["updatedAt"],
        })
    });
    json!({
        "id": id(node),
        "admin_graphql_api_id": node["id"],
        "title": node["title"],
        "handle": node["handle"],
        "vendor": node["vendor"],
        "product_type": node["productType"],
        "status": lower(&node["status"]),
        "published_at": node["publishedAt"],
        "tags": tags(node),
        "created_at": node["createdAt"],
        "updated_at": node["updatedAt"],
        "image": images.first(),
        "images": images,
        "variants": variants,
    })
}
