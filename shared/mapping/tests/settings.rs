//! The documents of the product are accepted as they are written.

use jiff::SignedDuration;
use tajo_mapping::{Settings, effective_rules};

#[test]
fn the_connector_document_is_accepted_as_written() {
    let settings = Settings::from_yaml(
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
    )
    .unwrap();
    assert!(settings.enabled && settings.sync.carts && !settings.sync.inventory);
    let lists = settings.lists;
    assert_eq!((lists.all_customers, lists.buyers, lists.abandoned_cart), (Some(5), Some(6), Some(7)));
    assert_eq!(settings.shop_url.as_deref(), Some("your-store.myshopify.com"));
    assert_eq!(
        settings.warnings,
        ["`api_version: 2024-01` is not what this connector speaks: 2026-10 is used instead"]
    );
}

#[test]
fn the_mapping_document_is_accepted_and_replaces_the_defaults() {
    let settings = Settings::from_yaml(
        "field_mapping:\n  email: email\n  first_name: GIVEN\n  phone: SMS\n  average_order_value: AOV\n  loyalty_tier: VIP_TIER\n",
    )
    .unwrap();
    let attributes: Vec<String> = effective_rules(&settings).into_iter().map(|(_, name)| name).collect();
    assert_eq!(attributes, ["GIVEN", "AOV"]);
}

#[test]
fn the_catalogue_document_and_the_debug_document_are_accepted() {
    let settings = Settings::from_yaml(
        "sync:\n  products:\n    enabled: true\n    include_variants: true\n    include_images: true\n    categories_as_tags: true\n    filter:\n      status: active\n      exclude_tags: [\"hidden\", \"wholesale-only\"]\n  inventory:\n    enabled: true\n    low_stock_threshold: 10\n    out_of_stock_events: true\n",
    )
    .unwrap();
    assert!(settings.sync.products && settings.sync.inventory);
    let debug = "connectors:\n  shopify:\n    debug: true\n    log_level: verbose\n    log_webhooks: true\n";
    assert!(Settings::from_yaml(debug).is_ok());
}

#[test]
fn the_connectors_own_keys_win_over_the_shared_ones() {
    let settings = Settings::from_yaml(
        "sync:\n  orders: false\n  carts: false\nfield_mapping:\n  first_name: SHARED\nconnectors:\n  shopify:\n    sync:\n      orders: true\n    field_mapping:\n      first_name: OWN\n",
    )
    .unwrap();
    assert!(settings.sync.orders && !settings.sync.carts);
    assert_eq!(settings.field_mapping["first_name"], "OWN");
}

#[test]
fn quiet_is_half_an_hour_unless_the_store_says_otherwise() {
    assert_eq!(Settings::from_yaml("").unwrap().abandoned_after, SignedDuration::from_mins(30));
    let own = |text: &str| {
        Settings::from_yaml(&format!("sync:\n  carts:\n    abandoned_after: {text}\n"))
            .map(|settings| settings.abandoned_after)
            .map_err(|error| error.to_string())
    };
    assert_eq!(own("20s").unwrap(), SignedDuration::from_secs(20));
    assert_eq!(own("1h 30m").unwrap(), SignedDuration::from_mins(90));
    assert_eq!(own("1s").unwrap(), SignedDuration::from_secs(1));
    assert_eq!(own("168h").unwrap(), SignedDuration::from_hours(168));
    for wrong in ["soon", "0s", "169h", "-5m"] {
        let error = own(wrong).unwrap_err();
        assert!(error.starts_with("`sync.carts.abandoned_after` is"), "{wrong}: {error}");
    }
}

#[test]
fn an_unknown_key_is_refused_and_named() {
    let error =
        Settings::from_yaml("connectors:\n  shopify:\n    lists:\n      buyer: 6\n").unwrap_err().to_string();
    assert!(error.contains("buyer"), "{error}");
}

#[test]
fn the_contact_for_stock_alerts_is_an_address() {
    let read = |text: &str| Settings::from_yaml(&format!("sync: {{inventory: {{alert_email: {text}}}}}"));
    let known = read("Owner@Example.com").unwrap().inventory.alert_email.unwrap();
    assert_eq!(known.as_str(), "owner@example.com");
    assert!(read("nobody").unwrap_err().to_string().starts_with("`sync.inventory.alert_email` is"));
}
