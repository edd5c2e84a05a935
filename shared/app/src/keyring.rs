//! The keys that sign webhooks: the only secrets that the public door can read.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::Client;
use futures::future::try_join_all;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tajo_domain::StoreId;
use tajo_platforms::Platform;
use tajo_platforms::shopify::webhook::shop_domain;
use tracing::warn;

/// How long a copy is used, and how often at most it is read anew: a new store is known within this time.
pub const REREAD_AFTER: Duration = Duration::from_secs(60);

/// For reading all keyring secrets. With [`crate::ingest::SEND_TIMEOUT`] it stays below the five seconds after
/// which Shopify hangs up.
pub const READ_TIMEOUT: Duration = Duration::from_secs(1);

/// The format of the keyring secret that this program reads.
const VERSION: u64 = 1;

/// Signatures computed for a refusal even if every store has one secret: a rotation must not be visible.
const LEAST_ROUNDS: usize = 2;

/// Who may sign for which shop.
#[derive(Debug, Default)]
pub struct Keyring {
    stores: BTreeMap<StoreId, StoreKeys>,
    by_shop: HashMap<String, StoreId>,
    apps: Vec<SecretString>,
    brevo: BTreeMap<String, BrevoTokens>,
    rounds: usize,
    brevo_rounds: usize,
}

/// The keys of one store.
#[derive(Debug)]
pub struct StoreKeys {
    /// Where the store lives.
    pub platform: Platform,
    /// The platform's own name of it.
    pub shop: String,
    /// Current and previous secret, of the store itself and of its app.
    pub secrets: Vec<SecretString>,
}

/// The keyring cannot be read, or is not one. Says nothing of its content.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// Secrets Manager did not give it.
    #[error("the keyring secret could not be read: {0}")]
    Unreadable(String),
    /// The text is not a keyring.
    #[error("the keyring secret is not a keyring (line {line}, column {column})")]
    Malformed {
        /// Where in the text.
        line: usize,
        /// Where in the line.
        column: usize,
    },
    /// Written by a newer release.
    #[error("the keyring secret has format version {0}, but this program reads versions up to {VERSION}")]
    Newer(u64),
}

/// The secret as stored.
#[derive(Deserialize)]
struct Stored {
    v: u64,
    #[serde(default)]
    stores: BTreeMap<String, Entry<StoreEntry>>,
    #[serde(default)]
    apps: BTreeMap<String, Entry<AppEntry>>,
    /// By account: the tokens that its webhooks carry, the current one first.
    #[serde(default)]
    brevo: BTreeMap<String, Entry<BrevoEntry>>,
}

/// One bad entry must not lock out all the other stores.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry<T> {
    Good(T),
    Bad(IgnoredAny),
}

#[derive(Deserialize)]
struct StoreEntry {
    platform: String,
    shop: String,
    app: Option<String>,
    #[serde(default)]
    secrets: Vec<SecretString>,
}

#[derive(Deserialize)]
struct AppEntry {
    #[serde(default)]
    secrets: Vec<SecretString>,
}

#[derive(Deserialize)]
struct BrevoEntry {
    #[serde(default)]
    secrets: Vec<SecretString>,
    /// When all but the first end.
    #[serde(default)]
    old_until: Option<Timestamp>,
}

/// The tokens of one Brevo account.
#[derive(Debug, Default)]
struct BrevoTokens {
    tokens: Vec<SecretString>,
    old_until: Option<Timestamp>,
}

impl Keyring {
    /// Merges keyring secrets. A store may use an app that stands in another of them.
    pub fn parse(texts: &[SecretString]) -> Result<Self, KeyringError> {
        let mut stores = BTreeMap::new();
        let mut apps: BTreeMap<String, Vec<SecretString>> = BTreeMap::new();
        let mut brevo: BTreeMap<String, BrevoTokens> = BTreeMap::new();
        for text in texts {
            // The error's own text may quote the secret.
            let stored: Stored = serde_json::from_str(text.expose_secret())
                .map_err(|error| KeyringError::Malformed { line: error.line(), column: error.column() })?;
            if stored.v > VERSION {
                return Err(KeyringError::Newer(stored.v));
            }
            stores.extend(stored.stores);
            for (id, entry) in stored.apps {
                if let Entry::Good(app) = entry {
                    apps.entry(id).or_default().extend(app.secrets);
                }
            }
            for (account, entry) in stored.brevo {
                if let Entry::Good(entry) = entry {
                    let known = brevo.entry(account).or_default();
                    known.tokens.extend(entry.secrets.into_iter().filter(is_usable));
                    known.old_until = known.old_until.or(entry.old_until);
                }
            }
        }
        let brevo_rounds =
            brevo.values().map(|known| known.tokens.len()).max().unwrap_or_default().max(LEAST_ROUNDS);
        let mut keyring = Self { rounds: LEAST_ROUNDS, brevo, brevo_rounds, ..Self::default() };
        for (id, entry) in stores {
            let Some((id, keys)) = store_keys(&id, entry, &apps) else {
                warn!(store.id = id, "An entry of the keyring is no store: it is ignored");
                continue;
            };
            keyring.rounds = keyring.rounds.max(keys.secrets.len());
            keyring.by_shop.entry(keys.shop.clone()).or_insert_with(|| id.clone());
            keyring.stores.insert(id, keys);
        }
        keyring.apps = apps.into_values().flatten().filter(is_usable).collect();
        Ok(keyring)
    }

