//! The documents of the product are accepted as they are written.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests are tests too

use std::collections::BTreeMap;

use jiff::SignedDuration;
use tajo_domain::ConsentSource;
use tajo_mapping::{
    ContactSettings, IdentityField, InventorySettings, LogLevel, OrderSettings, ProductFilter,
    ProductSettings, Settings, effective_rules,
};

fn read(text: &str) -> Settings {
    Settings::from_yaml(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn lists_go_by_id_or_by_name_and_a_name_waits_for_its_id() {
    let text = "connectors: {shopify: {lists: {all_customers: 5, buyers: Buyers, abandoned_cart: Left, folder: Shops}}}";
    let mut settings = Settings::from_yaml(text).unwrap();
    assert_eq!((settings.lists.all_customers, settings.lists.buyers), (Some(5), None));
    assert_eq!(settings.list_names.lists().collect::<Vec<_>>(), ["Buyers", "Left"]);
    assert_eq!(settings.list_names.folder.as_deref(), Some("Shops"));
    let found = [("Buyers".to_owned(), 6), ("Another".to_owned(), 9)].into();
    settings.resolve(&found, &BTreeMap::new());
    let lists = settings.lists;
    assert_eq!((lists.all_customers, lists.buyers, lists.abandoned_cart), (Some(5), Some(6), None));
}

#[test]
fn people_become_contacts_found_by_address_id_and_number_and_never_on_whatsapp_unless_said_otherwise() {
    let contacts = |keys: &str| read(&format!("connectors: {{shopify: {{contacts: {{{keys}}}}}}}")).contacts;
    let defaults = contacts("");
    assert_eq!(defaults, ContactSettings::default());
    assert_eq!((defaults.create, defaults.whatsapp, defaults.looks_first()), (true, false, false));
    let order = [IdentityField::Email, IdentityField::CustomerId, IdentityField::Phone];
    assert_eq!(defaults.identity, order);
    let known_only = contacts("create: false, whatsapp: true");
    assert_eq!((known_only.create, known_only.whatsapp, known_only.looks_first()), (false, true, true));
    let by_id = contacts("identity: [customer_id, email]");
    assert!(by_id.looks_first() && !by_id.uses(IdentityField::Phone) && by_id.uses(IdentityField::Email));
    assert!(!contacts("identity: [email, phone]").looks_first());
}

#[test]
fn consent_is_a_word_or_a_block() {
    let consent = |keys: &str| {
        let consent = read(&format!("connectors: {{shopify: {{{keys}}}}}")).consent;
        (consent.is_two_way, consent.source_of_truth)
    };
    assert_eq!(consent(""), (false, ConsentSource::Newest));
    assert_eq!(consent("consent: two_way"), (true, ConsentSource::Newest));
    assert_eq!(consent("consent: one_way, consent_source: store"), (false, ConsentSource::Store));
    let block = "consent: {direction: two_way, source_of_truth: brevo}, consent_source: store";
    assert_eq!(consent(block), (true, ConsentSource::Brevo), "the block wins");
    for wrong in
        ["consent: both_ways", "consent: true", "consent: {direction: up}", "consent_source: shopify"]
    {
        assert!(Settings::from_yaml(&format!("connectors: {{shopify: {{{wrong}}}}}")).is_err(), "{wrong}");
    }
}

#[test]
fn the_connector_document_is_accepted_as_written() {
    let settings = read(
        r#"
connectors:
  shopify:
    enabled: true
    shop_url: "your-store.myshopify.com"
    api_version: "2024-01"
    sync:
      customers: true
      orders: true
      products: true
      carts: true
      inventory: false
    lists:
      all_customers: 5
      buyers: 6
      abandoned_cart: 7
"#,
    );
    assert!(settings.enabled && settings.sync.carts && !settings.sync.inventory);
    let lists = settings.lists;
    assert_eq!((lists.all_customers, lists.buyers, lists.abandoned_cart), (Some(5), Some(6), Some(7)));
    assert_eq!(settings.shop_url.as_deref(), Some("your-store.myshopify.com"));
}

#[test]
fn the_mapping_document_is_accepted_as_written_and_replaces_the_defaults() {
    let settings = read(
        "field_mapping:\n  email: email\n  first_name: FIRSTNAME\n  last_name: LASTNAME\n  phone: SMS\n  orders_count: ORDER_COUNT\n  total_spent: TOTAL_SPENT\n  last_order_date: LAST_ORDER_DATE\n  customer_type: CUSTOMER_TYPE\n  preferred_language: LANGUAGE\n  loyalty_tier: VIP_TIER\n  average_order_value: AOV\n  days_since_last_order: RECENCY\n",
    );
    let rules = effective_rules(&settings);
    let rules: Vec<String> = rules
        .iter()
        .map(|mapped| format!("{} ← {} ({})", mapped.attribute, mapped.source, mapped.kind))
        .collect();
    assert_eq!(
        rules,
        [
            "FIRSTNAME ← first_name (text)",
            "LASTNAME ← last_name (text)",
            "ORDER_COUNT ← orders_count (number)",
            "TOTAL_SPENT ← total_spent (number)",
            "LAST_ORDER_DATE ← last_order_date (date)",
            "CUSTOMER_TYPE ← metafields.custom.customer_type (text)",
            "LANGUAGE ← preferred_language (text)",
            "VIP_TIER ← metafields.custom.loyalty_tier (text)",
            "AOV ← average_order_value (number)",
            "RECENCY ← days_since_last_order (number)",
        ]
    );
    assert!(settings.field_mapping.contains_key("phone") && settings.field_mapping.contains_key("email"));
}

#[test]
fn any_field_can_be_written_in_full_and_metafields_with_their_kind() {
    let settings = read(
        "field_mapping:\n  metafields.custom.birthday: { attribute: birthday, kind: date }\n  note_attributes.gift message: Gift\n  addresses[0].state: STATE\n  default_address.city: CITY\n  note: NOTE\n  tags: { attribute: TAGS }\n  orders_count: { attribute: ORDERS, kind: number }\n",
    );
    let rules = effective_rules(&settings);
    let rules: Vec<String> = rules
        .iter()
        .map(|mapped| format!("{} ← {} ({})", mapped.attribute, mapped.source, mapped.kind))
        .collect();
    assert_eq!(
        rules,
        [
            "BIRTHDAY ← metafields.custom.birthday (date)",
            "GIFT ← note_attributes.gift message (text)",
            "STATE ← default_address.province (text)",
            "CITY ← default_address.city (text)",
            "NOTE ← note (text)",
            "TAGS ← tags (text)",
            "ORDERS ← orders_count (number)",
        ]
    );
    assert_eq!(settings.field_mapping.metafields().collect::<Vec<_>>(), [("custom", "birthday")]);
}

#[test]
fn the_catalogue_document_is_accepted_as_written_and_read() {
    let settings = read(
        "sync:\n  products:\n    enabled: true\n    include_variants: false\n    include_images: true\n    categories_as_tags: true\n    filter:\n      status: active\n      exclude_tags: [\"hidden\", \"wholesale-only\"]\n  inventory:\n    enabled: true\n    low_stock_threshold: 10\n    out_of_stock_events: false\n  orders:\n    include_test_orders: true\n    item_events: true\n",
    );
    assert!(settings.sync.products && settings.sync.inventory && settings.sync.orders);
    let filter = ProductFilter {
        status: Some("active".to_owned()),
        published: false,
        exclude_tags: vec!["hidden".to_owned(), "wholesale-only".to_owned()],
    };
    assert_eq!(
        settings.products,
        ProductSettings { include_variants: false, include_images: true, categories_as_tags: true, filter }
    );
    assert_eq!(
        settings.inventory,
        InventorySettings { low_stock_threshold: Some(10), out_of_stock_events: false, alert_email: None }
    );
    assert_eq!(settings.orders, OrderSettings { include_test_orders: true, item_events: true });
}

#[test]
fn only_active_products_are_synced_unless_the_filter_says_otherwise() {
    let filter = |own: &str| read(&format!("sync: {{products: {{filter: {{{own}}}}}}}")).products.filter;
    assert_eq!(read("").products.filter, ProductFilter::default());
    for (own, status) in [
        ("", Some("active")),
        ("exclude_tags: [hidden]", Some("active")),
        ("published: online_store", Some("active")),
        ("status: draft", Some("draft")),
        ("status: any", None),
    ] {
        assert_eq!(filter(own).status.as_deref(), status, "{own}");
    }
    assert!(filter("published: online_store").published && !filter("status: any").published);
}

#[test]
fn the_debug_document_is_accepted_as_written_and_read() {
    let logging =
        read("connectors:\n  shopify:\n    debug: true\n    log_level: verbose\n    log_webhooks: true\n")
            .logging;
    assert!(logging.debug && logging.webhooks);
    assert_eq!((logging.level, Settings::default().logging.level), (LogLevel::Verbose, LogLevel::Normal));
}

#[test]
fn the_connectors_own_keys_win_over_the_shared_ones() {
    let settings = read(
        "sync:\n  orders: false\n  carts: false\n  products:\n    include_images: false\n    include_variants: false\nfield_mapping:\n  first_name: SHARED\n  last_name: FAMILY\nconnectors:\n  shopify:\n    sync:\n      orders: true\n      products: { include_variants: true }\n    field_mapping:\n      first_name: OWN\n",
    );
    assert!(settings.sync.orders && !settings.sync.carts);
    assert!(settings.products.include_variants && !settings.products.include_images);
    let attribute = |source: &str| settings.field_mapping.get(source).map(|mapped| mapped.attribute.clone());
    assert_eq!(attribute("first_name").as_deref(), Some("OWN"));
    assert_eq!(attribute("last_name").as_deref(), Some("FAMILY"));
}

#[test]
fn each_part_of_the_product_filter_is_the_connectors_own_or_else_the_shared_one() {
    let shared = "sync: {products: {filter: {status: active, exclude_tags: [hidden]}}}\n";
    for (own, status, tags) in [
        ("{exclude_tags: [wholesale]}", Some("active"), &["wholesale"][..]),
        ("{status: draft}", Some("draft"), &["hidden"]),
        ("{exclude_tags: []}", Some("active"), &[]),
    ] {
        let own = format!("connectors: {{shopify: {{sync: {{products: {{filter: {own}}}}}}}}}\n");
        let filter = read(&format!("{shared}{own}")).products.filter;
        assert_eq!(
            (filter.status.as_deref(), filter.exclude_tags),
            (status, tags.iter().map(|tag| (*tag).to_owned()).collect())
        );
    }
}

#[test]
fn only_the_spoken_version_is_accepted_without_a_word() {
    let warnings =
        |version: &str| read(&format!("connectors: {{shopify: {{api_version: \"{version}\"}}}}")).warnings;
    for version in ["2024-01", "2026-04", "2026-07", "soon"] {
        let warning = warnings(version).concat();
        assert!(warning.contains(version) && warning.contains("2026-10 is used instead"), "{warning}");
    }
    assert!(warnings("2026-10").is_empty());
}

#[test]
fn a_document_about_another_shop_is_refused_with_a_hint() {
    let settings = read("connectors: {shopify: {shop_url: \"https://Your-Store.myshopify.com/\"}}");
    assert_eq!(settings.check_shop("your-store.myshopify.com"), Ok(()));
    assert_eq!(read("").check_shop("your-store.myshopify.com"), Ok(()));
    let error = settings.check_shop("other-store.myshopify.com").unwrap_err();
    let text = error.to_string();
    assert!(text.contains("shop_url") && text.contains("other-store.myshopify.com"), "{text}");
    assert!(error.hint.unwrap().contains("a document of its own"));
}

#[test]
fn days_that_stand_still_between_webhooks_are_warned_of() {
    let warnings = read("field_mapping: {days_since_last_order: RECENCY}").warnings;
    assert!(warnings.concat().contains("RECENCY as of the contact's last webhook"), "{warnings:?}");
    assert!(read("field_mapping: {last_order_date: LAST}").warnings.is_empty());
}

#[test]
fn stock_events_that_nobody_would_get_are_warned_of() {
    let warnings = |inventory: &str| read(&format!("sync: {{inventory: {{{inventory}}}}}")).warnings.concat();
    let asked = "enabled: true, low_stock_threshold: 10, out_of_stock_events: true";
    assert!(warnings(asked).contains("alert_email"));
    assert_eq!(warnings(&format!("{asked}, alert_email: shop@example.com")), "");
    assert_eq!(warnings("enabled: false, low_stock_threshold: 10"), "", "nothing was to be sent");
    assert_eq!(warnings("enabled: true"), "", "nobody asked");
}

#[test]
fn a_document_without_anything_in_it_gives_the_defaults() {
    for text in [
        "",
        "\n",
        "# nothing yet\n",
        "connectors:\n  shopify: {}\n",
        "connectors:\n  shopify:\n    lists: {}\n",
    ] {
        assert_eq!(read(text), Settings::default(), "{text}");
    }
}

/// Versions before took any name in `field_mapping`, and a store must not stand still for it.
#[test]
fn a_stored_document_of_an_older_version_is_still_read() {
    let old = "field_mapping:\n  first_name: GIVEN\n  shoe_size: SIZE\n  last_name: given\n  phone: PHONE\n";
    assert!(Settings::from_yaml(old).is_err());
    let settings = Settings::from_stored(old).unwrap();
    let attributes: Vec<String> =
        effective_rules(&settings).into_iter().map(|mapped| mapped.attribute).collect();
    assert_eq!(attributes, ["GIVEN"]);
    assert!(settings.warnings.iter().any(|warning| warning.contains("shoe_size")), "{:?}", settings.warnings);
}

#[test]
fn quiet_is_half_an_hour_unless_the_store_says_otherwise() {
    assert_eq!(read("").abandoned_after, SignedDuration::from_mins(30));
    let own = |text: &str| {
        Settings::from_yaml(&format!("sync:\n  carts:\n    abandoned_after: {text}\n"))
            .map(|settings| settings.abandoned_after)
            .map_err(|error| error.to_string())
    };
    assert_eq!(own("20s").unwrap(), SignedDuration::from_secs(20));
    assert_eq!(own("1h 30m").unwrap(), SignedDuration::from_mins(90));
    assert_eq!(own("1s").unwrap(), SignedDuration::from_secs(1));
    assert_eq!(own("168h").unwrap(), SignedDuration::from_hours(168));
    for wrong in ["soon", "0s", "169h", "-5m", "30"] {
        let error = own(wrong).unwrap_err();
        assert!(error.contains("`sync.carts.abandoned_after` is"), "{wrong}: {error}");
    }
}

#[test]
fn the_contact_for_stock_alerts_is_an_address() {
    let read = |text: &str| Settings::from_yaml(&format!("sync: {{inventory: {{alert_email: {text}}}}}"));
    let known = read("Owner@Example.com").unwrap().inventory.alert_email.unwrap();
    assert_eq!(known.as_str(), "owner@example.com");
    let error = read("nobody").unwrap_err().to_string();
    assert!(error.contains("`sync.inventory.alert_email` is no email address"), "{error}");
    assert!(!error.contains("nobody"), "{error}");
}

#[test]
fn an_attributes_name_has_one_to_fifty_characters() {
    let named = |name: &str| Settings::from_yaml(&format!("field_mapping:\n  tags: \"{name}\"\n")).is_ok();
    assert!(named("A") && named(&"A".repeat(50)));
    assert!(!named("") && !named(&"A".repeat(51)) && !named("MY TAGS"));
}
