//! API Gateway's words in, API Gateway's words out.

use std::time::Instant;

use jiff::Timestamp;
use lambda_http::{Body, Error, Request, RequestExt, Response};
use tajo_app::ingest::{self, Ingress, ingest};
use tajo_platforms::shopify::webhook::Headers;

/// One webhook.
pub async fn handle(ingress: &Ingress, request: Request) -> Result<Response<Body>, Error> {
    let answer = match path_part(&request, "account") {
        Some(account) => ingest::brevo::ingest(ingress, from_brevo(&request, &account)).await,
        None => {
            let store = path_part(&request, "store");
            ingest(ingress, translate(&request, store.as_deref())).await
        }
    };
    Ok(Response::builder().status(answer.status()).body(Body::Empty)?)
}

/// The store in `/webhooks/shopify/{store}`, the account in `/brevo/{account}`.
fn path_part(request: &Request, name: &str) -> Option<String> {
    request.path_parameters_ref().and_then(|parameters| parameters.first(name)).map(str::to_owned)
}

fn from_brevo<'a>(request: &'a Request, account: &'a str) -> ingest::brevo::Request<'a> {
    ingest::brevo::Request {
        authorization: request.headers().get("authorization").and_then(|value| value.to_str().ok()),
        account,
        body: request.body(),
        received_at: Timestamp::now(),
        now: Instant::now(),
    }
}

/// The body is as the shop sent it: where API Gateway had to put it in base64, it is out again.
fn translate<'a>(request: &'a Request, path_store: Option<&'a str>) -> ingest::Request<'a> {
    let headers = request.headers().iter();
    ingest::Request {
        headers: Headers::read(
            headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))),
        ),
        path_store,
        body: request.body(),
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

    fn verdict(envelope: &Value) -> Verdict {
        let request = lambda_http::request::from_str(&envelope.to_string()).unwrap();
        let store = path_part(&request, "store");
        let request = translate(&request, store.as_deref());
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
        let request = lambda_http::request::from_str(&envelope.to_string()).unwrap();
        let account = path_part(&request, "account").unwrap();
        let read = from_brevo(&request, &account);
        assert_eq!(
            (read.account, read.authorization, read.body),
            ("0a1b", Some("Bearer t"), BODY.as_bytes())
        );
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
