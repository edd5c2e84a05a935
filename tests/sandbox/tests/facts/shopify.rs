//! The shop: signatures and deliveries.

use tajo_sandbox::shopify::{Delivery, sign};

#[test]
fn a_signature_is_base64_of_hmac_sha256_over_the_raw_body() {
    let body = br#"{"id":706405506930370084,"email":"bob@biller.com"}"#;
    assert_eq!(sign("hush", body), "WxDgBL1/ovzvO2Lfp0EetoVjhhhSMbm2zV5VGVf5us8=");
    let body =
        r#"{"id":1,"first_name":"Zoë","last_name":"李","note":"line\u2028sep \/ slash","total":"10.00"}"#;
    assert_eq!(
        sign("example-client-secret-2", body.as_bytes()),
        "atjaTCP0IJ3tHfuNY7J6Es0Fu+r5sDFVIc2uqSQPnQI="
    );
}

#[test]
fn a_delivery_has_all_of_shopifys_headers() {
    let delivery = Delivery::new("jo.myshopify.com", "orders/create", b"{}".to_vec());
    let headers = delivery.headers(Some("signature"));
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    for name in
        ["topic", "shop-domain", "api-version", "webhook-id", "event-id", "triggered-at", "hmac-sha256"]
    {
        assert!(names.contains(&format!("x-shopify-{name}").as_str()), "{name}");
    }
    assert_eq!(delivery.headers(None).len(), headers.len() - 1);
    assert_ne!(
        delivery.webhook_id,
        Delivery::new("jo.myshopify.com", "orders/create", Vec::new()).webhook_id
    );
}
