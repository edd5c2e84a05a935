//! What callgrind counts: verify, deflate and wrap one webhook, and the least that any such program must do.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use tajo_platforms::shopify::webhook::{self, Headers};
use tajo_platforms::{Notice, Platform};

use crate::bodies::{Basket, Buyer, OrderStage};
use crate::rng::Rng;

/// Signs the webhooks of the benchmark.
pub const CLIENT_SECRET: &str = "shpss_of_the_benchmark";

/// An order of about 17 KB, its signature included.
pub struct Sample {
    /// The raw bytes.
    pub body: Vec<u8>,
    headers: Vec<(&'static str, String)>,
}

impl Sample {
    /// Always the same.
    pub fn new() -> Self {
        let at = Timestamp::UNIX_EPOCH;
        let buyer = Buyer::new(&mut Rng::new(1), 1, at);
        let basket = Basket { number: 1, buyer, lines: 6, at };
        let body = basket.order(OrderStage::Placed, at, at);
        let headers = vec![
            (webhook::TOPIC, "orders/create".to_owned()),
            (webhook::SHOP, "demo-shop.myshopify.com".to_owned()),
            (webhook::SIGNATURE, webhook::sign(&body, CLIENT_SECRET.as_bytes())),
            (webhook::DELIVERY, "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043".to_owned()),
            (webhook::EVENT, "98880550-7158-44d4-b7cd-2c97c8a091b5".to_owned()),
            (webhook::TRIGGERED_AT, "2026-11-02T08:00:12.104372Z".to_owned()),
            (webhook::API_VERSION, "2026-10".to_owned()),
        ];
        Self { body, headers }
    }

    /// What webhook-ingress does between its handler and SQS. Answers the length of the message.
    pub fn ingress(&self) -> usize {
        let headers = Headers::read(self.headers.iter().map(|(name, value)| (*name, value.as_str())));
        let check = webhook::verify(&self.body, headers.signature.as_deref(), &[CLIENT_SECRET.as_bytes()], 2);
        if !check.genuine {
            return 0;
        }
        let (shop, topic) = (headers.shop.unwrap_or_default(), headers.topic.unwrap_or_default());
        let delivery = headers.delivery.unwrap_or_default();
        let mut notice = Notice::new(Platform::Shopify, shop, topic, delivery, Timestamp::UNIX_EPOCH);
        notice.event = headers.event;
        notice.triggered_at = headers.triggered_at;
        notice.api_version = headers.api_version;
        notice.wrap(&self.body).to_json().len()
    }

    /// The floor: one signature, deflate, base64, and one copy into a message.
    pub fn floor(&self) -> usize {
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(CLIENT_SECRET.as_bytes()) else { return 0 };
        let signature = mac.chain_update(&self.body).finalize().into_bytes();
        let mut deflate = DeflateEncoder::new(Vec::with_capacity(self.body.len()), Compression::fast());
        if deflate.write_all(&self.body).is_err() {
            return 0;
        }
        let body = STANDARD.encode(deflate.finish().unwrap_or_default());
        let mut message = Vec::with_capacity(body.len() + signature.len());
        message.extend_from_slice(&signature);
        message.extend_from_slice(body.as_bytes());
        std::hint::black_box(&message).len()
    }
}

impl Default for Sample {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_an_authentic_order_of_about_17_kb() {
        let sample = Sample::new();
        assert!((16_000..18_500).contains(&sample.body.len()), "{}", sample.body.len());
        assert!(sample.ingress() > 0);
    }
}
