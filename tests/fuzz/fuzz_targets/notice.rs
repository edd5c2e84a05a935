//! Any text on the queue: a notice or a reason. A notice that was read is written and read again as it was; a body that
//! was wrapped comes out as it went in.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use tajo_platforms::{Notice, Platform};

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(notice) = Notice::from_json(text)
    {
        let again = Notice::from_json(&notice.to_json()).expect("what was written can be read");
        assert!(notice == again);
        let _ = notice.body();
    }
    let wrapped = Notice::new(Platform::Shopify, "demo-shop.myshopify.com", "orders/create", "d", Timestamp::UNIX_EPOCH)
        .wrap(data);
    if wrapped.id_only().is_none() {
        assert_eq!(wrapped.body().expect("a wrapped body can be read"), data);
    }
});
