use super::*;

fn notice() -> Notice {
    let received_at = "2026-11-02T08:15:04Z".parse().unwrap();
    let mut notice = Notice::new(
        Platform::Shopify,
        "demo-shop.myshopify.com",
        "orders/create",
        "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        received_at,
    );
    notice.store = StoreId::parse("demo").ok();
    notice
}

/// Bytes that do not deflate.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length)
        .map(|_| {
            b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"[usize::from(next() & 63)]
        })
        .collect()
}

#[test]
fn a_body_travels_unchanged() {
    for body in [&b"{\"id\":1,\"first_name\":\"Zo\xc3\xab\"}"[..], b"", b"not json \xff\x00", &noise(5_000)] {
        let sent = notice().wrap(body).to_json();
        assert_eq!(Notice::from_json(&sent).unwrap().body().unwrap(), body);
    }
}

/// Written by version 1. Never change this text: notices like it may wait on a queue during an upgrade.
#[test]
fn a_notice_of_version_1_stays_readable() {
    let v1 = r#"{"v":1,"store":"demo","platform":"shopify","shop":"demo-shop.myshopify.com","topic":"customers/delete","delivery":"b54557e4","event":"e-1","triggered_at":"2026-11-02T08:15:03.123456789Z","received_at":"2026-11-02T08:15:04Z","api_version":"2026-10","body":"q1bKTFGyMjQyrgUA","attempts":2,"redelivered":true}"#;
    let notice = Notice::from_json(v1).unwrap();
    assert_eq!(notice.body().unwrap(), br#"{"id":123}"#);
    assert_eq!(notice.store.as_ref().map(StoreId::as_str), Some("demo"));
    assert_eq!(notice.time(), "2026-11-02T08:15:03.123456789Z".parse().unwrap());
    assert_eq!((notice.attempts, notice.redelivered), (2, true));
    assert_eq!(notice.to_json(), v1);

    let id_only = r#"{"v":1,"platform":"shopify","shop":"demo-shop.myshopify.com","topic":"shop/redact","delivery":"b5","received_at":"2026-11-02T08:15:04Z","id_only":{"id":"123"},"attempts":0,"redelivered":false}"#;
    let notice = Notice::from_json(id_only).unwrap();
    assert_eq!(notice.store, None);
    assert_eq!(notice.id_only().and_then(|only| only.id.as_deref()), Some("123"));
    assert_eq!(notice.time(), notice.received_at);
}

#[test]
fn a_notice_of_the_future_is_refused_with_a_clear_reason() {
    let reason = Notice::from_json(r#"{"v":2,"tenant":"x"}"#).unwrap_err().reason;
    assert!(reason.contains("format version 2") && reason.contains("newer release"), "{reason}");
}

#[test]
fn what_is_no_notice_is_refused_without_quoting_it() {
    for text in ["", "jo@example.com", "[1]", r#"{"v":1,"shop":"jo@example.com"}"#, r#"{"hello":1}"#] {
        let reason = Notice::from_json(text).unwrap_err().reason;
        assert!(reason.contains("not a notice") && !reason.contains("jo@"), "{reason}");
    }
}

#[test]
fn a_body_too_large_for_the_queue_travels_as_its_id() {
    let big = |head: &str| {
        let mut body = format!("{{{head}\"note\":\"").into_bytes();
        body.extend(noise(1_400_000));
        body.extend(b"\"}");
        notice().wrap(&body)
    };
    let order = big("\"id\":9007199254740993,\"token\":\"t\",");
    assert_eq!(order.id_only().and_then(|only| only.id.as_deref()), Some("9007199254740993"));
    assert!(order.body().unwrap_err().reason.contains("only its id"));
    let checkout = big("\"token\":\"chk-1\",");
    assert_eq!(checkout.id_only().and_then(|only| only.id.as_deref()), Some("chk-1"));
    assert_eq!(big("").id_only(), Some(&IdOnly { id: None }));

    let not_json = notice().wrap(&noise(1_400_000));
    assert_eq!(not_json.id_only(), Some(&IdOnly { id: None }));
}

#[test]
fn no_message_is_ever_larger_than_the_queue_takes() {
    for length in [900_000, 1_000_000, 1_040_000, 1_045_000, 1_048_000, 1_050_000, 1_060_000] {
        let mut notice = notice().wrap(&noise(length));
        notice.attempts = u32::MAX;
        notice.redelivered = true;
        assert!(notice.to_json().len() <= LARGEST_MESSAGE, "{length}");
    }
    assert!(notice().wrap(&vec![b' '; 5_000_000]).id_only().is_none(), "what deflates well fits");
}

#[test]
fn a_body_that_inflates_without_end_is_refused() {
    let bomb = notice().wrap(&vec![b' '; LARGEST_BODY + 1]);
    assert_eq!(bomb.body().unwrap_err().reason, "the body is larger than 20 MB");
    assert_eq!(notice().wrap(&vec![b' '; LARGEST_BODY]).body().unwrap().len(), LARGEST_BODY);
}

#[test]
fn a_cart_due_notice_says_since_when() {
    let store = StoreId::parse("demo").unwrap();
    let due_at = "2026-11-02T08:15:04Z".parse().unwrap();
    let notice = Notice::cart_due(&store, Platform::Shopify, "demo-shop.myshopify.com", "cart-1", due_at);
    let due = notice.read_cart_due().unwrap();
    assert_eq!((due.token.as_str(), due.due_at), ("cart-1", due_at.as_millisecond()));
    assert_eq!(notice.topic, CART_DUE);
    assert!(!notice.delivery.contains("cart-1"), "a token is a secret");
}

#[test]
fn debug_shows_no_body() {
    let shown = format!("{:?}", notice().wrap(b"{\"email\":\"jo@example.com\"}"));
    let body = notice().wrap(b"{\"email\":\"jo@example.com\"}").body.unwrap();
    assert!(shown.contains("orders/create") && !shown.contains(&body) && !shown.contains("body"), "{shown}");
}
