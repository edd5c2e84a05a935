//! Brevo is told where to send what people say there: one registration per account, with a token that stands in the
//! keyring.
//!
//! Safe to repeat: a registration that is there is written again, and where there are several of ours only one stays. Others'
//! registrations are never touched.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tajo_brevo::{
    Error, Registration, create_webhook, delete_webhook, get_marketing_webhooks, limits, update_webhook,
};
use url::Url;

use super::ConnectError;
use super::account::Account;
use crate::random;

/// What we want to hear. Not `contactUpdated`: it tells no consent, and each of our own writes would come back as one.
/// Not `listAddition`: nothing follows from it.
const EVENTS: [&str; 4] = ["contactDeleted", "hardBounce", "spam", "unsubscribed"];

/// What is to be done with the registrations of an account.
#[derive(Debug, PartialEq, Eq)]
struct Todo {
    /// `None`: make one.
    keep: Option<u64>,
    /// More of ours.
    drop: Vec<u64>,
}

/// Registers the connector's address with the account, once.
pub(super) async fn register(
    url: &Url,
    brevo: &Account<'_>,
    account: &str,
    token: &SecretString,
) -> Result<(), ConnectError> {
    let known = match brevo.call(&get_marketing_webhooks()).await {
        Ok(answer) => answer["webhooks"].as_array().cloned().unwrap_or_default(),
        // An account without any.
        Err(Error::NotFound) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let todo = plan(&known, url, account);
    let registration = Registration { url: url.as_str(), token, events: &EVENTS };
    for id in &todo.drop {
        match brevo.call(&delete_webhook(*id)).await {
            Ok(_) | Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    match todo.keep {
        // The token may be new, and Brevo does not show which one it has.
        Some(id) => brevo.call(&update_webhook(id, &registration)).await?,
        None if limits::WEBHOOKS_PER_ACCOUNT <= known.len() => return Err(ConnectError::WebhooksFull),
        None => brevo.call(&create_webhook(&registration)).await?,
    };
    Ok(())
}

/// Removes the connector's registrations from the account.
pub(super) async fn remove(url: &str, brevo: &Account<'_>, account: &str) -> Result<(), ConnectError> {
    let url = address(url, account)?;
    let known = match brevo.call(&get_marketing_webhooks()).await {
        Ok(answer) => answer["webhooks"].as_array().cloned().unwrap_or_default(),
        Err(Error::NotFound) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let todo = plan(&known, &url, account);
    for id in todo.keep.into_iter().chain(todo.drop) {
        match brevo.call(&delete_webhook(id)).await {
            Ok(_) | Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Which of the registrations are ours: those that lead to this account's path, wherever it was deployed. Pure.
fn plan(known: &[Value], url: &Url, account: &str) -> Todo {
    let path = format!("/brevo/{account}");
    let is_ours = |webhook: &&Value| {
        let address = webhook["url"].as_str().and_then(|url| Url::parse(url).ok());
        address.is_some_and(|address| address.path().ends_with(&path))
    };
    let ours: Vec<&Value> = known.iter().filter(is_ours).collect();
    let is_right = |webhook: &Value| {
        let mut events: Vec<&str> =
            webhook["events"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        events.sort_unstable();
        webhook["url"] == url.as_str() && events == EVENTS
    };
    let kept = ours.iter().find(|webhook| is_right(webhook)).or(ours.first()).copied();
    let keep = kept.and_then(|webhook| webhook["id"].as_u64());
    let ids = ours.iter().filter_map(|webhook| webhook["id"].as_u64());
    Todo { keep, drop: ids.filter(|id| Some(*id) != keep).collect() }
}

/// Where Brevo sends to, from the stack's address or its output `WebhookUrl`.
pub(super) fn address(url: &str, account: &str) -> Result<Url, ConnectError> {
    let base = url.trim().trim_end_matches('/').trim_end_matches("/webhooks/shopify");
    let address = Url::parse(&format!("{base}/brevo/{account}")).ok();
    let is_safe = |address: &Url| {
        let local = matches!(address.host_str(), Some("127.0.0.1" | "localhost"));
        address.scheme() == "https" || (local && address.scheme() == "http")
    };
    address.filter(is_safe).ok_or_else(|| ConnectError::WebhookUrl(url.to_owned()))
}

/// The account's token in this keyring, made if there is none.
pub(super) fn token_in(keyring: &mut Value, account: &str) -> Result<SecretString, ConnectError> {
    if let Some(token) = keyring["brevo"][account]["secrets"][0].as_str().filter(|token| !token.is_empty()) {
        return Ok(token.to_owned().into());
    }
    let token = random::word()?;
    if !keyring["brevo"].is_object() {
        keyring["brevo"] = json!({});
    }
    keyring["brevo"][account] = json!({ "secrets": [token.expose_secret()] });
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(id: u64, url: &str, events: &[&str]) -> Value {
        json!({"id": id, "url": url, "events": events, "type": "marketing"})
    }

    #[test]
    fn the_address_is_made_of_the_stacks_output_and_is_never_plain_http() {
        let made = |url: &str| address(url, "0a1b").map(String::from).ok();
        let wanted = Some("https://x.example/brevo/0a1b".to_owned());
        for url in ["https://x.example", "https://x.example/", "https://x.example/webhooks/shopify"] {
            assert_eq!(made(url), wanted, "{url}");
        }
        for url in ["http://x.example", "x.example", "ftp://x.example", ""] {
            assert_eq!(made(url), None, "{url}");
        }
    }

    #[test]
    fn one_registration_of_ours_stays_and_others_are_not_touched() {
        let url = address("https://x.example", "0a1b").unwrap();
        let right = url.as_str();
        let plan = |known: &[Value]| plan(known, &url, "0a1b");
        let other = webhook(1, "https://else.example/brevo/ffff", &["opened"]);
        assert_eq!(plan(std::slice::from_ref(&other)), Todo { keep: None, drop: vec![] });
        let good = webhook(3, right, &["unsubscribed", "spam", "hardBounce", "contactDeleted"]);
        assert_eq!(plan(&[other.clone(), good.clone()]), Todo { keep: Some(3), drop: vec![] });
        let moved = webhook(2, "https://old.example/prod/brevo/0a1b", &EVENTS);
        assert_eq!(plan(&[moved.clone(), good]), Todo { keep: Some(3), drop: vec![2] });
        assert_eq!(plan(&[other, moved]), Todo { keep: Some(2), drop: vec![] });
        let fewer = webhook(4, right, &["unsubscribed"]);
        assert_eq!(plan(&[fewer]), Todo { keep: Some(4), drop: vec![] });
    }
}
