//! API Gateway's words in, API Gateway's words out.

use std::time::Instant;

use jiff::Timestamp;
use tajo_app::ingest::{self, Ingress, ingest};
use tajo_gateway::{Answer, Event, Request};
use tajo_platforms::shopify::webhook::Headers;

/// One webhook. What is no request at all is refused like a bad signature.
pub async fn handle(ingress: &Ingress, event: Event) -> Answer {
    let Ok(request) = event.request() else {
        return Answer::empty(ingest::Answer::Refused.status());
    };
    let answer = match request.path_parameter("account") {
        Some(account) => ingest::brevo::ingest(ingress, from_brevo(&request, account)).await,
        None => ingest(ingress, translate(&request)).await,
    };
    Answer::empty(answer.status())
}

fn from_brevo<'a>(request: &'a Request, account: &'a str) -> ingest::brevo::Request<'a> {
    ingest::brevo::Request {
        authorization: request.header("authorization"),
        account,
        body: &request.body,
        received_at: Timestamp::now(),
        now: Instant::now(),
    }
}

/// The body is as the shop sent it: where API Gateway had to put it in base64, it is out again.
fn translate(request: &Request) -> ingest::Request<'_> {
    ingest::Request {
        headers: Headers::read(request.headers()),
        // The store in `/webhooks/shopify/{store}`.
        path_store: request.path_parameter("store"),
        body: &request.body,
        received_at: Timestamp::now(),
        now: Instant::now(),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use secrecy::SecretString;
    use serde_json::{Value, json};
    use tajo_app::ingest::{Verdict, judge};
    use tajo_app::keyring::Keyring;

    use super::*;

    const ENVELOPE: &str = include_str!("../../../events/sam/webhook.json");
    const BODY: &str = include_str!("../../../events/shopify/customers-create.json");

    fn read(envelope: &Value) -> Request {
        serde_json::from_value::<Event>(envelope.clone()).unwrap().request().unwrap()
    }

    fn verdict(envelope: &Value) -> Verdict {
        let request = read(envelope);
        let request = translate(&request);
        assert_eq!(request.body, BODY.as_bytes());
        let keyring = json!({"v": 1, "stores": {"demo": {
            "platform": "shopify", "shop": "demo-shop.myshopify.com", "secrets": ["demo-client-secret"]}}});
        let keyring = Keyring::parse(&[SecretString::from(keyring.to_string())]).unwrap();
        judge(&request.headers, request.path_store, request.body, &keyring).0
    }

    #[test]
    fn the_sample_request_is_authentic() {
        let envelope: Value = serde_json::from_str(ENVELOPE).unwrap();
        assert!(matches!(verdict(&envelope), Verdict::Authentic { store: Some(_), .. }));
    }

    #[test]
    fn a_body_in_base64_is_verified_as_it_was_sent() {
        let mut envelope: Value = serde_json::from_str(ENVELOPE).unwrap();
        envelope["body"] = json!(STANDARD.encode(BODY));
        envelope["isBase64Encoded"] = json!(true);
        assert!(matches!(verdict(&envelope), Verdict::Authentic { .. }));
    }

    #[test]
    fn a_request_from_brevo_is_told_by_its_path_and_carries_its_token() {
        let mut envelope: Value = serde_json::from_str(ENVELOPE).unwrap();
        envelope["routeKey"] = json!("POST /brevo/{account}");
        envelope["pathParameters"] = json!({"account": "0a1b"});
        envelope["headers"]["authorization"] = json!("Bearer t");
        let request = read(&envelope);
        let read = from_brevo(&request, request.path_parameter("account").unwrap());
        assert_eq!(
            (read.account, read.authorization, read.body),
            ("0a1b", Some("Bearer t"), BODY.as_bytes())
        );
    }

    /// No queue and no keyring answers: whoever gets so far is told to try again.
    async fn status(event: &str) -> u16 {
        let config = ingest::IngressConfig {
            live_queue_url: "http://127.0.0.1:1/live".to_owned(),
            gather_queue_url: "http://127.0.0.1:1/gather".to_owned(),
            keyring_secrets: vec!["keyring".to_owned()],
            endpoint: Some("http://127.0.0.1:1".to_owned()),
        };
        let ingress = Ingress::new(&config).await.unwrap();
        let event: Event = serde_json::from_str(event).unwrap();
        let answer = serde_json::to_value(handle(&ingress, event).await).unwrap();
        answer["statusCode"].as_u64().unwrap().try_into().unwrap()
    }

    #[tokio::test]
    async fn what_is_no_request_is_refused_like_a_bad_signature_and_fails_nothing() {
        for event in
            ["null", "[]", "{\"headers\": 7}", "{\"body\": \"no base64!\", \"isBase64Encoded\": true}"]
        {
            assert_eq!(status(event).await, 401, "{event}");
        }
    }

    #[test]
    fn no_query_host_or_header_of_a_stranger_keeps_a_webhook_from_being_verified() {
        let mut envelope: Value = serde_json::from_str(ENVELOPE).unwrap();
        envelope["rawQueryString"] = json!("a=\"&b=<>\u{1}{}|^%zz");
        envelope["queryStringParameters"] = json!({"a": "\""});
        envelope["rawPath"] = json!("/webhooks/shopify/ä \"");
        envelope["headers"]["host"] = json!("no host \u{0}");
        envelope["headers"]["x-odd\n"] = json!("\u{1}ä\r\n");
        assert!(matches!(verdict(&envelope), Verdict::Authentic { .. }));
    }

    #[test]
    fn the_store_in_the_path_must_be_the_shops() {
        let mut envelope: Value = serde_json::from_str(ENVELOPE).unwrap();
        envelope["routeKey"] = json!("POST /webhooks/shopify/{store}");
        envelope["pathParameters"] = json!({"store": "demo"});
        assert!(matches!(verdict(&envelope), Verdict::Authentic { .. }));
        envelope["pathParameters"] = json!({"store": "other"});
        assert_eq!(verdict(&envelope), Verdict::WrongStore);
    }
}
