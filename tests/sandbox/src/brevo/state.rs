//! What an account knows, as one document for tests and people.

use serde::Serialize;

use super::account::Account;
use super::attributes::Attribute;
use super::catalog::CatalogItem;
use super::contacts::Contact;
use super::events::Event;
use super::lists::{Folder, List};
use super::orders::Order;
use super::webhooks::Webhook;

/// A copy of everything in one account, each kind in the order in which it came to be; orders, products and
/// categories by id.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct State {
    /// The account's name.
    pub account: String,
    /// Contacts.
    pub contacts: Vec<Contact>,
    /// Lists.
    pub lists: Vec<List>,
    /// Folders.
    pub folders: Vec<Folder>,
    /// Attributes that exist.
    pub attributes: Vec<Attribute>,
    /// Events in the order of their arrival.
    pub events: Vec<Event>,
    /// Orders.
    pub orders: Vec<Order>,
    /// Products.
    pub products: Vec<CatalogItem>,
    /// Categories.
    pub categories: Vec<CatalogItem>,
    /// Registrations of webhooks.
    pub webhooks: Vec<Webhook>,
    /// The eCommerce section.
    pub ecommerce: Ecommerce,
    /// Batches that were accepted and are not applied yet.
    pub waiting_batches: usize,
}

/// The eCommerce section.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ecommerce {
    /// Is it activated?
    pub active: bool,
    /// The account's one currency.
    pub display_currency: String,
}

impl State {
    /// The contact with this address, which is stored in lower case.
    pub fn contact(&self, email: &str) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.email.as_deref() == Some(email))
    }
}

impl Account {
    /// A copy of everything in the account.
    pub fn state(&self) -> State {
        State {
            account: self.name.clone(),
            contacts: self.contacts.values().cloned().collect(),
            lists: self.lists.values().cloned().collect(),
            folders: self.folders.values().cloned().collect(),
            attributes: self.attributes.clone(),
            events: self.events.clone(),
            orders: self.orders.values().cloned().collect(),
            products: self.products.values().cloned().collect(),
            categories: self.categories.values().cloned().collect(),
            webhooks: self.webhooks.values().cloned().collect(),
            ecommerce: Ecommerce {
                active: self.ecommerce_active,
                display_currency: self.display_currency.clone(),
            },
            waiting_batches: self.pending.len(),
        }
    }
}
