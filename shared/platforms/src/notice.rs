//! What a platform, or we ourselves, told the queue.

use std::fmt;
use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tajo_domain::{BrevoNews, StoreId, Unusable, short_hash};

use crate::lenient::{Id, Object, Text};
use crate::shopify::webhook::delivery_of;
use crate::surrogates::mended;
use crate::{Platform, TopicKind};

/// Topics that begin like this are our own; a platform's header can never name one.
pub const INTERNAL_TOPICS: &str = "tajo/";

/// The sweeper found a cart that may be abandoned by now.
pub const CART_DUE: &str = "tajo/cart_due";

/// A webhook from Brevo, as it came. It is of no store: `shop` is the Brevo account, as store records name it.
pub const BREVO_WEBHOOK: &str = "tajo/brevo_webhook";

/// The night's question to Brevo: who was blocked there that nobody told us of? Of an account, as [`BREVO_WEBHOOK`].
pub const RECONCILE: &str = "tajo/reconcile";

/// What Brevo told of one person, for one store that knows them.
pub const BREVO_NEWS: &str = "tajo/brevo_news";

/// The same, where nobody told it and we found it ([`RECONCILE`]): it is in no hurry.
pub const BREVO_FOUND: &str = "tajo/brevo_found";

/// What was held while a store was paused is to go on.
pub const RESUME: &str = "tajo/resume";
/// A store was connected, new or again: its Brevo account and its webhooks are to be made ready.
pub const SET_UP: &str = "tajo/set_up";

/// A shop that removed the app long enough ago is to be erased, as it demanded.
pub const ERASE_SHOP: &str = "tajo/erase_shop";

/// A store's webhooks are to be looked through.
pub const CHECK_WEBHOOKS: &str = "tajo/check_webhooks";

/// The version this program writes. It reads this one and all before.
const VERSION: u8 = 1;

/// A message of SQS, attributes included (SQS quotas: 1 MiB since August 2025).
pub const LARGEST_MESSAGE: usize = 1_048_576;

/// Left free in a message: `attempts` and `redelivered` grow when a notice is sent again.
const ROOM_TO_GROW: usize = 64;

/// Without its body no notice is larger than this (API Gateway takes 10 KB of headers), so a body below
/// [`LARGEST_MESSAGE`] less this surely fits.
const LARGEST_REST: usize = 48 * 1024;

/// A body that inflates to more is an attack or a mistake: the largest honest orders are a few megabytes.
pub const LARGEST_BODY: usize = 20 * 1024 * 1024;

/// What a platform told us, as it travels through the queue. `Debug` shows everything but the body.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    v: u8,
    /// The store it is about; absent when a shop that is no longer connected sends a compliance notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreId>,
    /// Who sent it.
    pub platform: Platform,
    /// The platform's own name of the shop; in a [`BREVO_WEBHOOK`] or [`RECONCILE`] notice the Brevo
    /// account.
    pub shop: String,
    /// What it is about, in the platform's words; one of ours begins with [`INTERNAL_TOPICS`].
    pub topic: String,
    /// Names this delivery: the same over the platform's retries.
    pub delivery: String,
    /// The action behind it: shared by all deliveries that tell of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// When it happened, where the platform says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triggered_at: Option<Timestamp>,
    /// When we heard of it.
    pub received_at: Timestamp,
    /// The version of the platform's API that made the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id_only: Option<IdOnly>,
    /// How often it was put back on the queue.
    #[serde(default)]
    pub attempts: u32,
    /// Whether an earlier receive of it ended without an answer.
    #[serde(default)]
    pub redelivered: bool,
    /// Whether it waited for a rate limit: some of it may have been sent, and was marked then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waited: bool,
    /// A person said that what it demands is really meant (`tajo privacy confirm`, `tajo connectors uninstall --erase`).
    /// No platform can say so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirmed: bool,
    /// Forwarded without its signature by a key that cannot vouch for it: no opt-in of its body counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsigned: bool,
    /// Where a long work goes on that one invocation cannot finish. Only brevo-sync writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<String>,
}

/// Stands for a body that does not fit into a message even deflated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdOnly {
    /// The `id` of the body, else its `token`; absent if it names neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// The body of a [`CART_DUE`] notice.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartDue {
    /// The token the cart is kept under.
    pub token: String,
    /// In milliseconds: since when the cart is due.
    #[serde(rename = "touched_at")]
    pub due_at: i64,
}

// The token opens the cart: it is shown nowhere.
impl fmt::Debug for CartDue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CartDue").field("due_at", &self.due_at).finish_non_exhaustive()
    }
}

/// The body of a [`BREVO_NEWS`] or [`BREVO_FOUND`] notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewsForStore {
    /// What happened.
    pub news: BrevoNews,
    /// The store's customers who have, or had, this address.
    pub customers: Vec<String>,
    /// Nobody told it: the block was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
}

