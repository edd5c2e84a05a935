//! A webhook that another program received and forwards: it goes the way of those that come through the public function.
//!
//! With its signature it is as good as those. Without one nobody but the caller says that the platform sent it: what takes
//! something away then needs a key that may vouch for it, and with a lesser key no opt-in of the body counts. Why it is so:
//! `docs/decisions/0033-forwarded-webhooks.md`.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::Value;
use tajo_api::{Code, Scope, WebhookAnswer, WebhookRequest};
use tajo_domain::short_hash;
use tajo_platforms::notice::INTERNAL_TOPICS;
use tajo_platforms::shopify::webhook::verify;
use tajo_platforms::{Notice, Platform, TopicKind};

use super::call::Call;
use super::fault::Fault;
use super::named::{Named, living};
use super::router::is_name;
use super::wire::Reply;
use crate::connect::signers;

/// `handleWebhook`
pub(super) async fn webhook(call: &Call<'_>) -> Result<Reply, Fault> {
    let store = living(call).await?;
    let asked: WebhookRequest = call.body()?;
    let platform = Platform::parse(&store.record.platform)
        .ok_or_else(|| Fault::internal(format!("the platform `{}` is not known", store.record.platform)))?;
    let topic = topic(platform, &asked.topic)?;
    let body = body(asked.payload, asked.signature.is_some())?;
    let is_vouched_for = match &asked.signature {
        Some(signature) => {
            check(call, &store, platform, &body, signature).await?;
            true
        }
        None => Scope::Forward <= call.key.scope,
    };
    if platform.takes_away(&topic) && !is_vouched_for {
        return Err(Fault::new(Code::Forbidden, format!("this key may not forward `{topic}` without its signature"))
            .hint("forward the raw body with the header `X-Shopify-Hmac-SHA256` as `signature`, or use a key with the scope `forward`"));
    }
    let delivery = match asked.delivery {
        Some(delivery) => named(delivery)?,
        // Forwarded twice is told once: the same is named the same.
        None => format!("forwarded:{}", short_hash(&format!("{topic}\n{body}"))),
    };
    let connect = &call.manage.connect;
    let mut notice = Notice::new(platform, store.record.shop, topic, delivery.as_str(), connect.clock.now());
    notice.store = Some(store.id);
    notice.triggered_at = asked.triggered_at;
    notice.unsigned = !is_vouched_for;
    connect.queue.send(&notice.wrap(body.as_bytes()), Duration::ZERO).await?;
    Reply::with(202, &WebhookAnswer { delivery })
}

/// Whether the store's own app signed this body, as the public function checks it. A wrong signature is refused whatever the
/// key may do: it is a forgery, or the body is not what came.
async fn check(
    call: &Call<'_>,
    store: &Named,
    platform: Platform,
    body: &str,
    signature: &str,
) -> Result<(), Fault> {
    let (secrets, rounds) = signers(&call.manage.connect, &store.id).await?;
    let secrets: Vec<&[u8]> = secrets.iter().map(|secret| secret.expose_secret().as_bytes()).collect();
    let check = match platform {
        Platform::Shopify => verify(body.as_bytes(), Some(signature), &secrets, rounds),
    };
    if check.genuine {
        return Ok(());
    }
    Err(Fault::refused("the signature is not that of this body under the store's app")
        .hint("forward the body byte for byte as it came, with its own header `X-Shopify-Hmac-SHA256`"))
}

/// The platform's topics only.
fn topic(platform: Platform, topic: &str) -> Result<String, Fault> {
    let fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_/.".contains(c);
    if topic.is_empty() || 128 < topic.len() || !topic.chars().all(fit) {
        return Err(Fault::refused("`topic` is no topic of the platform")
            .hint("hand on the header `X-Shopify-Topic` as it came"));
    }
    if topic.starts_with(INTERNAL_TOPICS) {
        return Err(Fault::refused("topics that begin with `tajo/` are the connector's own"));
    }
    match platform.topic_kind(topic) {
        TopicKind::Unknown => Err(Fault::refused(format!("`{topic}` is a topic that nothing is made of"))
            .hint("the connector's topics are in its README")),
        TopicKind::MustKeep | TopicKind::Live => Ok(topic.to_owned()),
    }
}

/// The body as text. Unlike in the public function it is read as JSON: who forwards it learns at once that it is none.
fn body(payload: Value, is_signed: bool) -> Result<String, Fault> {
    let no_object = || {
        Fault::invalid("`payload` is no JSON object, and no text of one")
            .hint("hand on the body of the webhook")
    };
    match payload {
        Value::Object(_) if is_signed => {
            Err(Fault::invalid("`payload` is parsed, and a signature is that of the raw text")
                .hint("hand on the body as text, unchanged"))
        }
        Value::Object(_) => Ok(payload.to_string()),
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(Value::Object(_)) => Ok(text),
            _ => Err(no_object()),
        },
        _ => Err(no_object()),
    }
}

fn named(delivery: String) -> Result<String, Fault> {
    if is_name(&delivery) {
        return Ok(delivery);
    }
    Err(Fault::invalid("`delivery` is no delivery id")
        .hint("hand on the header `X-Shopify-Webhook-Id` as it came, or leave it out"))
}
