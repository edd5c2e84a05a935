use super::*;

const SHOP: &str = "demo-shop.myshopify.com";
const OTHER_SHOP: &str = "other-shop.myshopify.com";

fn id(name: &str) -> StoreId {
    StoreId::parse(name).unwrap()
}

fn empty() -> Value {
    json!({ "v": 1, "stores": {}, "apps": {}, "brevo": {} })
}

fn keys(client_id: &str, secrets: &[&str]) -> AppKeys {
    let client_secrets = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
    AppKeys { client_id: client_id.to_owned(), client_secrets }
}

/// Connects a store with an app whose first secret is vouched for.
fn vouched(keyring: &mut Value, store: &str, shop: &str, app: &AppKeys) {
    put_store(keyring, &id(store), shop, app, app.client_secrets.first());
}

/// The secrets that the door takes for a store, in their order.
fn good(keyring: &Value, store: &str) -> Vec<String> {
    let read = Keyring::parse(&[keyring.to_string().into()]).unwrap();
    let secrets = read.store(&id(store)).map(|keys| keys.secrets.clone()).unwrap_or_default();
    secrets.iter().map(|secret| secret.expose_secret().to_owned()).collect()
}

#[test]
fn what_signed_before_is_still_good_and_what_is_written_is_read_by_the_door() {
    let mut keyring = empty();
    put_store(&mut keyring, &id("demo"), SHOP, &keys("", &["first"]), None);
    vouched(&mut keyring, "demo", SHOP, &keys("id", &["second"]));
    put_app(&mut keyring, "id", &"third".into());
    assert_eq!(good(&keyring, "demo"), ["first", "third", "second"]);
    assert_eq!(store_of(&keyring, SHOP), Some(id("demo")));
    drop_store(&mut keyring, &id("demo"));
    assert!(good(&keyring, "demo").is_empty());
    let read = Keyring::parse(&[keyring.to_string().into()]).unwrap();
    assert_eq!(read.app_secrets().len(), 2, "what the law asks still comes");
}

#[test]
fn a_secret_that_nobody_vouched_for_signs_for_its_store_alone() {
    let mut keyring = empty();
    vouched(&mut keyring, "demo", SHOP, &keys("id", &["genuine"]));
    vouched(&mut keyring, "other", OTHER_SHOP, &keys("id", &["genuine"]));
    let before = keyring["apps"].clone();
    for forged in ["forged-1", "forged-2", "forged-3"] {
        put_store(&mut keyring, &id("demo"), SHOP, &keys("id", &["genuine", forged]), None);
        assert_eq!(good(&keyring, "other"), ["genuine"]);
        assert_eq!(keyring["apps"], before);
        assert!(good(&keyring, "demo").contains(&"genuine".to_owned()), "it is not evicted there either");
    }
    assert_eq!(good(&keyring, "demo"), ["forged-3", "forged-2", "genuine"], "two of its own at most");
}

#[test]
fn a_store_is_of_an_app_that_it_was_of_or_whose_secret_it_brings() {
    let mut keyring = empty();
    put_app(&mut keyring, "id", &"genuine".into());
    // A client id is public: with another secret it makes nobody a store of that app, and the app speaks for nobody.
    put_store(&mut keyring, &id("demo"), SHOP, &keys("id", &["guessed"]), None);
    assert_eq!(keyring["stores"]["demo"]["app"], Value::Null);
    assert_eq!(good(&keyring, "demo"), ["guessed"]);
    put_store(&mut keyring, &id("demo"), SHOP, &keys("id", &["genuine"]), None);
    assert_eq!(keyring["stores"]["demo"]["app"], "id");
    assert_eq!(good(&keyring, "demo"), ["guessed", "genuine"]);
    // It was of the app: it stays so, whatever comes.
    put_store(&mut keyring, &id("demo"), SHOP, &keys("id", &["later"]), None);
    assert_eq!(good(&keyring, "demo"), ["later", "guessed", "genuine"]);
    // Another app without a proof: its webhooks alone are let in, and what signed for the store before.
    put_store(&mut keyring, &id("demo"), SHOP, &keys("second", &["own"]), None);
    assert_eq!(keyring["stores"]["demo"]["app"], Value::Null);
    assert_eq!(good(&keyring, "demo"), ["own", "later"]);
    assert_eq!(keyring["apps"].as_object().unwrap().len(), 1);
}

