use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use tajo_platforms::notice;

use super::*;

const BODY: &[u8] = br#"{"id":7,"email":"jo@example.com"}"#;
const KEYRING: &str = r#"{"v":1,
    "stores":{
        "demo":{"platform":"shopify","shop":"demo.myshopify.com","secrets":["current","previous"]},
        "other":{"platform":"shopify","shop":"other.myshopify.com","app":"public"}},
    "apps":{"public":{"secrets":["app-secret"]}}}"#;

fn keyring() -> Keyring {
    Keyring::parse(&[SecretString::from(KEYRING)]).unwrap()
}

fn headers(shop: &str, topic: &str, signature: Option<&str>) -> Headers {
    let signature = signature.map(|signature| (webhook::SIGNATURE, signature));
    let rest = [(webhook::SHOP, shop), (webhook::TOPIC, topic), (webhook::DELIVERY, "b545")];
    Headers::read(rest.into_iter().chain(signature))
}

/// The verdict on [`BODY`], signed with `secret`.
fn verdict(shop: &str, topic: &str, path: Option<&str>, secret: &str) -> Verdict {
    let signature = webhook::sign(BODY, secret.as_bytes());
    judge(&headers(shop, topic, Some(&signature)), path, BODY, &keyring()).0
}

fn authentic(store: Option<&str>, shop: &str) -> Verdict {
    Verdict::Authentic { store: store.map(|id| StoreId::parse(id).unwrap()), shop: shop.into() }
}

const DEMO: &str = "demo.myshopify.com";
const OTHER: &str = "other.myshopify.com";
const GONE: &str = "gone.myshopify.com";

#[test]
fn the_keyring_may_be_spread_over_several_secrets() {
    let lookup = |name: &str| {
        let value = match name {
            "KEYRING_SECRETS" => "keyring-1, keyring-2,",
            "AWS_ENDPOINT_OVERRIDE" => "",
            _ => "http://localhost/queue/live",
        };
        Some(value.to_owned())
    };
    let config = IngressConfig::read(lookup).unwrap();
    assert_eq!(
        (config.keyring_secrets, config.endpoint),
        (vec!["keyring-1".into(), "keyring-2".into()], None)
    );
    for wrong in [None, Some(String::new()), Some(" , ".to_owned())] {
        let error =
            IngressConfig::read(|name| if name == "KEYRING_SECRETS" { wrong.clone() } else { lookup(name) });
        assert_eq!(
            error.unwrap_err().to_string(),
            "the environment variable KEYRING_SECRETS is missing or empty"
        );
    }
}

#[test]
fn a_store_is_found_by_its_shop_or_by_the_path() {
    let demo = authentic(Some("demo"), DEMO);
    assert_eq!(verdict(DEMO, "orders/create", None, "current"), demo);
    assert_eq!(verdict("DEMO.myshopify.com", "orders/create", Some("demo"), "current"), demo);
    assert_eq!(verdict(OTHER, "orders/create", None, "app-secret"), authentic(Some("other"), OTHER));
}

#[test]
fn both_secrets_are_good_while_one_replaces_the_other() {
    for secret in ["current", "previous"] {
        assert_eq!(verdict(DEMO, "orders/create", None, secret), authentic(Some("demo"), DEMO));
    }
    assert_eq!(verdict(DEMO, "orders/create", None, "older"), Verdict::BadSignature);
}

#[test]
fn one_shop_cannot_speak_for_another() {
    assert_eq!(verdict(OTHER, "orders/create", None, "current"), Verdict::BadSignature);
    assert_eq!(verdict(DEMO, "orders/create", Some("other"), "current"), Verdict::WrongStore);
    assert_eq!(verdict(DEMO, "orders/create", Some("nobody"), "current"), Verdict::WrongStore);
    assert_eq!(verdict(DEMO, "shop/redact", Some("other"), "app-secret"), Verdict::WrongStore);
    assert_eq!(verdict(GONE, "orders/create", Some("demo"), "current"), Verdict::WrongStore);
}

#[test]
fn a_shop_that_left_may_still_send_what_the_law_wants() {
    for topic in ["customers/data_request", "customers/redact", "shop/redact"] {
        assert_eq!(verdict(GONE, topic, None, "app-secret"), authentic(None, GONE));
        assert_eq!(verdict(GONE, topic, Some("gone"), "app-secret"), authentic(None, GONE));
        assert_eq!(
            verdict(GONE, topic, None, "current"),
            Verdict::UnknownShop,
            "a store's secret is its own"
        );
    }
    for topic in ["app/uninstalled", "orders/create", ""] {
        assert_eq!(verdict(GONE, topic, None, "app-secret"), Verdict::UnknownShop);
    }
}

