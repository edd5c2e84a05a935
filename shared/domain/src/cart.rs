//! Carts and checkouts, and when one counts as abandoned.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{ContactKey, Currency, Identity, Item, Ledger, Money, Packed};

/// What a body is about. Both are one cart to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CartSource {
    /// The online store's cart: lines only, and nobody's name.
    Cart,
    /// The checkout that grew from it: who, what it costs with everything, and the way back.
    Checkout,
}

/// A cart or checkout as one body shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Cart {
    /// Which of the two the body is.
    pub source: CartSource,
    /// The platform says that it begins with this body, so there is hardly ever anything stored of it.
    pub begins: bool,
    /// The token our state is kept under: the cart's where there is one, else the checkout's.
    pub token: String,
    /// Every token this cart goes by, `token` included.
    pub tokens: Vec<String>,
    /// Whose it is; empty while nobody typed a contact.
    pub identity: Identity,
    /// When it was started.
    pub created_at: Timestamp,
    /// The version of this body.
    pub updated_at: Timestamp,
    /// When the webhook was triggered: orders bodies of the same version.
    pub triggered_at: Option<Timestamp>,
    /// When it became an order.
    pub completed_at: Option<Timestamp>,
    /// Shop currency.
    pub currency: Option<Currency>,
    /// Value of the cart.
    pub total: Money,
    /// Items only, after their discounts.
    pub subtotal: Option<Money>,
    /// Discounts, those of shipping included. Already taken off `subtotal` and `shipping`.
    pub discount: Option<Money>,
    /// Taxes.
    pub tax: Option<Money>,
    /// Whether the taxes are part of the prices.
    pub taxes_included: Option<bool>,
    /// Shipping, after its discounts.
    pub shipping: Option<Money>,
    /// Duties that are in the total and in no other part of it.
    pub fees: Option<Money>,
    /// The link that brings the buyer back. Opens their data: as secret as a token.
    pub url: Option<String>,
    /// What is in it.
    pub items: Vec<Item>,
}

// Tokens and link open the buyer's checkout: they are shown nowhere.
impl fmt::Debug for Cart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cart")
            .field("identity", &self.identity)
            .field("updated_at", &self.updated_at)
            .field("completed_at", &self.completed_at)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

/// Where a cart is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CartState {
    /// Somebody is, or may be, still shopping.
    Open,
    /// `cart_abandoned` was sent for the present quiet period.
    Abandoned,
    /// It became an order: no cart event may ever be sent for it again.
    Ordered,
    /// Emptied by the buyer.
    Emptied,
}

/// Keys of reminders begin like this.
const QUIET: &str = "quiet:";

/// What we remember of a cart. Short names: an item is charged by the started kilobyte.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartRecord {
    /// The version last accepted, of cart or checkout; `None` while only an order has named this cart.
    #[serde(rename = "v", alias = "version")]
    pub version: Option<Timestamp>,
    /// When the webhook of that version was triggered.
    #[serde(default, rename = "g", skip_serializing_if = "Option::is_none")]
    pub triggered_at: Option<Timestamp>,
    /// Where it is in its life.
    #[serde(rename = "s", alias = "state")]
    pub state: CartState,
    /// When we last heard of it: quiet is counted from here.
    #[serde(rename = "t", alias = "touched_at")]
    pub touched_at: Timestamp,
    /// When it was started: the time of `cart_created`.
    #[serde(default, rename = "b", skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Every token the cart goes by.
    #[serde(default, rename = "k", alias = "tokens", skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<String>,
    /// Whose it is.
    #[serde(default, rename = "i", alias = "identity")]
    pub identity: Identity,
    /// The properties of `cart_updated` as last accepted: `cart_abandoned` is made from them.
    #[serde(default, rename = "p", alias = "properties", skip_serializing_if = "Packed::is_empty")]
    pub properties: Packed,
    /// Stands for what is in the cart: an update that changes nothing fires nothing.
    #[serde(default, rename = "h", alias = "content")]
    pub content: String,
    /// Events sent and claimed.
    #[serde(default, rename = "e", alias = "effects")]
    pub effects: Ledger,
    /// In milliseconds: when the sweeper looks next; `None` when there is nothing to wait for.
    #[serde(default, rename = "d", alias = "due_at", skip_serializing_if = "Option::is_none")]
    pub due_at: Option<i64>,
    /// Whose cart it was is erased: nothing of it is told any more.
    #[serde(default, rename = "x", skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
}

/// Why a due cart is or is not abandoned now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TouchOutcome {
    /// Quiet for long enough: tell Brevo.
    Abandoned,
    /// Somebody touched it meanwhile: look again at this time.
    Later(Timestamp),
    /// Ordered, emptied, told already or nobody to tell: nothing to wait for.
    Over,
}

impl CartRecord {
    /// What a sweep finds at `now`. A cart is abandoned when nothing has happened to it for `quiet`,
    /// it holds something, somebody can be told and nobody was told yet.
    pub fn at(&self, now: Timestamp, quiet: SignedDuration) -> TouchOutcome {
        let told = self.effects.is_done(&self.quiet_key());
        if self.state != CartState::Open || told || self.identity.is_empty() {
            return TouchOutcome::Over;
        }
        let due = self.touched_at.saturating_add(quiet).unwrap_or(Timestamp::MAX);
        if due <= now { TouchOutcome::Abandoned } else { TouchOutcome::Later(due) }
    }

    /// Names one quiet period: it begins with a touch and ends with the next.
    pub fn quiet_key(&self) -> String {
        format!("{QUIET}{}", self.touched_at.as_millisecond())
    }

    /// Whether a reminder was begun and is not over: its contact may be on the list of abandoned carts already.
    pub fn is_being_reminded(&self) -> bool {
        self.effects.unfinished().any(|key| key.starts_with(QUIET))
    }

    /// Strips everything personal, for good.
    pub fn erase(&mut self) {
        let tokens = std::mem::take(&mut self.tokens);
        *self = Self {
            version: self.version,
            triggered_at: self.triggered_at,
            state: CartState::Emptied,
            touched_at: self.touched_at,
            tokens,
            identity: Identity::default(),
            created_at: None,
            properties: Packed::default(),
            content: String::new(),
            effects: Ledger::default(),
            due_at: None,
            erased: true,
        };
    }

    /// The contact whose list membership follows the cart.
    pub fn contact(&self) -> Option<ContactKey> {
        self.identity.key()
    }
}

impl fmt::Debug for CartRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CartRecord")
            .field("version", &self.version)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
