//! Any bytes under any topic: a meaning or a reason, never a panic, and the same one every time.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use tajo_platforms::{Context, Platform};

/// The first byte chooses the topic, the rest is the body.
const TOPICS: [&str; 8] = [
    "customers/create",
    "customers/update",
    "customers/delete",
    "orders/create",
    "orders/updated",
    "checkouts/create",
    "checkouts/update",
    "shop/redact",
];

fuzz_target!(|data: &[u8]| {
    let Some((choice, body)) = data.split_first() else { return };
    let topic = TOPICS[usize::from(*choice) % TOPICS.len()];
    let context = Context {
        shop_domain: "demo-shop.myshopify.com".to_owned(),
        shop_country: Some("DE".to_owned()),
        live: choice & 128 != 0,
        time: Timestamp::UNIX_EPOCH,
        received_at: Timestamp::MAX,
    };
    let first = Platform::Shopify.changes(topic, body, &context);
    assert_eq!(first, Platform::Shopify.changes(topic, body, &context));
    if let Err(unusable) = first {
        assert!(!unusable.reason.is_empty());
    }
});
