//! Any text as the query of an installation: never a panic, and what was not signed with the secret is not believed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tajo_platforms::shopify::oauth::{SignedQuery, sign_query};

const NOW: i64 = 1_793_000_000;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(query) = SignedQuery::parse(text) {
        let _ = query.shop();
        assert!(query.verify(&[], 2, NOW).is_err(), "without a secret nothing is believed");
        let _ = format!("{query:?}");
    }
    // What is signed is believed, in any order of its parameters.
    let unsigned: Vec<&str> = text.split('&').filter(|pair| !pair.is_empty()).collect();
    let unsigned = format!("{}&timestamp={NOW}", unsigned.join("&"));
    let Ok(parsed) = SignedQuery::parse(&unsigned) else { return };
    if parsed.is_signed() || parsed.get("signature").is_some() {
        return;
    }
    let hmac = sign_query(&unsigned, b"hush");
    let signed = SignedQuery::parse(&format!("hmac={hmac}&{unsigned}"));
    if let Ok(signed) = signed {
        assert!(signed.verify(&[b"hush"], 2, NOW).is_ok());
        assert!(signed.verify(&[b"other"], 2, NOW).is_err());
    }
});
