//! What we remember of an order: enough to send it again, and for facts that come without it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{AskedAmount, Currency, Fulfilment, Identity, KnownShipment, Ledger, Money, Packed, Refund};

/// Facts kept for an order that has not come, or does not count them yet. More never waited for a real one.
const MOST_FACTS: usize = 20;

/// What waits for an order that never comes is forgotten after this.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 60);

/// One fact about an order that came without the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoneFact {
    /// The platform's order id.
    pub order: String,
    /// What happened.
    pub fact: OrderFact,
    /// When the webhook was triggered: orders what is said of one shipment at the same time.
    pub triggered_at: Option<Timestamp>,
}

/// A fact with an id of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderFact {
    /// A shipment.
    #[serde(rename = "f")]
    Fulfilment(Fulfilment),
    /// A refund.
    #[serde(rename = "r")]
    Refund {
        /// The refund.
        #[serde(rename = "r")]
        refund: Refund,
        /// What its amount is in, where that is known. Another currency than the order's cannot be counted.
        #[serde(default, rename = "c", skip_serializing_if = "Option::is_none")]
        paid_in: Option<Currency>,
    },
}

impl OrderFact {
    /// The shipment, if it is one.
    pub fn fulfilment(&self) -> Option<&Fulfilment> {
        match self {
            Self::Fulfilment(fact) => Some(fact),
            Self::Refund { .. } => None,
        }
    }

    /// The platform's id.
    pub fn id(&self) -> &str {
        match self {
            Self::Fulfilment(fact) => &fact.id,
            Self::Refund { refund, .. } => &refund.id,
        }
    }

    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Fulfilment(fact) => fact.at,
            Self::Refund { refund, .. } => refund.at,
        }
    }

    /// The key of its event.
    pub fn key(&self) -> String {
        match self {
            Self::Fulfilment(fact) => fact.key(),
            Self::Refund { refund, .. } => format!("refunded:{}", refund.id),
        }
    }
}

/// What an event needs of its order.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderHead {
    /// What the buyer sees, such as `#1001`.
    #[serde(rename = "n")]
    pub name: String,
    /// Whose it is.
    #[serde(default, rename = "i")]
    pub identity: Identity,
    /// Shop currency.
    #[serde(default, rename = "c", skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The buyer's order page: as secret as a token.
    #[serde(default, rename = "u", skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Total as placed.
    #[serde(rename = "t")]
    pub total: Money,
    /// What it is worth, by its own body.
    #[serde(rename = "w")]
    pub net: Money,
    /// What has gone back, by its own body.
    #[serde(rename = "b")]
    pub refunded: Money,
    /// What `net` leaves out although no money has gone back for it, by its own body.
    #[serde(default, rename = "o", skip_serializing_if = "Money::is_zero")]
    pub owed: Money,
}

/// What we remember of an order. Short names: an item is charged by the started kilobyte.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRecord {
    /// The version last accepted; 1970 while the order itself has not come.
    #[serde(rename = "v", alias = "version")]
    pub version: Timestamp,
    /// When the webhook of that version was triggered; `None`: unknown, or a version before this one stored it.
    #[serde(default, rename = "g", skip_serializing_if = "Option::is_none")]
    pub triggered_at: Option<Timestamp>,
    /// Counts accepted changes: tells a worker, after its send, that something newer came meanwhile.
    #[serde(rename = "n", alias = "accepted")]
    pub accepted: u64,
    /// Brevo's order as last accepted, without its `updatedAt`; empty while the order itself has not come.
    #[serde(rename = "b", alias = "newest")]
    pub newest: Packed,
    /// `updatedAt` in Brevo: the version that brought the last change that Brevo can see.
    #[serde(default, rename = "u", skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// Events sent and claimed.
    #[serde(default, rename = "e", alias = "effects")]
    pub effects: Ledger,
    /// Whether the carts of this order are marked as done.
    #[serde(default, rename = "c", alias = "carts_closed")]
    pub carts_closed: bool,
    /// What an event needs of the order. `None`: it has not come, or a version before this one stored it.
    #[serde(default, rename = "h", skip_serializing_if = "Option::is_none")]
    pub head: Option<OrderHead>,
    /// Ids of the refunds that `newest` counts with their last word.
    #[serde(default, rename = "r", skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<String>,
    /// Ids of the refunds that `newest` shows open, each with how much of it is counted.
    #[serde(default, rename = "p", skip_serializing_if = "BTreeMap::is_empty")]
    pub open_refunds: BTreeMap<String, Money>,
    /// What the platform answered when it was asked for the amount.
    #[serde(default, rename = "k", skip_serializing_if = "Option::is_none")]
    pub asked: Option<AskedAmount>,
    /// Facts that came alone and that no accepted body of the order contains yet.
    #[serde(default, rename = "f", skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<OrderFact>,
    /// The newest that was said of each shipment.
    #[serde(default, rename = "s", skip_serializing_if = "BTreeMap::is_empty")]
    pub shipments: BTreeMap<String, KnownShipment>,
    /// When the order was brought into the shop from elsewhere, long after it was placed.
    #[serde(default, rename = "m", skip_serializing_if = "Option::is_none")]
    pub imported_at: Option<Timestamp>,
    /// When the order was deleted in the store: nothing brings it back.
    #[serde(default, rename = "d", skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// The buyer was erased: nothing of this order is told any more.
    #[serde(default, rename = "x", skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
}

impl OrderRecord {
    /// Of an order that has not come.
    pub fn unseen() -> Self {
        Self {
            version: Timestamp::UNIX_EPOCH,
            triggered_at: None,
            accepted: 0,
            newest: Packed::default(),
            changed_at: None,
            effects: Ledger::default(),
            carts_closed: false,
            head: None,
            refunds: Vec::new(),
            open_refunds: BTreeMap::new(),
            asked: None,
            facts: Vec::new(),
            shipments: BTreeMap::new(),
            imported_at: None,
            deleted_at: None,
            erased: false,
        }
    }

