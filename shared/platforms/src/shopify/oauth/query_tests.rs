use super::*;

const NOW: i64 = 1_793_000_000;

fn signed(query: &str) -> String {
    format!("{query}&hmac={}", sign_query(query, b"hush"))
}

fn verdict(raw: &str) -> Result<(), Refused> {
    let query = SignedQuery::parse(raw)?;
    query.shop()?;
    query.verify(&[b"hush"], 2, NOW)
}

fn plain() -> String {
    format!("code=0a1b&host=aG9zdA&shop=some-shop.myshopify.com&state=s&timestamp={NOW}")
}

#[test]
fn the_order_and_the_encoding_of_parameters_do_not_matter_and_everything_else_does() {
    let hmac = sign_query(&plain(), b"hush");
    assert_eq!(verdict(&signed(&plain())), Ok(()));
    let reordered =
        format!("timestamp={NOW}&hmac={hmac}&state=s&shop=some-shop.myshopify.com&host=aG9zdA&code=0a1b");
    assert_eq!(verdict(&reordered), Ok(()));
    let encoded = format!("{}&hmac={hmac}", plain().replace("some-shop", "%73ome%2Dshop"));
    assert_eq!(verdict(&encoded), Ok(()), "encoded otherwise, it says the same");
    for (what, changed) in [
        ("a value", plain().replace("0a1b", "0a1c")),
        ("a name", plain().replace("host=", "h0st=")),
        ("one more", format!("{}&x=1", plain())),
        ("one less", plain().replace("host=aG9zdA&", "")),
        ("the case of a value", plain().replace("0a1b", "0A1B")),
        ("a border moved", plain().replace("code=0a1b&host=aG9zdA", "code=0a1b%26host%3DaG9zdA")),
    ] {
        assert_eq!(verdict(&format!("{changed}&hmac={hmac}")), Err(Refused::Signature), "{what}");
    }
}

#[test]
fn a_blank_is_signed_as_it_came_or_as_percent_20() {
    let wanted = sign_query(&format!("label=two%20words&shop=a.myshopify.com&timestamp={NOW}"), b"hush");
    for blank in ["%20", "+"] {
        let raw = format!("label=two{blank}words&shop=a.myshopify.com&timestamp={NOW}&hmac={wanted}");
        assert_eq!(verdict(&raw), Ok(()), "{blank}");
    }
}

#[test]
fn arrays_keep_the_order_of_their_values() {
    let array = |first: &str, second: &str| {
        format!("ids[]={first}&ids[]={second}&shop=a.myshopify.com&timestamp={NOW}")
    };
    let hmac = sign_query(&array("1", "2"), b"hush");
    assert_eq!(verdict(&format!("{}&hmac={hmac}", array("1", "2"))), Ok(()));
    let encoded = array("1", "2").replace("[]", "%5B%5D");
    assert_eq!(verdict(&format!("{encoded}&hmac={hmac}")), Ok(()));
    assert_eq!(verdict(&format!("{}&hmac={hmac}", array("2", "1"))), Err(Refused::Signature));
}

#[test]
fn what_is_said_twice_is_refused_even_if_signed() {
    for name in ["shop", "hmac", "timestamp", "code", "state"] {
        let doubled = format!("{}&{name}=evil.myshopify.com", plain());
        let mac = Hmac::<Sha256>::new_from_slice(b"hush").unwrap();
        let hmac: String = mac
            .chain_update(&doubled)
            .finalize()
            .into_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(verdict(&format!("{doubled}&hmac={hmac}")), Err(Refused::Malformed), "{name}");
    }
}

#[test]
fn only_names_of_shops_are_shops() {
    for shop in [
        "a.myshopify.com.evil.com",
        "evil.com",
        "evil.com/a.myshopify.com",
        "a@evil.com/.myshopify.com",
        "evil.com@a.myshopify.com",
        "a.myshopify.com:8443",
        "a.myshopify.com/admin",
        "a.myshopify.com?x",
        "a.myshopify.com%23",
        "a%2Emyshopify%2Ecom.evil.com",
        "a%00.myshopify.com",
        "a%0D%0A.myshopify.com",
        "a.b.myshopify.com",
        "-a.myshopify.com",
        ".myshopify.com",
        "myshopify.com",
        "https://a.myshopify.com",
        "d%C3%A9mo.myshopify.com",
        "xn--dmo-bma.myshopify.com.evil.com",
        "a.myshopify.com.",
        "a.myshopify.com%20",
        "a_b.myshopify.com",
        "",
    ] {
        let raw = format!("shop={shop}&timestamp={NOW}");
        assert_eq!(verdict(&signed(&raw)), Err(Refused::Shop), "{shop}");
    }
    for (given, shop) in
        [("Some-Shop.MyShopify.com", "some-shop.myshopify.com"), ("a%2Emyshopify%2Ecom", "a.myshopify.com")]
    {
        assert_eq!(SignedQuery::parse(&format!("shop={given}")).unwrap().shop().as_deref(), Ok(shop));
    }
}

#[test]
fn an_old_or_future_or_missing_time_is_refused() {
    for (apart, wanted) in [(90, Ok(())), (-90, Ok(())), (91, Err(Refused::Time)), (-91, Err(Refused::Time))]
    {
        let raw = format!("shop=a.myshopify.com&timestamp={}", NOW + apart);
        assert_eq!(verdict(&signed(&raw)), wanted, "{apart}");
    }
    for time in ["", "soon", "-9223372036854775808", "99999999999999999999"] {
        assert_eq!(
            verdict(&signed(&format!("shop=a.myshopify.com&timestamp={time}"))),
            Err(Refused::Time),
            "{time}"
        );
    }
    assert_eq!(verdict(&signed("shop=a.myshopify.com")), Err(Refused::Time));
}

#[test]
fn both_secrets_are_accepted_and_no_other_key_is() {
    let query = SignedQuery::parse(&signed(&plain())).unwrap();
    assert_eq!(query.verify(&[b"new", b"hush"], 2, NOW), Ok(()));
    assert_eq!(query.verify(&[], 2, NOW), Err(Refused::Signature));
    let by_dummy = format!("{}&hmac={}", plain(), sign_query(&plain(), DUMMY_KEY));
    assert_eq!(SignedQuery::parse(&by_dummy).unwrap().verify(&[], 2, NOW), Err(Refused::Signature));
    for hmac in ["", "00", &"0".repeat(64), &sign_query(&plain(), b"hush").to_uppercase()] {
        assert_eq!(verdict(&format!("{}&hmac={hmac}", plain())), Err(Refused::Signature), "{hmac}");
    }
}

#[test]
fn debug_shows_no_value() {
    let shown = format!("{:?}", SignedQuery::parse("code=secret-code&hmac=secret-mac").unwrap());
    assert!(shown.contains("code") && !shown.contains("secret"), "{shown}");
}
