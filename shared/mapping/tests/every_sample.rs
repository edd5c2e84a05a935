//! Everything the mapping makes of every sample body in `events/`, once with the defaults and once with every setting
//! of the example document. What changes here changes in a shop's Brevo account: read the difference.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "constants of a test")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};
use tajo_brevo::{ContactWrite, Item, create_contact};
use tajo_domain::{
    Cart, CartRecord, Change, CollectionNews, ContactRecord, KnownAs, Order, Packed, PersonUpdate, Product,
    ProductNews, StoreId,
};
use tajo_mapping::{
    CartContent, Planned, Settings, StoreFacts, StoreKind, abandoned, cart_properties, categories,
    changed_cart, clearing, collection_id, contents, creation, customer_events, deletion, emptied_cart,
    left_out, order_body, order_events, settle_creation, tags_events, update, with_stock,
};
use tajo_platforms::{Context, Platform};

const NOW: &str = "2026-11-24T09:00:00Z";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn facts(settings: &str) -> StoreFacts {
    StoreFacts {
        store: StoreId::parse("demo-shop").unwrap(),
        platform: "shopify",
        shop: "demo-shop.myshopify.com".to_owned(),
        connected_at: Timestamp::UNIX_EPOCH,
        kind: StoreKind::Live,
        settings: Settings::from_yaml(settings).unwrap(),
    }
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// `orders-create.paid.json` is a body of `orders/create`; the tag topics are spelt with a dot.
fn topic_of(name: &str) -> String {
    let topic = name.split('.').next().unwrap_or_default();
    match topic.strip_prefix("customer-") {
        Some(tags) => format!("customer.{tags}"),
        None => topic.replacen('-', "/", 1),
    }
}

/// Every sample that the mapping has something to say about, by name.
fn samples(facts: &StoreFacts) -> String {
    let mut names: Vec<PathBuf> = std::fs::read_dir(root().join("events/shopify"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    let mut text = String::new();
    for path in names {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let context = Context {
            shop_domain: facts.shop.clone(),
            shop_country: None,
            live: true,
            time: now(),
            received_at: now(),
        };
        let body = std::fs::read(&path).unwrap();
        let Ok(changes) = Platform::Shopify.changes(&topic_of(&name), &body, &context) else { continue };
        for change in &changes.changes {
            for (what, said) in made_of(change, facts) {
                writeln!(text, "{name}  {what}  {said}").unwrap();
            }
        }
    }
    text
}

type Line = (String, Value);

fn line(what: &str, said: Value) -> Line {
    (what.to_owned(), said)
}

fn events(planned: Vec<Planned>) -> impl Iterator<Item = Line> {
    planned.into_iter().map(|planned| {
        let request = Item::Event(planned.event, std::collections::BTreeMap::new()).request();
        line(&format!("event {}", planned.key), json!(request.body))
    })
}

fn written(what: &str, write: &ContactWrite) -> Line {
    line(what, json!(create_contact(write).body))
}

fn made_of(change: &Change, facts: &StoreFacts) -> Vec<Line> {
    match change {
        Change::Person { update, news } => {
            let mut lines = person(update, facts);
            lines.extend(news.map(|news| events(customer_events(update, news, facts))).into_iter().flatten());
            lines
        }
        Change::Order(order) => ordered(order, facts),
        Change::Cart(cart) => in_cart(cart, facts),
        Change::Product(ProductNews::Now(product)) => on_sale(product, facts),
        Change::Product(ProductNews::Gone { product, at }) => {
            vec![line("gone", Value::Object(deletion(product, "Mug", *at)))]
        }
        Change::Collection(CollectionNews::Now { id, .. }) => {
            vec![line("category", json!(collection_id(id)))]
        }
        _ => Vec::new(),
    }
}

fn person(said: &PersonUpdate, facts: &StoreFacts) -> Vec<Line> {
    let (kept, skipped) = facts.settings.field_mapping.keep(said);
    let mut record = ContactRecord::default();
    record.accept(&kept);
    let first = creation(&record, facts, now());
    let mut known = record.clone();
    settle_creation(&mut known, &record, &first, facts);
    let (second, left_out) =
        update(&ContactRecord { known_as: KnownAs::Linked, ..record.clone() }, facts, now());
    let mut lines = vec![
        written("new", &first),
        written("known", &second),
        written("emptied", &clearing(&known, facts, true)),
        line("kept", json!(known)),
    ];
    lines.extend(skipped.iter().chain(&left_out).map(|skipped| line("left out", json!(skipped))));
    lines.extend(events(tags_events(&record, facts)));
    lines
}

fn ordered(order: &Order, facts: &StoreFacts) -> Vec<Line> {
    let mut lines = vec![line("order", order_body(order, facts))];
    lines.extend(events(order_events(order, facts)));
    lines
}

fn in_cart(cart: &Cart, facts: &StoreFacts) -> Vec<Line> {
    let properties = cart_properties(cart, facts);
    let content = CartContent::of(cart);
    let mut lines = vec![line("content", json!(content.text()))];
    assert_eq!(CartContent::stored(&content.text()), content, "what is stored is read as it was");
    lines.extend(events(changed_cart(
        &cart.identity,
        cart.created_at,
        cart.updated_at,
        "",
        &properties,
        facts,
    )));
    lines.extend(events(
        emptied_cart(&cart.token, &cart.identity, cart.updated_at, facts).into_iter().collect(),
    ));
    let mut record: CartRecord =
        serde_json::from_value(json!({ "s": "open", "t": cart.updated_at })).expect("the least of a record");
    record.properties = Packed::from(Value::Object(properties).to_string());
    let who = facts.identifier(&cart.identity);
    lines.extend(events(who.map(|who| abandoned(&record, who, now())).into_iter().collect()));
    lines
}

fn on_sale(product: &Product, facts: &StoreFacts) -> Vec<Line> {
    let mut lines: Vec<Line> = contents(product, &["77".to_owned()], facts)
        .into_iter()
        .map(|content| {
            line(
                &format!("product {}", content.digest),
                Value::Object(with_stock(&content.id, "", Some(content.body), None, facts)),
            )
        })
        .collect();
    lines.extend(
        categories(product, facts)
            .into_iter()
            .map(|category| line("category", json!([category.id, category.name]))),
    );
    lines.extend(left_out(product, facts).map(|reason| line("left out", json!(reason))));
    lines
}

#[test]
fn every_sample_with_the_defaults() {
    insta::assert_snapshot!(samples(&facts("")));
}

#[test]
fn every_sample_with_every_setting() {
    let example =
        std::fs::read_to_string(root().join("docs/tajo.example.yaml")).expect("the example document");
    // The example shows the default of it.
    let settings = example.replace("item_events: false", "item_events: true");
    assert_ne!(settings, example);
    insta::assert_snapshot!(samples(&facts(&settings)));
}
