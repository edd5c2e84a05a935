//! Products, collections and stock as plain lines.

use tajo_domain::{CollectionNews, ProductNews, StockNews, StockOf, StockSaid};

use super::{line, option};

pub fn product(out: &mut String, news: &ProductNews) {
    let product = match news {
        ProductNews::Now(product) => product,
        ProductNews::Gone { product, at } => {
            return line(out, "product deleted", &format!("{product} at {at}"));
        }
    };
    let status = product.status.as_deref().unwrap_or("?");
    line(out, "product", &format!("{} {status} ({})", product.name, product.id));
    line(out, "  version", &product.updated_at.to_string());
    option(out, "  handle", product.handle.as_ref());
    option(out, "  brand", product.brand.as_ref());
    option(out, "  type", product.kind.as_ref());
    option(out, "  tags", Some(product.tags.join(", ")).filter(|tags| !tags.is_empty()));
    option(out, "  image", product.image.as_ref());
    for variant in &product.variants {
        let text = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".into());
        let (name, sku, item) = (text(&variant.name), text(&variant.sku), text(&variant.inventory_item));
        let price = variant.price.map_or("-".to_owned(), |price| price.to_string());
        let quantity = variant.quantity.map_or("?".to_owned(), |quantity| quantity.to_string());
        let what = format!("{name} at {price} ({}, sku {sku}, item {item})", variant.id);
        line(out, "  variant", &format!("{what}: {quantity} as of {}", variant.updated_at));
        option(out, "    image", variant.image.as_ref());
    }
    let others = product.other_variants.as_ref().map_or("unknown".to_owned(), |others| others.join(", "));
    option(out, "  others", Some(others).filter(|others| !others.is_empty()));
}

pub fn collection(out: &mut String, news: &CollectionNews) {
    match news {
        CollectionNews::Now { id, name, handle, updated_at, .. } => {
            let handle = handle.as_deref().unwrap_or("-");
            line(out, "collection", &format!("{name} at {handle} ({id}, version {updated_at})"));
        }
        CollectionNews::Gone { id, at } => line(out, "collection deleted", &format!("{id} at {at}")),
    }
}

pub fn stock(out: &mut String, news: &StockNews) {
    let of = match &news.of {
        StockOf::Item(item) => format!("item {item}"),
        StockOf::Variant { product, variant } => format!("variant {variant} of product {product}"),
    };
    let said = match &news.said {
        StockSaid::Level { location, available } => format!("{available} at location {location}"),
        StockSaid::Total(quantity) => format!("{quantity} in all"),
        StockSaid::Tracked(true) => "is counted".to_owned(),
        StockSaid::Tracked(false) => "is not counted".to_owned(),
    };
    line(out, "stock", &format!("{of}: {said} (as of {})", news.at));
}
