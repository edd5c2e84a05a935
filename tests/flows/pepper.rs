//! Hashes of people are made with a secret of the deployment: whoever sees the table or the log cannot try addresses out.

use serde_json::{Value, json};
use tajo_domain::{ContactKey, ContactRecord, Email, StoreId, short_hash};
use tajo_state::{Attributes, Key, PersonFeed, erase_person, feeds_of_person};
use tajo_testkit::{ACCOUNT, STORE};

use crate::bodies::sample;
use crate::manage::{Office, at};
use crate::stage::Stage;

const JO: &str = "jo@example.com";

fn store() -> StoreId {
    StoreId::parse(STORE).unwrap()
}

fn jo() -> Email {
    Email::parse(JO).unwrap()
}

#[tokio::test]
async fn no_plain_hash_of_an_address_is_stored_or_shown() {
    let office = Office::new("").await;
    office.stage.tell("customers/create", &sample("customers-create")).await;
    office.stage.tell("orders/create", &sample("orders-create.guest")).await;
    office.stage.tell("customers/redact", &sample("customers-redact")).await;
    let table = office.stage.world.table(&office.stage.front).await;
    let (mut after, mut text) = (None, String::new());
    loop {
        let page = table.page(after.as_ref(), 100).await.unwrap();
        page.items
            .iter()
            .for_each(|held| text += &format!("{} {} {}\n", held.key.pk, held.key.sk, held.shown()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    text += &office.get(&at("/logs?limit=500")).await.to_string();
    assert!(text.contains("person#") && text.contains("guest#"), "{text}");
    for address in [JO, "sam@example.com"] {
        assert!(!text.contains(&short_hash(address)), "{address}: {text}");
    }
}

#[tokio::test]
async fn a_key_that_only_looks_is_not_shown_whose_a_log_line_is() {
    let office = Office::new("").await;
    office.stage.tell("customers/create", &sample("customers-create")).await;
    let [reader, operator] = [office.new_key("read", None).await, office.new_key("operate", None).await];
    let line =
        async |key: &str| office.ask_as(key, "GET", &at("/logs"), Value::Null).await.body["lines"][0].clone();
    assert_eq!(line(&reader).await.get("person"), None);
    let person = line(&operator).await["person"].as_str().unwrap().to_owned();
    assert_ne!(person, short_hash(JO));
    // The person is still found by the address.
    let trace = office.post(&at("/trace"), json!({"subject": JO})).await;
    assert_eq!(trace["lines"].as_array().unwrap().len(), 1, "{trace}");
}

#[tokio::test]
async fn who_was_erased_by_an_earlier_version_does_not_come_back() {
    let stage = Stage::new("").await;
    let before = stage.world.table_of_before(&stage.front).await;
    let now = stage.env.clock.now();
    erase_person(&before, ACCOUNT, &jo(), &store(), now).await.unwrap();
    let guest = Key::contact(&store(), &ContactKey::Guest(jo().hash()));
    let erased = |_: Option<&ContactRecord>| {
        let mut record = ContactRecord::default();
        record.erase(now);
        (Some(record), ())
    };
    before.change(&guest, Attributes::none, erased).await.unwrap();
    stage.tell("customers/create", &sample("customers-create")).await;
    assert_eq!(stage.contact(JO), Value::Null);
    // What was written moved to the new key, and left nothing behind.
    let table = stage.world.table(&stage.front).await;
    let feeds = feeds_of_person(&table, ACCOUNT, &jo()).await.unwrap();
    assert_eq!(feeds.len(), 1);
    assert_eq!(feeds[0].1.erased_at, Some(now));
}

#[tokio::test]
async fn an_item_of_an_earlier_version_moves_with_its_next_write_and_only_once() {
    let stage = Stage::new("").await;
    let before = stage.world.table_of_before(&stage.front).await;
    let table = stage.world.table(&stage.front).await;
    let key = Key::person(ACCOUNT, &jo().hash(), &store());
    let old = PersonFeed { customers: vec!["1".to_owned()], ..PersonFeed::default() };
    before.put(&key, 0, &old, &Attributes::default()).await.unwrap();
    let read = table.get_newest::<PersonFeed>(&key).await.unwrap();
    assert_eq!(read.record.as_ref(), Some(&old), "it is found where it was stored");
    let add = |stored: Option<&PersonFeed>| {
        let mut feed = stored.cloned().unwrap_or_default();
        feed.customers.push("2".to_owned());
        (Some(feed), ())
    };
    table.change(&key, Attributes::none, add).await.unwrap();
    assert_eq!(
        before.get_newest::<PersonFeed>(&key).await.unwrap().record,
        None,
        "it is not under the plain hash"
    );
    let feeds = feeds_of_person(&table, ACCOUNT, &jo()).await.unwrap();
    assert_eq!(feeds.len(), 1);
    assert_eq!(feeds[0].1.customers, ["1", "2"]);
}