#[test]
fn a_secret_that_is_vouched_for_becomes_the_apps_present_one_and_is_no_stores_own_any_more() {
    let mut keyring = empty();
    vouched(&mut keyring, "demo", SHOP, &keys("id", &["old"]));
    vouched(&mut keyring, "other", OTHER_SHOP, &keys("id", &["old"]));
    put_store(&mut keyring, &id("demo"), SHOP, &keys("id", &["old", "new"]), None);
    assert_eq!(good(&keyring, "demo"), ["new", "old"]);
    put_store(&mut keyring, &id("demo"), SHOP, &keys("id", &["new", "old"]), Some(&"new".into()));
    assert_eq!(keyring["apps"]["id"]["secrets"], json!(["new", "old"]));
    assert_eq!(keyring["stores"]["demo"]["secrets"], json!([]));
    assert_eq!(good(&keyring, "other"), ["new", "old"]);
    // One that is there already comes first: Shopify has just taken it.
    put_store(&mut keyring, &id("demo"), SHOP, &keys("id", &["old"]), Some(&"old".into()));
    assert_eq!(keyring["apps"]["id"]["secrets"], json!(["old", "new"]));
    // Without a client id there is no app to speak for.
    put_store(&mut keyring, &id("demo"), SHOP, &keys("", &["custom"]), Some(&"custom".into()));
    assert_eq!(keyring["apps"].as_object().unwrap().len(), 1);
    assert_eq!(good(&keyring, "demo"), ["custom"]);
}

#[test]
fn purging_an_app_leaves_its_present_secret_and_nothing_of_its_stores_own() {
    let mut keyring = empty();
    vouched(&mut keyring, "demo", SHOP, &keys("id", &["forged"]));
    vouched(&mut keyring, "other", OTHER_SHOP, &keys("second", &["theirs"]));
    put_store(&mut keyring, &id("demo"), SHOP, &keys("id", &["own"]), None);
    put_app(&mut keyring, "id", &"genuine".into());
    put_app(&mut keyring, "second", &"theirs-now".into());
    let (app, gone, stores) = purge_app(&mut keyring, "id").unwrap();
    assert_eq!((gone, stores), (2, vec![id("demo")]));
    assert_eq!(shown(&app.client_secrets), ["genuine"]);
    assert_eq!(good(&keyring, "demo"), ["genuine"]);
    assert_eq!(good(&keyring, "other"), ["theirs-now", "theirs"], "another app's stay");
    assert_eq!(purge_app(&mut keyring, "id").unwrap().1, 0, "again: there is nothing left to do");
    assert!(purge_app(&mut keyring, "nobody").is_none());
    assert_eq!(keyring["apps"].as_object().unwrap().len(), 2);
}

#[test]
fn purging_a_store_leaves_its_app_or_else_its_present_secret() {
    let mut keyring = empty();
    vouched(&mut keyring, "demo", SHOP, &keys("id", &["older"]));
    put_app(&mut keyring, "id", &"genuine".into());
    put_store(&mut keyring, &id("demo"), SHOP, &keys("id", &["own"]), None);
    let (left, gone) = purge_store(&mut keyring, &id("demo")).unwrap();
    assert_eq!((shown(&left), gone), (vec!["genuine", "older"], 1));
    assert_eq!(good(&keyring, "demo"), ["genuine", "older"], "the app's are purged with the app");
    put_store(&mut keyring, &id("other"), OTHER_SHOP, &keys("", &["first"]), None);
    put_store(&mut keyring, &id("other"), OTHER_SHOP, &keys("", &["second"]), None);
    let (left, gone) = purge_store(&mut keyring, &id("other")).unwrap();
    assert_eq!((shown(&left), gone), (vec!["second"], 1));
    assert_eq!(good(&keyring, "other"), ["second"]);
    assert!(purge_store(&mut keyring, &id("nobody")).is_none());
    assert_eq!(keyring["stores"].as_object().unwrap().len(), 2);
}