/// How a block was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Where we had opened the contact ourselves, it was open at this time.
    pub open_at: Timestamp,
}

impl Notice {
    /// A notice without a body yet; give it one with [`Notice::wrap`].
    pub fn new(
        platform: Platform,
        shop: impl Into<String>,
        topic: impl Into<String>,
        delivery: impl Into<String>,
        received_at: Timestamp,
    ) -> Self {
        Self {
            v: VERSION,
            store: None,
            platform,
            shop: shop.into(),
            topic: topic.into(),
            delivery: delivery.into(),
            event: None,
            triggered_at: None,
            received_at,
            api_version: None,
            body: None,
            id_only: Some(IdOnly::default()),
            attempts: 0,
            redelivered: false,
            waited: false,
            confirmed: false,
            unsigned: false,
            resume: None,
        }
    }

    /// Puts the body in: deflated, in base64 (SQS refuses some characters). If the message would be too large
    /// even so, only the body's id travels; then and only then is the body looked into.
    pub fn wrap(mut self, body: &[u8]) -> Self {
        self.id_only = None;
        self.body = Some(STANDARD.encode(deflate(body)));
        let surely_fits = self.body.as_ref().is_some_and(|body| body.len() < LARGEST_MESSAGE - LARGEST_REST);
        if !surely_fits && self.to_json().len() > LARGEST_MESSAGE - ROOM_TO_GROW {
            self.body = None;
            self.id_only = Some(IdOnly { id: id_of(body) });
        }
        self
    }

    /// Work of our own for a store that needs no more than its name: [`SET_UP`], [`CHECK_WEBHOOKS`], [`ERASE_SHOP`].
    pub fn of_ours(topic: &str, store: &StoreId, platform: Platform, shop: &str, at: Timestamp) -> Self {
        let name = topic.strip_prefix(INTERNAL_TOPICS).unwrap_or(topic);
        let mut notice = Self::new(platform, shop, topic, format!("{name}:{}", at.as_millisecond()), at);
        notice.store = Some(store.clone());
        notice.wrap(b"{}")
    }

    /// The sweeper's question: is this cart, which is due since `due_at`, abandoned?
    ///
    /// The delivery is named after the cart alone: however often sweeps find it, it is asked about once, and parked
    /// once. (The ledger knows the quiet periods; the index does not.)
    pub fn cart_due(store: &StoreId, platform: Platform, shop: &str, token: &str, due_at: Timestamp) -> Self {
        let due = CartDue { token: token.to_owned(), due_at: due_at.as_millisecond() };
        let delivery = format!("cart_due:{}", short_hash(token));
        let mut notice = Self::new(platform, shop, CART_DUE, delivery, due_at);
        notice.store = Some(store.clone());
        notice.wrap(&serde_json::to_vec(&due).unwrap_or_default())
    }

    /// What a [`CART_DUE`] notice asks.
    pub fn read_cart_due(&self) -> Result<CartDue, Unusable> {
        serde_json::from_slice(&self.body()?)
            .map_err(|_| Unusable::new("the cart_due notice names no cart and no time"))
    }

    /// A webhook from Brevo for this account. Brevo names no delivery: the same body is the same one.
    pub fn from_brevo(account: &str, body: &[u8], received_at: Timestamp) -> Self {
        // Brevo is no platform; which one the stores of the account are on, only they know.
        let delivery = delivery_of(body);
        Self::new(Platform::Shopify, account, BREVO_WEBHOOK, delivery, received_at).wrap(body)
    }

    /// The night's question about an account. One name for every night: if it is parked, it is parked once.
    pub fn reconcile(account: &str, asked_at: Timestamp) -> Self {
        Self::new(Platform::Shopify, account, RECONCILE, "reconcile", asked_at)
    }

    /// What was held while the store was paused is to go on.
    pub fn resume(store: &StoreId, platform: Platform, shop: &str, now: Timestamp) -> Self {
        let mut notice = Self::new(platform, shop, RESUME, format!("resume:{}", now.as_second()), now);
        notice.store = Some(store.clone());
        notice.wrap(b"{}")
    }

    /// What Brevo told, for one of the stores that know the person. Named after what happened, so that a webhook which
    /// comes twice asks the same thing: `who` stands for the person, and is what logs show of them.
    pub fn brevo_news(
        store: &StoreId,
        platform: Platform,
        shop: &str,
        told: &NewsForStore,
        who: &str,
        heard_at: Timestamp,
    ) -> Self {
        let NewsForStore { news, found, .. } = told;
        let topic = if found.is_some() { BREVO_FOUND } else { BREVO_NEWS };
        let what = short_hash(&format!("{:?} {who}", news.said));
        let delivery = format!("brevo:{what}:{}", news.at.as_second());
        let mut notice = Self::new(platform, shop, topic, delivery, heard_at);
        notice.store = Some(store.clone());
        notice.triggered_at = Some(news.at);
        notice.wrap(&serde_json::to_vec(told).unwrap_or_default())
    }