    /// The store of this id.
    pub fn store(&self, id: &StoreId) -> Option<&StoreKeys> {
        self.stores.get(id)
    }

    /// The store of this shop; the first by id, should several be connected to one shop.
    pub fn by_shop(&self, shop: &str) -> Option<(&StoreId, &StoreKeys)> {
        self.by_shop.get(shop).and_then(|id| self.stores.get_key_value(id))
    }

    /// The secrets of every app we know.
    pub fn app_secrets(&self) -> &[SecretString] {
        &self.apps
    }

    /// The tokens that webhooks from this Brevo account may carry now, the current one first; none for one that is not
    /// connected.
    pub fn brevo_tokens(&self, account: &str, now: Timestamp) -> &[SecretString] {
        let Some(known) = self.brevo.get(account) else { return &[] };
        let is_over = known.old_until.is_some_and(|until| until <= now);
        let good = if is_over { 1 } else { known.tokens.len() };
        known.tokens.get(..good).unwrap_or(&known.tokens)
    }

    /// How many tokens a refusal compares, whoever asks.
    pub fn brevo_rounds(&self) -> usize {
        self.brevo_rounds
    }

    /// How many signatures a refusal computes, whoever asks. `any_app`: where the secrets of all apps are good.
    pub fn rounds(&self, any_app: bool) -> usize {
        self.rounds + if any_app { self.apps.len() } else { 0 }
    }
}

fn store_keys(
    id: &str,
    entry: Entry<StoreEntry>,
    apps: &BTreeMap<String, Vec<SecretString>>,
) -> Option<(StoreId, StoreKeys)> {
    let Entry::Good(entry) = entry else { return None };
    let keys = StoreKeys {
        platform: Platform::parse(&entry.platform)?,
        shop: shop_domain(&entry.shop)?,
        secrets: {
            let of_app = entry.app.and_then(|app| apps.get(&app).cloned()).unwrap_or_default();
            entry.secrets.into_iter().chain(of_app).filter(is_usable).collect()
        },
    };
    Some((StoreId::parse(id).ok()?, keys))
}

fn is_usable(secret: &SecretString) -> bool {
    !secret.expose_secret().is_empty()
}

/// The keyring as last read.
#[derive(Debug)]
pub struct KeyringCache {
    client: Client,
    names: Vec<String>,
    copy: Mutex<Copy>,
}

#[derive(Debug, Default)]
struct Copy {
    keyring: Option<Arc<Keyring>>,
    tried_at: Option<Instant>,
}

impl Copy {
    /// Whether it is time to read. With a copy at most once a minute, however many strangers knock; without one
    /// every request tries, for it has nothing else to live on.
    fn is_due(&self, now: Instant) -> bool {
        let rested = self.tried_at.is_none_or(|at| now.saturating_duration_since(at) >= REREAD_AFTER);
        self.keyring.is_none() || rested
    }
}

impl KeyringCache {
    /// A cache over the secrets of these names; nothing is read yet.
    pub fn new(client: Client, names: Vec<String>) -> Self {
        Self { client, names, copy: Mutex::default() }
    }

    /// The keyring, at most a minute old, or older while it cannot be read anew. May call Secrets Manager.
    ///
    /// # Errors
    /// There is no copy and none can be read.
    pub async fn get(&self, now: Instant) -> Result<Arc<Keyring>, KeyringError> {
        let old = {
            let mut copy = self.lock();
            match &copy.keyring {
                Some(keyring) if !copy.is_due(now) => return Ok(Arc::clone(keyring)),
                old => {
                    let old = old.clone();
                    // Marked before the wait: requests meanwhile use the old copy.
                    copy.tried_at = Some(now);
                    old
                }
            }
        };
        match self.read().await {
            Ok(keyring) => {
                let keyring = Arc::new(keyring);
                self.lock().keyring = Some(Arc::clone(&keyring));
                Ok(keyring)
            }
            Err(error) => {
                let Some(old) = old else { return Err(error) };
                warn!(%error, "The keyring could not be read again: the copy in memory stays in use");
                Ok(old)
            }
        }
    }

    async fn read(&self) -> Result<Keyring, KeyringError> {
        let reads = try_join_all(self.names.iter().map(|name| self.read_one(name)));
        match tokio::time::timeout(READ_TIMEOUT, reads).await {
            Ok(texts) => Keyring::parse(&texts?),
            Err(_) => Err(KeyringError::Unreadable("no answer in time".to_owned())),
        }
    }

    async fn read_one(&self, name: &str) -> Result<SecretString, KeyringError> {
        use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
        let unreadable = |reason: &str| KeyringError::Unreadable(reason.to_owned());
        let answer = self.client.get_secret_value().secret_id(name).send().await;
        let answer = answer.map_err(|error| unreadable(error.code().unwrap_or("no connection")))?;
        answer.secret_string.map(SecretString::from).ok_or_else(|| unreadable("it holds no text"))
    }

    // A panic while the lock was held left nothing half done: each change is one assignment.
    fn lock(&self) -> MutexGuard<'_, Copy> {
        self.copy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "keyring_tests.rs"]
mod tests;
