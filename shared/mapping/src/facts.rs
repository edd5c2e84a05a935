//! What the mapping must know of a store besides the body.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tajo_brevo::{Event, Identifier, Request, track};
use tajo_domain::{Identity, StoreId};

use crate::{IdentityField, ReservedEvents, Settings};

/// Whether real buyers shop there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreKind {
    /// A development store: test orders are orders.
    #[default]
    Development,
    /// A live store: test orders are skipped.
    Live,
}

/// A store as the mapping sees it.
#[derive(Clone, Debug)]
pub struct StoreFacts {
    /// Which store.
    pub store: StoreId,
    /// The platform's name, the first part of every `ext_id`.
    pub platform: &'static str,
    /// `demo-shop.myshopify.com`.
    pub shop: String,
    /// Facts older than this fire no event.
    pub connected_at: Timestamp,
    /// Live or development.
    pub kind: StoreKind,
    /// The store's own choices.
    pub settings: Settings,
}

impl StoreFacts {
    /// The shop without its platform's domain, as it stands in ids and event properties.
    pub fn shop_name(&self) -> &str {
        self.shop.split('.').next().unwrap_or(&self.shop)
    }

    /// Our id of a customer in Brevo.
    pub fn ext_id(&self, customer: &str) -> String {
        format!("{}:{}:{customer}", self.platform, self.shop_name())
    }

    /// How Brevo finds this person: address, then our id, then the number, as far as the settings use them. Not in their
    /// order: a number may be several people's, and an event must not go to another one.
    pub fn identifier(&self, identity: &Identity) -> Option<Identifier> {
        if let Some(email) = identity.email.as_ref().filter(|_| !identity.email_refused) {
            return Some(Identifier::Email(email.clone()));
        }
        let uses = |field| self.settings.contacts.uses(field);
        if let Some(customer) = identity.customer.as_ref().filter(|_| uses(IdentityField::CustomerId)) {
            return Some(Identifier::ExtId(self.ext_id(customer)));
        }
        let phone = identity.phone.clone().filter(|_| !identity.phone_refused);
        phone.filter(|_| uses(IdentityField::Phone)).map(Identifier::Phone)
    }

    /// The call of an event that takes the tracker's road. `None`: the Events API is its road, as it is of every contact
    /// without an address.
    pub fn tracked(&self, event: &Event) -> Option<Request> {
        match self.settings.reserved_events {
            ReservedEvents::Tracker => track(event),
            ReservedEvents::EventsApi => None,
        }
    }

    /// Whether a fact of this time may fire automations: it lies after the store was connected.
    pub fn is_fresh(&self, fact: Timestamp) -> bool {
        fact >= self.connected_at
    }
}

/// An event that a fact calls for, and the key under which it happens once.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// From the source: `placed`, `refund:88`, `updated:2026-11-20T10:00:00Z`.
    pub key: String,
    /// The event.
    pub event: Event,
}
