//! A Shopify shop: signs webhooks and sends them to the deployed front door.

use reqwest::header::HeaderMap;
use tajo_sandbox::shopify::{Delivery, sign};
use tajo_state::LogLine;

use crate::connect::Store;
use crate::stage::Stage;

/// What the door answered.
#[derive(Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    /// Without those that differ from answer to answer by nature.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// A webhook that can still be tampered with.
#[derive(Clone)]
pub struct Letter {
    pub delivery: Delivery,
    pub signature: Option<String>,
    pub content_type: &'static str,
    /// The store in the path, if it is named there.
    pub path: Option<String>,
}

impl Letter {
    /// A webhook as the shop would send it.
    pub fn new(store: &Store, topic: &str, body: &[u8]) -> Self {
        Self {
            delivery: Delivery::new(&store.shop, topic, body.to_vec()),
            signature: Some(sign(&store.client_secret, body)),
            content_type: "application/json",
            path: None,
        }
    }

    /// Names the delivery.
    pub fn id(&self) -> &str {
        &self.delivery.webhook_id
    }
}

impl Stage {
    /// Sends a webhook once.
    pub async fn post(&self, letter: &Letter) -> Answer {
        self.canaries.body(&letter.delivery.body);
        letter.signature.iter().for_each(|signature| self.canaries.secret(signature));
        let path = letter.path.as_ref().map(|store| format!("/{store}")).unwrap_or_default();
        let mut request = self.http.post(format!("{}{path}", self.stack.webhook_url));
        for (name, value) in letter.delivery.headers(letter.signature.as_deref()) {
            let value = if name == "content-type" { letter.content_type.to_owned() } else { value };
            request = request.header(name, value);
        }
        let answer = request.body(letter.delivery.body.clone()).send().await.unwrap();
        Answer {
            status: answer.status().as_u16(),
            headers: comparable(answer.headers()),
            body: answer.text().await.unwrap(),
        }
    }

    /// Sends a webhook that must be taken, and waits until it ended.
    pub async fn deliver(&self, store: &Store, topic: &str, body: &[u8]) -> LogLine {
        let letter = Letter::new(store, topic, body);
        let answer = self.post(&letter).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{topic}");
        self.ending(&store.id, letter.id()).await
    }

    /// Sends a webhook that asks for nothing, to see whether the store is known.
    pub async fn knock(&self, store: &Store) -> u16 {
        self.post(&Letter::new(store, "shop/update", br#"{"id":1}"#)).await.status
    }
}

fn comparable(headers: &HeaderMap) -> Vec<(String, String)> {
    let by_nature = ["date", "apigw-requestid", "x-amzn-requestid", "x-amz-request-id", "x-amzn-trace-id"];
    let pairs = headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let mut pairs: Vec<_> = pairs.filter(|(name, _)| !by_nature.contains(&name.as_str())).collect();
    pairs.sort();
    pairs
}
