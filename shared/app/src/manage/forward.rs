//! A webhook that somebody else received and verified: it goes the way of those that come through the public door.

use std::time::Duration;

use serde_json::Value;
use tajo_api::{Code, Scope, WebhookAnswer, WebhookRequest};
use tajo_domain::short_hash;
use tajo_platforms::notice::INTERNAL_TOPICS;
use tajo_platforms::{Notice, Platform, TopicKind};

use super::call::Call;
use super::fault::Fault;
use super::named::living;
use super::router::is_name;
use super::wire::Reply;

/// `handleWebhook`
pub(super) async fn webhook(call: &Call<'_>) -> Result<Reply, Fault> {
    let store = living(call).await?;
    let asked: WebhookRequest = call.body()?;
    let platform = Platform::parse(&store.record.platform)
        .ok_or_else(|| Fault::internal(format!("the platform `{}` is not known", store.record.platform)))?;
    let topic = topic(call, platform, &asked.topic)?;
    let body = body(asked.payload)?;
    let delivery = match asked.delivery {
        Some(delivery) => named(delivery)?,
        // Forwarded twice is told once: the same is named the same.
        None => format!("forwarded:{}", short_hash(&format!("{topic}\n{body}"))),
    };
    let connect = &call.manage.connect;
    let mut notice = Notice::new(platform, store.record.shop, topic, delivery.as_str(), connect.clock.now());
    notice.store = Some(store.id);
    notice.triggered_at = asked.triggered_at;
    connect.queue.send(&notice.wrap(body.as_bytes()), Duration::ZERO).await?;
    Reply::with(202, &WebhookAnswer { delivery })
}

/// The platform's topics only; and what erases or ends something is as much as an admin may.
fn topic(call: &Call<'_>, platform: Platform, topic: &str) -> Result<String, Fault> {
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
        TopicKind::MustKeep if call.key.scope < Scope::Admin => {
            Err(Fault::new(Code::Forbidden, "this key may not erase data or end the app")
                .hint("forward compliance topics and `app/uninstalled` with an admin key, or have them sent to the connector itself"))
        }
        TopicKind::MustKeep | TopicKind::Live => Ok(topic.to_owned()),
    }
}

/// The body as text. It is read as far as the public door's bodies never are: whoever forwards it is told at once.
fn body(payload: Value) -> Result<String, Fault> {
    let no_object = || {
        Fault::invalid("`payload` is no JSON object, and no text of one")
            .hint("hand on the body of the webhook")
    };
    match payload {
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