    /// Of an order of somebody who was erased: nothing of it is kept but that.
    pub fn erased(version: Timestamp, accepted: u64) -> Self {
        Self { version, accepted, carts_closed: true, erased: true, ..Self::unseen() }
    }

    /// Takes what a body of the order shows of its refunds.
    pub fn show_refunds(&mut self, refunds: &[Refund]) {
        let (closed, open): (Vec<&Refund>, Vec<&Refund>) =
            refunds.iter().partition(|refund| refund.is_final());
        self.refunds = closed.into_iter().map(|refund| refund.id.clone()).collect();
        self.open_refunds = open.into_iter().map(|refund| (refund.id.clone(), refund.amount)).collect();
    }

    /// Keeps a fact, in the place of an older word about the same thing. False if there is no room.
    pub fn keep(&mut self, fact: &OrderFact) -> bool {
        let same = |kept: &&mut OrderFact| kept.key() == fact.key();
        if let Some(kept) = self.facts.iter_mut().find(same) {
            if !is_older_word(fact, kept) {
                kept.clone_from(fact);
            }
            return true;
        }
        let has_room = self.facts.len() < MOST_FACTS;
        if has_room {
            self.facts.push(fact.clone());
        }
        has_room
    }

    /// Forgets kept facts that have become part of the order or of the ledger. A shipment is kept only to be
    /// told; a refund also to be counted, until a body of the order counts it, or shows it just as open.
    pub fn forget_settled(&mut self, is_fresh: impl Fn(Timestamp) -> bool) {
        let Self { facts, refunds, open_refunds, effects, head, .. } = self;
        let is_known = head.is_some();
        facts.retain(|fact| match fact {
            OrderFact::Refund { refund, .. } => {
                let says_more = |counted: &Money| refund.is_final() || *counted < refund.amount;
                !refunds.contains(&refund.id) && open_refunds.get(&refund.id).is_none_or(says_more)
            }
            OrderFact::Fulfilment(fulfilment) => {
                let is_to_tell = fulfilment.state.is_shipped() && is_fresh(fulfilment.at);
                !is_known || (is_to_tell && !effects.is_done(&fact.key()))
            }
        });
    }

    /// What the order is worth: by its body, less the refunds that the body does not count yet.
    pub fn net(&self) -> Option<Money> {
        let head = self.head.as_ref()?;
        let (unseen, open) = self.uncounted();
        // Lines of a refund that the body shows without its money have left the amount already.
        let beyond = unseen + (open - head.owed).max(Money::ZERO);
        Some((head.net - beyond).max(Money::ZERO))
    }

    /// What has gone back, facts that came alone included.
    pub fn refunded(&self) -> Money {
        let (unseen, open) = self.uncounted();
        self.head.as_ref().map_or(Money::ZERO, |head| head.refunded) + unseen + open
    }

    /// Whether all the money of the order has gone back, facts that came alone included.
    pub fn is_paid_back(&self) -> bool {
        let Some(head) = &self.head else { return false };
        let (unseen, open) = self.uncounted();
        let is_worthless = Money::ZERO < head.net && self.net() == Some(Money::ZERO);
        is_worthless || head.net + head.owed <= unseen + open
    }

    /// Money of facts that came alone and that the order's body does not count: of refunds that it does not show, and of
    /// those that it shows open.
    fn uncounted(&self) -> (Money, Money) {
        let (mut unseen, mut open) = (Money::ZERO, Money::ZERO);
        for fact in self.facts.iter().filter(|fact| !self.refunds.iter().any(|id| id == fact.id())) {
            let Some(amount) = self.counted(fact) else { continue };
            match self.open_refunds.get(fact.id()) {
                Some(counted) => open += (amount - counted).max(Money::ZERO),
                None => unseen += amount,
            }
        }
        (unseen, open)
    }

    /// The amount of a refund in the order's own currency; `None` for other facts, and for an amount in another.
    pub fn counted(&self, fact: &OrderFact) -> Option<Money> {
        let OrderFact::Refund { refund, paid_in } = fact else { return None };
        let currency = self.head.as_ref().and_then(|head| head.currency.as_ref());
        let is_same = paid_in.is_none() || currency.is_none() || paid_in.as_ref() == currency;
        is_same.then_some(refund.amount)
    }

    /// When the item may be deleted: never, once the order has come.
    pub fn expires_at(&self) -> Option<i64> {
        let times = self.facts.iter().map(OrderFact::at).chain(self.deleted_at);
        let last = times.max().filter(|_| self.newest.is_empty())?;
        Some(last.saturating_add(KEPT).unwrap_or(Timestamp::MAX).as_second())
    }
}

/// Whether a refund that comes was said before the one that is kept: money that has gone back does not come again.
fn is_older_word(coming: &OrderFact, kept: &OrderFact) -> bool {
    let (OrderFact::Refund { refund: coming, .. }, OrderFact::Refund { refund: kept, .. }) = (coming, kept)
    else {
        return false;
    };
    coming.amount < kept.amount || (coming.amount == kept.amount && kept.is_final() && !coming.is_final())
}

impl fmt::Debug for OrderRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrderRecord")
            .field("version", &self.version)
            .field("accepted", &self.accepted)
            .field("deleted_at", &self.deleted_at)
            .finish_non_exhaustive()
    }
}

// A link that carries a key, and a person.
impl fmt::Debug for OrderHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrderHead").field("net", &self.net).finish_non_exhaustive()
    }
}
