//! What several of these tests begin with.

use jiff::Timestamp;
use tajo_domain::StoreId;
use tajo_mapping::{Settings, StoreFacts, StoreKind};

/// A store with these settings that was connected when time began.
pub fn facts(settings: &str) -> StoreFacts {
    StoreFacts {
        store: StoreId::parse("demo-shop").unwrap(),
        platform: "shopify",
        shop: "demo-shop.myshopify.com".to_owned(),
        connected_at: Timestamp::UNIX_EPOCH,
        kind: StoreKind::Live,
        settings: Settings::from_yaml(settings).unwrap(),
    }
}

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}
