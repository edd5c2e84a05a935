//! A mistake is named with its place and key, and with what was probably meant.

#![allow(clippy::unwrap_used)] // helpers of tests are tests too

use std::fmt::Write;

use tajo_mapping::Settings;

/// One mistake each.
const MISTAKES: [&str; 43] = [
    "connectors:\n  shopify:\n    lists:\n      buyer: 6\n",
    "conectors:\n  shopify:\n    enabled: true\n",
    "connectors:\n  shopfy:\n    enabled: true\n",
    "connectors:\n  shopify:\n    colour: blue\n",
    "connectors:\n  shopify:\n    enabled: maybe\n",
    "connectors:\n  shopify:\n    enabled: [1]\n",
    "connectors:\n  shopify:\n    lists:\n      buyers: \"6\"\n",
    "connectors:\n  shopify:\n    lists:\n      buyers: \"\"\n",
    "connectors:\n  shopify:\n    lists:\n      buyers: [6]\n",
    "connectors:\n  shopify:\n    lists:\n      buyers: 0\n",
    "connectors:\n  shopify:\n    lists:\n      buyers: -6\n",
    "connectors:\n  shopify:\n    lists: 6\n",
    "connectors:\n  shopify:\n    lists:\n",
    "connectors:\n  shopify:\n    log_level: loud\n",
    "connectors:\n  shopify:\n    log_level: verbos\n",
    "sync:\n  orders: sometimes\n",
    "sync:\n  orders:\n    abandoned_after: 30m\n",
    "sync:\n  carts:\n    abandoned_after: soon\n",
    "sync:\n  carts:\n    abandoned_after: 400h\n",
    "sync:\n  products:\n    filter:\n      status: activ\n",
    "sync:\n  products:\n    include_variant: true\n",
    "sync:\n  inventory:\n    low_stock_threshold: -1\n",
    "field_mapping:\n  frist_name: FIRSTNAME\n",
    "field_mapping:\n  default_address.town: TOWN\n  default_address.citty: CITY\n",
    "field_mapping:\n  default_address.citty: CITY\n",
    "field_mapping:\n  metafields.birthday: BIRTHDAY\n",
    "field_mapping:\n  metafields..birthday: BIRTHDAY\n",
    "field_mapping:\n  metafields.custom.: BIRTHDAY\n",
    "field_mapping:\n  note_attributes.: GIFT\n",
    "field_mapping:\n  first_name: NAME\n  last_name: name\n",
    "field_mapping:\n  loyalty_tier: TIER\n  metafields.custom.loyalty_tier: TIER2\n",
    "field_mapping:\n  first_name: SMS\n",
    "field_mapping:\n  phone: PHONE\n",
    "field_mapping:\n  tags: EXT_ID\n",
    "field_mapping:\n  tags: MY TAGS\n",
    "field_mapping:\n  tags: { attribute: TAGS, kind: date }\n",
    "field_mapping:\n  metafields.custom.birthday: { atribute: BIRTHDAY }\n",
    "field_mapping:\n  metafields.custom.birthday: { attribute: BIRTHDAY, kind: day }\n",
    "connectors:\n  shopify:\n   enabled: true\n  - x\n",
    "connectors:\n  shopify:\n    contacts:\n      creat: false\n",
    "connectors:\n  shopify:\n    contacts:\n      identity: [customer_id, phone]\n",
    "connectors:\n  shopify:\n    contacts:\n      identity: [email, phone, email]\n",
    "connectors:\n  shopify:\n    contacts:\n      identity: [email, custmer_id]\n",
];

#[test]
fn every_mistake_is_named_with_its_place_its_key_and_what_was_meant() {
    let mut shown = String::new();
    for text in MISTAKES {
        let error = match Settings::from_yaml(text) {
            Ok(_) => "accepted".to_owned(),
            Err(error) => {
                let hint = error.hint.as_deref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
                format!("{}{hint}", error.in_file("tajo.yaml"))
            }
        };
        writeln!(shown, "{}\n{error}\n", text.trim_end()).unwrap();
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a_value_in_the_wrong_place_is_not_repeated() {
    for text in [
        "connectors:\n  shopify:\n    lists: shpat_secret\n",
        "connectors: shpat_secret\n",
        "connectors:\n  shopify:\n    enabled: shpat_secret\n",
        "sync:\n  orders: shpat_secret\n",
        "sync:\n  inventory:\n    low_stock_threshold: shpat_secret\n",
        "field_mapping: shpat_secret\n",
    ] {
        let error = Settings::from_yaml(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("shpat_secret"), "{error}");
    }
}
