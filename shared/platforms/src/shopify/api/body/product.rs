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
        let option = |n: usize| variant["selectedOptions"][n]["value"].clone();
        json!({
            "id": id(variant),
            "admin_graphql_api_id": variant["id"],
            "product_id": id(node),
            "inventory_item_id": id(&variant["inventoryItem"]),
            "title": variant["title"],
            "sku": variant["sku"],
            "barcode": variant["barcode"],
            "price": variant["price"],
            "compare_at_price": variant["compareAtPrice"],
            "position": variant["position"],
            "taxable": variant["taxable"],
            "inventory_policy": lower(&variant["inventoryPolicy"]),
            "inventory_quantity": variant["inventoryQuantity"],
            "image_id": id(&variant["media"]["nodes"][0]),
            "created_at": variant["createdAt"],
            "updated_at": variant["updatedAt"],
            "option1": option(0),
            "option2": option(1),
            "option3": option(2),
        })
    });
    json!({
        "id": id(node),
        "admin_graphql_api_id": node["id"],
        "title": node["title"],
        "handle": node["handle"],
        "body_html": node["descriptionHtml"],
        "vendor": node["vendor"],
        "product_type": node["productType"],
        "status": lower(&node["status"]),
        "tags": tags(node),
        "created_at": node["createdAt"],
        "updated_at": node["updatedAt"],
        "published_at": node["publishedAt"],
        "options": each(&node["options"], |option| json!({
            "id": id(option), "name": option["name"], "position": option["position"], "values": option["values"],
        })),
        "image": images.first(),
        "images": images,
        "variants": variants,
    })
}