#[test]
fn a_connected_shop_is_spoken_for_by_its_own_app_alone() {
    for topic in ["customers/data_request", "customers/redact", "shop/redact", "orders/create"] {
        assert_eq!(verdict(DEMO, topic, None, "app-secret"), Verdict::BadSignature, "{topic}: another app's");
        assert_eq!(verdict(OTHER, topic, None, "current"), Verdict::BadSignature, "{topic}: another store's");
        assert_eq!(verdict(OTHER, topic, None, "app-secret"), authentic(Some("other"), OTHER));
        for secret in ["current", "previous"] {
            assert_eq!(verdict(DEMO, topic, Some("demo"), secret), authentic(Some("demo"), DEMO));
        }
    }
}

#[test]
fn a_signed_text_that_is_no_webhook_is_refused_exactly_like_a_bad_signature() {
    for body in [&b"code=c&shop=demo.myshopify.com&state=s"[..], b"[]", b" {}", b"\xff{", b""] {
        for (shop, topic, secret) in [
            (DEMO, "orders/create", "current"),
            (OTHER, "orders/create", "app-secret"),
            (GONE, "shop/redact", "app-secret"),
        ] {
            let headers = |secret: &str| headers(shop, topic, Some(&webhook::sign(body, secret.as_bytes())));
            let signed = judge(&headers(secret), None, body, &keyring());
            assert_eq!(signed, judge(&headers("wrong"), None, body, &keyring()), "{topic} {body:?}");
            assert!(!matches!(signed.0, Verdict::Authentic { .. }));
        }
    }
}

#[test]
fn every_refusal_costs_the_same_number_of_signatures() {
    let wrong = webhook::sign(BODY, b"wrong");
    for topic in ["orders/create", "shop/redact"] {
        let mut costs = Vec::new();
        for shop in [DEMO, OTHER, GONE, "evil.test", ""] {
            for path in [None, Some("demo"), Some("other"), Some("nobody"), Some("Bad Id")] {
                for signature in [None, Some(""), Some("not base64"), Some(wrong.as_str())] {
                    let (verdict, check) = judge(&headers(shop, topic, signature), path, BODY, &keyring());
                    assert!(!matches!(verdict, Verdict::Authentic { .. }));
                    costs.push(check.computed);
                }
            }
        }
        assert!(costs.iter().all(|cost| *cost == costs[0]), "{topic}: {costs:?}");
    }
}

/// Shopify's published and recomputed examples, where they are at hand.
#[test]
fn the_published_signatures_hold() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/reference/specs/shopify/signature-vectors.json"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        return skipped(
            "SKIPPED the_published_signatures_hold: no file reference/specs/shopify/signature-vectors.json",
        );
    };
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let vectors = vectors["webhook_hmac"].as_array().unwrap();
    assert!(!vectors.is_empty());
    for vector in vectors {
        let text = |key: &str| vector[key].as_str().unwrap();
        let keyring = json!({"v": 1, "stores": {"demo": {"platform": "shopify", "shop": DEMO, "secrets": [text("secret")]}}});
        let keyring = Keyring::parse(&[SecretString::from(keyring.to_string())]).unwrap();
        let headers = headers(DEMO, "customers/update", Some(text("expected_base64")));
        let (verdict, _) = judge(&headers, None, text("body_utf8").as_bytes(), &keyring);
        assert_eq!(verdict, authentic(Some("demo"), DEMO));
    }
}

fn skipped(line: &str) {
    eprintln!("{line}");
    if let Some(file) = std::env::var_os("TAJO_SKIP_FILE") {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(file);
        std::io::Write::write_all(&mut file.unwrap(), format!("{line}\n").as_bytes()).unwrap();
    }
    assert!(std::env::var("REQUIRE_ALL").as_deref() != Ok("1"), "{line}");
}

/// SQS and Secrets Manager in one, and what they were told.
#[derive(Clone, Default)]
struct Aws(Arc<Mutex<AwsState>>);

#[derive(Default)]
struct AwsState {
    sent: Vec<Value>,
    keyring_reads: usize,
    keyring_is_down: bool,
    /// Answers to come before SQS takes messages again.
    queue_answers: Vec<StatusCode>,
}

