//! What a played shop knows, and who may ask it.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::points::Bucket;

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

    pub(super) fn may(&self, scope: &str) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.iter().any(|known| known == scope))
    }

    /// The bucket as it is now. `None`: limits are switched off.
    pub(super) fn bucket(&mut self, now: Timestamp) -> Option<&mut Bucket> {
        let rate = self.plan.rate();
        let bucket = self.bucket.get_or_insert_with(|| Bucket::full(rate, now));
        bucket.fill(now);
        self.rate_limits.then_some(bucket)
    }
}
