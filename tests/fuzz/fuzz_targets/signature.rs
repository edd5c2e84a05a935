//! Any headers and any signature: only the true one is genuine, and every refusal costs the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tajo_platforms::shopify::webhook::{Headers, shop_domain, sign, verify};

/// Two length bytes, then secret, signature and body.
fuzz_target!(|data: &[u8]| {
    let [secret_len, signature_len, rest @ ..] = data else { return };
    let (secret, rest) = rest.split_at(usize::from(*secret_len).min(rest.len()));
    let (signature, body) = rest.split_at(usize::from(*signature_len).min(rest.len()));
    let claimed = String::from_utf8_lossy(signature);

    let headers = Headers::read([("X-Shopify-Hmac-Sha256", &*claimed), ("x-shopify-shop-domain", &*claimed)]);
    if let Some(shop) = &headers.shop {
        assert_eq!(shop_domain(shop).as_deref(), Some(shop.as_str()));
    }

    let check = verify(body, Some(&claimed), &[secret], 2);
    let is_true = !secret.is_empty() && !body.is_empty() && *claimed == sign(body, secret);
    if check.genuine {
        assert!(is_true, "a forged signature was taken");
    } else {
        assert_eq!(check.computed, 2);
    }
    if !secret.is_empty() && !body.is_empty() {
        assert!(verify(body, Some(&sign(body, secret)), &[b"other", secret], 2).genuine);
    }
});