impl Aws {
    async fn start(&self) -> SdkConfig {
        let state = self.0.clone();
        let app = Router::new().fallback(move |headers: HeaderMap, body: String| {
            let mut state = state.lock().unwrap();
            let body: Value = serde_json::from_str(&body).unwrap();
            let answer = if headers["x-amz-target"].to_str().unwrap() == "AmazonSQS.SendMessage" {
                if state.queue_answers.is_empty() {
                    state.sent.push(body);
                    (StatusCode::OK, json!({"MessageId": "m"}))
                } else {
                    (state.queue_answers.remove(0), json!({"__type": "InternalError"}))
                }
            } else {
                state.keyring_reads += 1;
                match state.keyring_is_down {
                    true => (StatusCode::BAD_REQUEST, json!({"__type": "ResourceNotFoundException"})),
                    false => (StatusCode::OK, json!({"SecretString": KEYRING})),
                }
            };
            async move { (answer.0, answer.1.to_string()) }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "test", "test", None, None, "test",
            )))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(url)
            .build()
    }

    fn now(&self) -> std::sync::MutexGuard<'_, AwsState> {
        self.0.lock().unwrap()
    }
}

fn ingress(sdk: &SdkConfig) -> Ingress {
    let secrets = aws_sdk_secretsmanager::Client::new(sdk);
    Ingress {
        queue: Queue::new(sqs_client(sdk), "http://localhost/queue/live"),
        gather: Queue::new(sqs_client(sdk), "http://localhost/queue/gather"),
        traffic: Traffic::default(),
        keyring: KeyringCache::new(secrets, vec!["keyring".into()]),
    }
}

async fn send(ingress: &Ingress, headers: Headers, body: &[u8], now: Instant) -> Answer {
    let received_at = "2026-11-02T08:15:04Z".parse().unwrap();
    ingest(ingress, Request { headers, path_store: None, body, received_at, now }).await
}

fn signed(topic: &str, body: &[u8]) -> Headers {
    headers(DEMO, topic, Some(&webhook::sign(body, b"current")))
}

