//! What a store's settings mean for its shop: rights and webhooks follow from it.

use tajo_mapping::Settings;
use tajo_platforms::shopify::oauth::Wants;

/// What a store with these settings wants from its shop.
pub(crate) fn wants(settings: &Settings) -> Wants {
    let sync = settings.sync;
    let mut namespaces: Vec<String> =
        settings.field_mapping.metafields().map(|(namespace, _)| namespace.to_owned()).collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    Wants {
        customers: sync.customers,
        orders: sync.orders,
        products: sync.products,
        carts: sync.carts,
        inventory: sync.inventory,
        writes_consent: settings.consent.is_two_way,
        metafield_namespaces: namespaces,
    }
}