    /// What a [`BREVO_NEWS`] or [`BREVO_FOUND`] notice tells.
    pub fn read_brevo_news(&self) -> Result<NewsForStore, Unusable> {
        serde_json::from_slice(&self.body()?)
            .map_err(|_| Unusable::new("the notice of what Brevo told names no person and no time"))
    }

    /// When it happened, as far as we know: facts of the body without a time of their own get this one.
    ///
    /// Never after we heard of it: the header that says so is not signed, and a deletion of the future would stand
    /// against everything true until then.
    pub fn time(&self) -> Timestamp {
        self.triggered_at.map_or(self.received_at, |at| at.min(self.received_at))
    }

    /// Names what was signed: the body, and the topic it came under. Whatever else a webhook says of itself, its delivery
    /// id too, is the sender's word, so the same body sent again is the same work.
    pub fn digest(&self) -> String {
        let topic = match self.platform.topic_kind(&self.topic) {
            // Of these a sender may make up as many as they like.
            TopicKind::Unknown => "",
            TopicKind::Live | TopicKind::MustKeep => self.topic.as_str(),
        };
        let mut signed = Sha256::new_with_prefix(format!("{topic}\n"));
        match (self.body(), &self.id_only) {
            (Ok(body), _) => signed.update(body),
            (Err(_), Some(named)) => signed.update(named.id.as_deref().unwrap_or_default()),
            (Err(_), None) => signed.update(self.body.as_deref().unwrap_or_default()),
        }
        signed.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The body as the platform sent it.
    pub fn body(&self) -> Result<Vec<u8>, Unusable> {
        let Some(body) = &self.body else {
            return Err(Unusable::new("the body did not fit a message, only its id was kept"));
        };
        let deflated =
            STANDARD.decode(body).map_err(|_| Unusable::new("the body of the notice is not base64"))?;
        inflate(&deflated)
    }

    /// What travels in place of a body that did not fit.
    pub fn id_only(&self) -> Option<&IdOnly> {
        self.id_only.as_ref()
    }

    /// The notice as text for a queue.
    pub fn to_json(&self) -> String {
        // Strings, numbers and flags only: this cannot fail, and an empty text would be refused by SQS.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a notice of this version or an older one.
    pub fn from_json(text: &str) -> Result<Self, Unusable> {
        #[derive(Deserialize)]
        struct Version {
            v: Option<u64>,
        }
        let not_a_notice = |error: serde_json::Error| {
            let (line, column) = (error.line(), error.column());
            Unusable::new(format!("the message is not a notice (line {line}, column {column})"))
        };
        match serde_json::from_str::<Version>(text).map_err(not_a_notice)?.v {
            Some(v) if v > VERSION.into() => Err(Unusable::new(format!(
                "the notice has format version {v}, but this program reads versions up to {VERSION}: it was \
                 written by a newer release"
            ))),
            Some(_) => serde_json::from_str(text).map_err(not_a_notice),
            None => Err(Unusable::new("the message is not a notice: it has no format version")),
        }
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice")
            .field("store", &self.store)
            .field("shop", &self.shop)
            .field("topic", &self.topic)
            .field("delivery", &self.delivery)
            .field("triggered_at", &self.triggered_at)
            .field("received_at", &self.received_at)
            .field("attempts", &self.attempts)
            .field("redelivered", &self.redelivered)
            .finish_non_exhaustive()
    }
}

/// The fastest level: an order shrinks to a third already, the next levels cost more time than they save money.
fn deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(body.len() / 3 + 64), Compression::fast());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}

fn inflate(deflated: &[u8]) -> Result<Vec<u8>, Unusable> {
    let mut body = Vec::with_capacity(deflated.len().saturating_mul(4).min(LARGEST_BODY));
    let limit = LARGEST_BODY as u64 + 1;
    match DeflateDecoder::new(deflated).take(limit).read_to_end(&mut body) {
        Ok(_) if body.len() > LARGEST_BODY => {
            Err(Unusable::new(format!("the body is larger than {} MB", LARGEST_BODY >> 20)))
        }
        Ok(_) => Ok(body),
        Err(_) => Err(Unusable::new("the body of the notice is not deflated data")),
    }
}

/// The `id` or `token` at the top of a body, everything else passed over.
fn id_of(body: &[u8]) -> Option<String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Named<'a> {
        id: Id,
        #[serde(borrow)]
        token: Text<'a>,
    }
    let body = mended(body);
    let named = serde_json::from_slice::<Object<Named<'_>>>(&body).ok()?.0?;
    named.id.0.or_else(|| named.token.owned()).filter(|id| id.len() <= 256)
}

#[cfg(test)]
#[path = "notice_tests.rs"]
mod tests;