#[tokio::test]
async fn an_authentic_webhook_is_queued_as_it_came() {
    let aws = Aws::default();
    let ingress = ingress(&aws.start().await);
    let answer = send(&ingress, signed("orders/create", BODY), BODY, Instant::now()).await;
    assert_eq!((answer, answer.status()), (Answer::Accepted, 200));
    let sent = aws.now().sent.pop().unwrap();
    assert_eq!(sent["MessageGroupId"], "demo");
    let notice = Notice::from_json(sent["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!(notice.body().unwrap(), BODY);
    assert_eq!((notice.topic.as_str(), notice.delivery.as_str()), ("orders/create", "b545"));
}

#[tokio::test]
async fn an_authentic_webhook_is_accepted_whatever_is_in_the_object() {
    let aws = Aws::default();
    let ingress = ingress(&aws.start().await);
    let long = [b"{".to_vec(), vec![b'x'; 6_000_000]].concat();
    for body in [&b"{not json"[..], b"{\xff\x00", b"{}", &long] {
        assert_eq!(
            send(&ingress, signed("orders/create", body), body, Instant::now()).await,
            Answer::Accepted
        );
    }
    for topic in ["", "no/such_topic", notice::CART_DUE] {
        assert_eq!(send(&ingress, signed(topic, BODY), BODY, Instant::now()).await, Answer::Accepted);
    }
    let topics: Vec<_> = aws
        .now()
        .sent
        .iter()
        .map(|sent| Notice::from_json(sent["MessageBody"].as_str().unwrap()).unwrap().topic)
        .collect();
    assert_eq!(topics[4..], ["", "no/such_topic", ""], "nobody outside speaks as one of our functions");
}

#[tokio::test]
async fn of_a_busy_store_the_catalogue_is_gathered_and_in_a_rush_everything() {
    let aws = Aws::default();
    let ingress = ingress(&aws.start().await);
    let (start, second) = (Instant::now(), std::sync::atomic::AtomicU64::new(0));
    let ask_after = async |topic, seconds| {
        let second = second.fetch_add(seconds, std::sync::atomic::Ordering::Relaxed) + seconds;
        send(&ingress, signed(topic, BODY), BODY, start + Duration::from_secs(second)).await
    };
    let last = || {
        let sent = aws.now().sent.pop().unwrap();
        (sent["QueueUrl"].as_str().unwrap().to_owned(), sent["DelaySeconds"].as_u64())
    };
    assert_eq!(ask_after("products/update", 1).await, Answer::Accepted);
    assert_eq!(last(), ("http://localhost/queue/live".to_owned(), None), "nobody waits in a quiet shop");
    for _ in 0..60 {
        ask_after("orders/create", 1).await;
    }
    ask_after("products/update", 1).await;
    assert_eq!(last(), ("http://localhost/queue/gather".to_owned(), Some(6)), "until they meet");
    ask_after("orders/create", 1).await;
    assert_eq!(last().0, "http://localhost/queue/live");
    for _ in 0..40 {
        ask_after("orders/create", 0).await;
    }
    ask_after("orders/create", 1).await;
    assert_eq!(last(), ("http://localhost/queue/gather".to_owned(), None), "at once, with all the others");
    ask_after("orders/create", 10).await;
    assert_eq!(last().0, "http://localhost/queue/live", "the rush is over");
}

#[tokio::test]
async fn a_compliance_notice_of_a_shop_that_left_is_queued_under_its_shop() {
    let aws = Aws::default();
    let ingress = ingress(&aws.start().await);
    let headers = headers(GONE, "shop/redact", Some(&webhook::sign(BODY, b"app-secret")));
    assert_eq!(send(&ingress, headers, BODY, Instant::now()).await, Answer::Accepted);
    let sent = aws.now().sent.pop().unwrap();
    assert_eq!(sent["MessageGroupId"], GONE);
    assert_eq!(Notice::from_json(sent["MessageBody"].as_str().unwrap()).unwrap().store, None);
}

#[tokio::test]
async fn a_forged_webhook_is_refused_and_queues_nothing() {
    let aws = Aws::default();
    let ingress = ingress(&aws.start().await);
    let forged = headers(DEMO, "orders/create", Some(&webhook::sign(BODY, b"guess")));
    assert_eq!(send(&ingress, forged, BODY, Instant::now()).await.status(), 401);
    assert!(aws.now().sent.is_empty());
}

#[tokio::test]
async fn a_queue_that_stumbles_once_is_asked_again_and_one_that_refuses_makes_shopify_retry() {
    let aws = Aws::default();
    let ingress = ingress(&aws.start().await);
    aws.now().queue_answers = vec![StatusCode::INTERNAL_SERVER_ERROR];
    assert_eq!(send(&ingress, signed("orders/create", BODY), BODY, Instant::now()).await, Answer::Accepted);
    aws.now().queue_answers = vec![StatusCode::INTERNAL_SERVER_ERROR; 2];
    assert_eq!(send(&ingress, signed("orders/create", BODY), BODY, Instant::now()).await.status(), 503);
    assert!(aws.now().queue_answers.is_empty(), "two tries, not more");
}

#[tokio::test]
async fn the_keyring_is_read_at_most_once_a_minute_and_an_old_copy_is_better_than_none() {
    let aws = Aws::default();
    let ingress = ingress(&aws.start().await);
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let ask = async |seconds| send(&ingress, signed("orders/create", BODY), BODY, at(seconds)).await.status();

    aws.now().keyring_is_down = true;
    assert_eq!(ask(0).await, 503, "without a copy nobody can be verified");
    aws.now().keyring_is_down = false;
    assert_eq!((ask(1).await, ask(30).await, ask(60).await), (200, 200, 200));
    assert_eq!(aws.now().keyring_reads, 2);

    aws.now().keyring_is_down = true;
    assert_eq!((ask(61).await, ask(100).await), (200, 200), "the old copy still verifies");
    assert_eq!(aws.now().keyring_reads, 3, "a failed read is not repeated within the minute");
}

#[tokio::test]
async fn a_log_line_names_store_and_topic_but_no_person_and_no_secret() {
    let lines = Lines::default();
    let logs = tracing_subscriber::fmt().json().with_writer(lines.clone()).finish();
    // With only one subscriber alive, tracing asks the thread that reaches a line first whether anybody listens,
    // and remembers the "no" of a test that runs beside this one. A second subscriber makes it ask them all.
    let _second = tracing::Dispatch::new(tracing_subscriber::fmt().with_writer(Lines::default()).finish());
    let _guard = tracing::subscriber::set_default(logs);
    let aws = Aws::default();
    let ingress = ingress(&aws.start().await);
    let genuine = signed("orders/create", BODY);
    let signature = genuine.signature.clone().unwrap();
    send(&ingress, genuine, BODY, Instant::now()).await;
    send(&ingress, headers(GONE, "jo@example.com", Some(&signature)), BODY, Instant::now()).await;

    let lines = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(lines.lines().count(), 2, "{lines}");
    assert!(
        lines.contains("\"topic\":\"orders/create\"") && lines.contains("\"store.id\":\"demo\""),
        "{lines}"
    );
    assert!(lines.contains("unknown shop"), "{lines}");
    for secret in ["jo@example.com", &signature, "current", "b545"] {
        assert!(!lines.contains(secret), "{lines}");
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl tracing_subscriber::fmt::MakeWriter<'_> for Lines {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}
