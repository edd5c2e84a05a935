use super::*;

fn parse(texts: &[&str]) -> Result<Keyring, KeyringError> {
    let texts: Vec<_> = texts.iter().map(|text| SecretString::from(*text)).collect();
    Keyring::parse(&texts)
}

fn secrets(keys: &StoreKeys) -> Vec<&str> {
    keys.secrets.iter().map(ExposeSecret::expose_secret).collect()
}

fn id(text: &str) -> StoreId {
    StoreId::parse(text).unwrap()
}

#[test]
fn a_store_has_its_own_secrets_and_those_of_its_app() {
    let keyring = parse(&[
        r#"{"v":1,"stores":{
            "demo":{"platform":"shopify","shop":"Demo-Shop.myshopify.com","secrets":["current","previous",""]},
            "listed":{"platform":"shopify","shop":"listed.myshopify.com","app":"public"}}}"#,
        r#"{"v":1,"apps":{"public":{"secrets":["app-current","app-previous"]}}}"#,
    ])
    .unwrap();
    let (found, demo) = keyring.by_shop("demo-shop.myshopify.com").unwrap();
    assert_eq!((found, secrets(demo)), (&id("demo"), vec!["current", "previous"]));
    assert_eq!(secrets(keyring.store(&id("listed")).unwrap()), ["app-current", "app-previous"]);
    assert_eq!(keyring.app_secrets().len(), 2);
    assert!(keyring.store(&id("other")).is_none() && keyring.by_shop("other.myshopify.com").is_none());
}

#[test]
fn one_bad_entry_does_not_lock_out_the_others() {
    let keyring = parse(&[r#"{"v":1,"unknown":{},"apps":{"bad":7},"stores":{
        "demo":{"platform":"shopify","shop":"demo-shop.myshopify.com","secrets":["s"],"note":"later field"},
        "future":{"platform":"moon","shop":"x","secrets":["s"]},
        "Bad Id":{"platform":"shopify","shop":"a.myshopify.com","secrets":["s"]},
        "evil":{"platform":"shopify","shop":"evil.test","secrets":["s"]},
        "broken":{"shop":["x"]}}}"#])
    .unwrap();
    assert_eq!(keyring.stores.len(), 1);
}

#[test]
fn an_error_or_debug_never_shows_a_secret() {
    for text in ["hush", r#"{"v":1,"stores":"hush"}"#, r#"{"v":"hush"}"#] {
        let error = parse(&[text]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    }
    assert_eq!(
        parse(&[r#"{"v":2}"#]).unwrap_err().to_string(),
        "the keyring secret has format version 2, but this program reads versions up to 1"
    );
    let keyring = parse(&[
        r#"{"v":1,"stores":{"demo":{"platform":"shopify","shop":"d.myshopify.com","secrets":["hush"]}}}"#,
    ]);
    assert!(!format!("{keyring:?}").contains("hush"));
}

#[test]
fn a_copy_is_read_anew_after_a_minute_and_no_sooner() {
    let start = Instant::now();
    let after = |seconds| start + Duration::from_secs(seconds);
    let none = Copy { keyring: None, tried_at: Some(start) };
    assert!(none.is_due(start), "without a copy there is nothing to wait for");
    let some = Copy { keyring: Some(Arc::default()), tried_at: Some(start) };
    assert!(!some.is_due(after(59)) && some.is_due(after(60)));
}

#[test]
fn a_keyring_of_nobody_refuses_as_slowly_as_one_of_many() {
    let keyring = parse(&[]).unwrap();
    assert_eq!((keyring.rounds(false), keyring.brevo_rounds()), (LEAST_ROUNDS, LEAST_ROUNDS));
}
