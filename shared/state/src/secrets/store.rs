//! What one store's secret holds: the format, and how it is written.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

use super::SecretError;

/// The format this version writes. Fields are only ever added: an older program passes over them.
const FORMAT: u32 = 1;

/// What one store's secret holds. `Debug` shows no secret.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StoreSecret {
    #[serde(default)]
    pub(super) v: u32,
    /// Brevo's API key.
    #[serde(serialize_with = "shown")]
    pub brevo_api_key: SecretString,
    /// Opens Shopify's Admin API of the store; absent in a store that waits for its merchant, or was connected without it.
    #[serde(default, serialize_with = "shown_if_any", skip_serializing_if = "Option::is_none")]
    pub shopify_access_token: Option<SecretString>,
    /// How that token was got, how long it lives, and what gives the next one.
    #[serde(default)]
    pub grant: TokenGrant,
    /// The app that speaks for the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppKeys>,
    /// The app that is to speak for it once its merchant has agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_app: Option<AppKeys>,
    /// What Brevo's webhooks of the account carry: brevo-sync registers it there, and cannot read the keyring.
    #[serde(default, serialize_with = "shown_if_any", skip_serializing_if = "Option::is_none")]
    pub brevo_webhook_token: Option<SecretString>,
}

/// How a token was got. The default: somebody pasted it, and it lives until it is revoked.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TokenGrant {
    /// `code`, `client_credentials` or `token`, in the platform layer's words; empty: `token`.
    #[serde(default)]
    pub kind: String,
    /// When the token dies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Gives the next pair.
    #[serde(default, serialize_with = "shown_if_any", skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<SecretString>,
    /// When that dies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_expires_at: Option<Timestamp>,
}

/// An app's client id and its secrets, the present one first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AppKeys {
    /// The client id; empty for an old custom app of which only the secret is known.
    #[serde(default)]
    pub client_id: String,
    /// The present secret and, while it is rotated, the one before.
    #[serde(default, serialize_with = "all_shown")]
    pub client_secrets: Vec<SecretString>,
}

impl AppKeys {
    /// The same app with this secret first; the one before stays as the second.
    #[must_use]
    pub fn with(client_id: &str, secret: &SecretString, before: &[SecretString]) -> Self {
        let is_another = |known: &&SecretString| known.expose_secret() != secret.expose_secret();
        let previous = before.iter().find(is_another).cloned();
        Self {
            client_id: client_id.to_owned(),
            client_secrets: std::iter::once(secret.clone()).chain(previous).collect(),
        }
    }
}

impl StoreSecret {
    pub(super) fn from_json(text: &SecretString) -> Result<Self, SecretError> {
        serde_json::from_str(text.expose_secret()).map_err(|_| SecretError::Unreadable)
    }

    /// The only place where a secret becomes text again.
    pub(super) fn to_json(&self) -> Result<SecretString, SecretError> {
        let written = Self { v: FORMAT, ..self.clone() };
        serde_json::to_string(&written).map(SecretString::from).map_err(|_| SecretError::Unreadable)
    }
}

fn shown<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

fn shown_if_any<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => shown(secret, serializer),
        None => serializer.serialize_none(),
    }
}

fn all_shown<S: Serializer>(secrets: &[SecretString], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(secrets.iter().map(ExposeSecret::expose_secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_as_it_was_written_and_older_ones_are_read_too() {
        let secret = StoreSecret {
            brevo_api_key: "key-brevo".into(),
            shopify_access_token: Some("key-access".into()),
            grant: TokenGrant {
                kind: "code".to_owned(),
                expires_at: Some("2026-11-24T10:00:00Z".parse().unwrap()),
                refresh_token: Some("key-refresh".into()),
                refresh_expires_at: None,
            },
            app: Some(AppKeys::with("id", &"key-new".into(), &["key-new".into(), "key-old".into()])),
            ..StoreSecret::default()
        };
        let text = secret.to_json().unwrap();
        let back = StoreSecret::from_json(&text).unwrap();
        assert_eq!(back.to_json().unwrap().expose_secret(), text.expose_secret());
        let shown = format!("{secret:?}");
        assert!(!shown.contains("key-"), "{shown}");
        let old = StoreSecret::from_json(&r#"{"v":1,"brevo_api_key":"k"}"#.to_owned().into()).unwrap();
        assert!(old.shopify_access_token.is_none() && old.grant.expires_at.is_none());
    }

    #[test]
    fn an_app_keeps_its_secret_before_as_the_second() {
        let keys = AppKeys::with("id", &"new".into(), &["old".into(), "older".into()]);
        let secrets: Vec<&str> = keys.client_secrets.iter().map(ExposeSecret::expose_secret).collect();
        assert_eq!(secrets, ["new", "old"]);
    }
}
