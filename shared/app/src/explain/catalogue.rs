//! Products, collections and stock, explained.

use serde_json::{Value, json};
use tajo_brevo::Item;
use tajo_domain::{CategoryRecord, CollectionNews, ProductNews, Stock, StockNews, StockOf, StockSaid};
use tajo_mapping::{categories, category_body, collection_id, contents};

use super::Explanation;
use crate::worker::Moment;
use crate::{category, product};

pub(super) fn product(moment: &Moment<'_>, news: &ProductNews, explanation: &mut Explanation) {
    let facts = moment.facts;
    let ProductNews::Now(body) = news else {
        return explanation
            .skip("product", "the product was never seen here: Brevo has nothing to mark as deleted");
    };
    // Nothing is known of its inventory items either, and nothing is looked up.
    let kept = body.variants.iter().map(|variant| (variant.id.clone(), Stock::default())).collect();
    let known = product::Known { kept, asked: true, ..product::Known::default() };
    let (record, accepted) = product::news(moment, None, body, &known);
    let record = record.unwrap_or_default();
    explanation.skipped.extend(accepted.skipped);
    let all = contents(body, &record.collections, facts);
    let due = product::due(&record, &body.id, &all, facts);
    if !due.is_empty() {
        explanation.fetches.push(format!("the collections of product {}, before it is sent", body.id));
        for category in categories(body, facts) {
            let record = CategoryRecord { name: category.name, ..CategoryRecord::default() };
            explanation.requests.push(Item::Category(category_body(&category.id, &record, facts)).request());
        }
    }
    explanation.requests.extend(due.into_iter().map(|due| due.item.request()));
}

pub(super) fn collection(moment: &Moment<'_>, news: &CollectionNews, explanation: &mut Explanation) {
    let (record, _) = category::accept(None, news, moment.now);
    match record.filter(|record| record.accepted > 0) {
        Some(record) => {
            let body = category_body(&collection_id(news.id()), &record, moment.facts);
            explanation.requests.push(Item::Category(body).request());
        }
        None => explanation.skip("collection", category::NOT_THERE),
    }
}

pub(super) fn describe_product(news: &ProductNews) -> Value {
    match news {
        ProductNews::Now(product) => json!({
            "change": "product",
            "id": product.id,
            "name": product.name,
            "status": product.status,
            "type": product.kind,
            "tags": product.tags.join(", "),
            "variants": product.variants.len(),
            "updated_at": product.updated_at,
        }),
        ProductNews::Gone { product, at } => json!({ "change": "product deleted", "id": product, "at": at }),
    }
}

pub(super) fn describe_collection(news: &CollectionNews) -> Value {
    match news {
        CollectionNews::Now { id, name, updated_at, .. } => {
            json!({ "change": "collection", "id": id, "name": name, "updated_at": updated_at })
        }
        CollectionNews::Gone { id, at } => json!({ "change": "collection deleted", "id": id, "at": at }),
    }
}

pub(super) fn describe_stock(news: &StockNews) -> Value {
    let (item, variant) = match &news.of {
        StockOf::Item(item) => (Some(item), None),
        StockOf::Variant { variant, .. } => (None, Some(variant)),
    };
    let (location, quantity, tracked) = match &news.said {
        StockSaid::Level { location, available } => (Some(location), Some(available), None),
        StockSaid::Total(quantity) => (None, Some(quantity), None),
        StockSaid::Tracked(tracked) => (None, None, Some(tracked)),
    };
    json!({
        "change": "stock",
        "inventory_item": item,
        "variant": variant,
        "location": location,
        "quantity": quantity,
        "tracked": tracked,
        "at": news.at,
    })
}
