//! Bodies from `events/`, notices made of them, and one delivery of such a notice.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use tajo_app::Env;
use tajo_app::sync::{Record, Report, Source, sync};
use tajo_domain::StoreId;
use tajo_platforms::{Notice, Platform};

use crate::world::{SHOP, STORE};

/// A body of `events/shopify/{name}.json`.
pub fn body(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/shopify");
    let path = folder.join(format!("{name}.json"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A notice as ingress would queue it.
pub fn notice(topic: &str, delivery: &str, body: &[u8]) -> Notice {
    let mut notice = Notice::new(Platform::Shopify, SHOP, topic, delivery, Timestamp::now());
    notice.store = Some(StoreId::parse(STORE).unwrap());
    notice.wrap(body)
}

/// The notice as a record that was received so many times.
pub fn record(notice: &Notice, received: u32) -> Record {
    Record { message_id: notice.delivery.clone(), body: notice.to_json(), received, source: Source::Live }
}

/// Delivers one notice for the first time, with plenty of time left.
pub async fn deliver(env: &Env, notice: &Notice) -> Report {
    let deadline = env.clock.now().saturating_add(SignedDuration::from_secs(60)).unwrap();
    let mut reports = sync(env, vec![record(notice, 1)], &notice.delivery, deadline).await;
    reports.pop().expect("one record, one report")
}
