//! One Brevo account and the door to it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::attributes::{self, Attribute};
use super::batch::Pending;
use super::catalog::CatalogItem;
use super::contacts::Contact;
use super::events::Event;
use super::lists::{Folder, List};
use super::orders::Order;
use super::rates::Rates;
use super::routes;
use super::webhooks::Webhook;
use crate::http::{Request, Response};

/// What an account looks like. Absent fields leave an existing account as it is.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountSettings {
    /// The key that opens it.
    pub api_key: String,
    /// How state, calls and the web page name it. `account-2` and so on when absent.
    pub name: Option<String>,
    /// Is the eCommerce section activated?
    pub ecommerce_active: Option<bool>,
    /// Are the rate limits kept?
    pub rate_limits: Option<bool>,
    /// Have the batch roads of events, orders and products the rates of their single ones? Brevo does not say; the
    /// default is what its table says of all it does not name.
    pub fast_batches: Option<bool>,
    /// Does Brevo think it does not know this IP address?
    pub ip_blocked: Option<bool>,
    /// For so long after its creation a contact answers 425.
    pub early_ms: Option<i64>,
    /// For so long a batch of events or orders waits before it is applied.
    pub queue_ms: Option<i64>,
    /// The display currency of the eCommerce section.
    pub display_currency: Option<String>,
    /// Is marketing automation switched on?
    pub automation: Option<bool>,
    /// The attributes for given name and surname, which follow the account's language.
    pub name_attributes: Option<(String, String)>,
    /// Attributes to add.
    pub attributes: Vec<Attribute>,
}

/// One Brevo account.
#[derive(Clone, Debug)]
pub struct Account {
    pub(super) name: String,
    pub(super) ecommerce_active: bool,
    pub(super) rate_limits: bool,
    pub(super) ip_blocked: bool,
    pub(super) early_ms: i64,
    pub(super) queue_ms: i64,
    pub(super) display_currency: String,
    pub(super) automation: bool,
    pub(super) attributes: Vec<Attribute>,
    pub(super) contacts: BTreeMap<u64, Contact>,
    pub(super) lists: BTreeMap<u64, List>,
    pub(super) folders: BTreeMap<u64, Folder>,
    pub(super) events: Vec<Event>,
    pub(super) orders: BTreeMap<String, Order>,
    pub(super) products: BTreeMap<String, CatalogItem>,
    pub(super) categories: BTreeMap<String, CatalogItem>,
    pub(super) webhooks: BTreeMap<u64, Webhook>,
    pub(super) pending: Vec<Pending>,
    pub(super) rates: Rates,
    last_id: u64,
    last_contact: u64,
}

/// The address of the person who owns the account; Brevo does not let that contact be deleted.
pub(super) const OWNER: &str = "owner@example.com";

impl Account {
    /// An account as it is on its first day: eCommerce off, only the default attributes, limits on.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ecommerce_active: false,
            rate_limits: true,
            ip_blocked: false,
            early_ms: 0,
            queue_ms: 0,
            display_currency: "USD".to_owned(),
            automation: true,
            attributes: attributes::defaults("FIRSTNAME", "LASTNAME"),
            contacts: BTreeMap::new(),
            lists: BTreeMap::new(),
            folders: BTreeMap::new(),
            events: Vec::new(),
            orders: BTreeMap::new(),
            products: BTreeMap::new(),
            categories: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            pending: Vec::new(),
            rates: Rates::default(),
            last_id: 0,
            last_contact: 0,
        }
    }

    /// The account's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Applies the settings that are present.
    pub fn configure(&mut self, settings: &AccountSettings) {
        let set = settings.clone();
        self.name = set.name.unwrap_or_else(|| self.name.clone());
        self.ecommerce_active = set.ecommerce_active.unwrap_or(self.ecommerce_active);
        self.rate_limits = set.rate_limits.unwrap_or(self.rate_limits);
        self.rates.fast_batches = set.fast_batches.unwrap_or(self.rates.fast_batches);
        self.ip_blocked = set.ip_blocked.unwrap_or(self.ip_blocked);
        self.early_ms = set.early_ms.unwrap_or(self.early_ms);
        self.queue_ms = set.queue_ms.unwrap_or(self.queue_ms);
        self.display_currency = set.display_currency.unwrap_or_else(|| self.display_currency.clone());
        self.automation = set.automation.unwrap_or(self.automation);
        if let Some((first_name, last_name)) = set.name_attributes {
            let old = attributes::defaults("FIRSTNAME", "LASTNAME");
            self.attributes.retain(|attribute| !old.contains(attribute));
            self.attributes.extend(attributes::defaults(&first_name, &last_name));
        }
        for attribute in set.attributes {
            self.attributes.retain(|known| known.name != attribute.name);
            self.attributes.push(attribute);
        }
    }

    /// Answers one request: a pure function of the account, the request and the time.
    pub fn handle(&mut self, request: &Request, now: Timestamp) -> Response {
        self.settle(now);
        if self.ip_blocked {
            return Response::error(401, "unauthorized", UNKNOWN_ADDRESS);
        }
        let Some(segments) = request.segments() else {
            return Response::error(404, "document_not_found", "Not found");
        };
        let route = routes::find(&request.method, &segments);
        let verdict = match &route {
            Ok(route) if self.rate_limits => Some(self.rates.check(&request.method, route.template, now)),
            _ => None,
        };
        let mut response = match route {
            // The body of a 429 is not documented; clients may rely on the status alone.
            Ok(_) if verdict.as_ref().is_some_and(|verdict| !verdict.allowed) => Response::empty(429),
            Ok(route) => routes::run(self, &route, request, now).unwrap_or_else(|refusal| refusal),
            Err(refusal) => refusal,
        };
        if let Some(verdict) = verdict {
            let headers = [
                ("x-sib-ratelimit-limit", verdict.limit.to_string()),
                ("x-sib-ratelimit-remaining", verdict.remaining.to_string()),
                ("x-sib-ratelimit-reset", verdict.reset_seconds.to_string()),
            ];
            response.headers.extend(headers.map(|(name, value)| (name.to_owned(), value)));
        }
        response
    }

    /// Ids of lists, folders, products and batches come from one row of numbers, as in Brevo.
    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub(super) fn next_contact(&mut self) -> u64 {
        self.last_contact += 1;
        self.last_contact
    }
}

const UNKNOWN_ADDRESS: &str = "We have detected you are using an unrecognised IP address 203.0.113.7. If you \
     performed this action make sure to add the new IP address in this link: \
     https://app.brevo.com/security/authorised_ips";
