//! What a played shop knows, and who may ask it.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::oauth::{AppSettings, Given};
use super::points::Bucket;

/// Every right that the sandbox knows: those of a token that was not granted, and of an app of one's own.
const ALL_SCOPES: [&str; 7] = [
    "read_customers",
    "write_customers",
    "read_customer_merge",
    "read_orders",
    "read_fulfillments",
    "read_products",
    "read_inventory",
];

/// The plan decides how many points flow into the bucket each second (shopify.dev, "Rate limits").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "Shopify's own names")]
pub enum Plan {
    #[default]
    Standard,
    Advanced,
    Plus,
    Enterprise,
}

impl Plan {
    /// Points per second.
    pub fn rate(self) -> f64 {
        match self {
            Self::Standard => 100.0,
            Self::Advanced => 200.0,
            Self::Plus => 1_000.0,
            Self::Enterprise => 2_000.0,
        }
    }
}

/// Body of `POST /_sandbox/shopify/shops`: creates a shop or changes one. Absent fields stay as they are; objects are
/// in the shape of the Admin GraphQL API, connections as plain lists, and replace those of the same id.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShopSettings {
    /// `jo.myshopify.com`
    pub shop: String,
    /// Opens its API.
    pub access_token: Option<String>,
    /// What the token may read; by default all that the sandbox plays.
    pub scopes: Option<Vec<String>>,
    /// Decides the rate limit.
    pub plan: Option<Plan>,
    /// Whether the bucket is counted.
    pub rate_limits: Option<bool>,
    /// Customers it has.
    pub customers: Vec<Value>,
    /// Orders it has.
    pub orders: Vec<Value>,
    /// Products it has.
    pub products: Vec<Value>,
    /// Collections it has. A collection and its products each list the other: the sandbox derives neither.
    pub collections: Vec<Value>,
    /// Inventory items it has.
    pub inventory_items: Vec<Value>,
    /// Global ids of what it no longer has.
    pub forget: Vec<String>,
    /// The app that may be installed.
    pub app: Option<AppSettings>,
    /// False: the merchant removes the app; its tokens die, and its webhooks go.
    pub installed: Option<bool>,
    /// True: tokens that were granted die; refresh tokens stay.
    pub revoke_tokens: bool,
    /// Fields of the Admin API's `shop`, over what the sandbox says.
    pub about: Option<Value>,
}

/// One shop.
pub(crate) struct Shop {
    pub(crate) address: String,
    pub(crate) access_token: Option<String>,
    scopes: Option<Vec<String>>,
    plan: Plan,
    rate_limits: bool,
    objects: Vec<Value>,
    bucket: Option<Bucket>,
    pub(super) app: Option<AppSettings>,
    pub(super) installed: bool,
    pub(super) given: Given,
    pub(super) about: Value,
    /// The rights of the token that asks now; `None`: one that was not granted.
    pub(super) asking: Option<Vec<String>>,
    last_number: u64,
}

impl Shop {
    pub(crate) fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            access_token: None,
            scopes: None,
            plan: Plan::default(),
            rate_limits: true,
            objects: Vec::new(),
            bucket: None,
            app: None,
            installed: false,
            given: Given::default(),
            about: Value::Null,
            asking: None,
            last_number: 0,
        }
    }

    pub(crate) fn configure(&mut self, settings: &ShopSettings) {
        if settings.access_token.is_some() {
            self.access_token.clone_from(&settings.access_token);
        }
        if settings.scopes.is_some() {
            self.scopes.clone_from(&settings.scopes);
        }
        if let Some(plan) = settings.plan {
            self.plan = plan;
            self.bucket = None;
        }
        if settings.app.is_some() {
            self.app.clone_from(&settings.app);
        }
        if let Some(about) = &settings.about {
            self.about = about.clone();
        }
        if settings.revoke_tokens {
            self.given.revoke();
        }
        if settings.installed == Some(false) {
            self.given = Given::default();
            self.installed = false;
            self.objects.retain(|object| kind_of(object) != Some("WebhookSubscription"));
        }
        self.rate_limits = settings.rate_limits.unwrap_or(self.rate_limits);
        let lists = [
            &settings.customers,
            &settings.orders,
            &settings.products,
            &settings.collections,
            &settings.inventory_items,
        ];
        for object in lists.into_iter().flatten() {
            self.learn(object.clone());
        }
        self.objects.retain(|object| !settings.forget.iter().any(|id| object["id"] == *id));
    }

    /// Knows this object from now on, instead of the one with the same id.
    pub(crate) fn learn(&mut self, object: Value) {
        self.objects.retain(|known| known["id"] != object["id"]);
        self.objects.push(object);
    }

    pub(crate) fn object(&self, id: &str) -> Option<&Value> {
        self.objects.iter().find(|object| object["id"] == id)
    }

    /// Whether the token that asks has a right. The right to write includes the right to read.
    pub(super) fn may(&self, scope: &str) -> bool {
        let write = scope.replacen("read_", "write_", 1);
        let has = |scopes: &Vec<String>| scopes.iter().any(|known| known == scope || *known == write);
        self.asking.as_ref().or(self.scopes.as_ref()).is_none_or(has)
    }

    /// The rights of the token that asks.
    pub(super) fn scopes_now(&self) -> Vec<String> {
        self.asking.clone().or_else(|| self.scopes.clone()).unwrap_or_else(|| self.all_scopes())
    }

    pub(super) fn all_scopes(&self) -> Vec<String> {
        ALL_SCOPES.map(str::to_owned).to_vec()
    }

    /// Whether this token opens the shop now; notes its rights.
    pub(super) fn opens(&mut self, token: &str, now: Timestamp) -> bool {
        if self.access_token.as_deref() == Some(token) {
            self.asking = None;
            return true;
        }
        self.asking = self.given.scopes_of(token, now);
        self.asking.is_some()
    }

    /// Whether a token is, or was, this shop's.
    pub(super) fn knows(&self, token: &str) -> bool {
        self.access_token.as_deref() == Some(token) || self.given.knows(token)
    }

    /// Everything of this type, in the order in which it came.
    pub(super) fn all_of(&self, kind: &str) -> Vec<Value> {
        self.objects.iter().filter(|object| kind_of(object) == Some(kind)).cloned().collect()
    }

    /// The webhooks that the app has.
    pub(crate) fn webhooks(&self) -> Vec<Value> {
        super::webhooks::all(self)
    }

    pub(super) fn forget(&mut self, id: &str) {
        self.objects.retain(|object| object["id"] != id);
    }

    pub(super) fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// The bucket as it is now. `None`: limits are switched off.
    pub(super) fn bucket(&mut self, now: Timestamp) -> Option<&mut Bucket> {
        let rate = self.plan.rate();
        let bucket = self.bucket.get_or_insert_with(|| Bucket::full(rate, now));
        bucket.fill(now);
        self.rate_limits.then_some(bucket)
    }
}

/// `Customer` of the object with the id `gid://shopify/Customer/1`.
fn kind_of(object: &Value) -> Option<&str> {
    object["id"].as_str()?.strip_prefix("gid://shopify/")?.split('/').next()
}
