#![doc = include_str!("../README.md")]

mod cart;
mod change;
mod consent;
mod contact;
mod email;
mod ids;
mod ledger;
mod money;
mod order;
mod person;
mod phone;
mod privacy;

pub use cart::{Cart, CartRecord, CartState, TouchOutcome};
pub use change::{Change, Changes, CustomerNews, Skipped, Unusable};
pub use consent::{Channel, Consent, ConsentState};
pub use contact::{Admission, Block, ContactKey, ContactRecord, Creation, KnownAs};
pub use email::{Email, InvalidEmail};
pub use ids::{InvalidStoreId, StoreId, short_hash};
pub use ledger::{Claim, Ledger};
pub use money::{Currency, Money, parse_amount};
pub use order::{Address, Cancellation, Fulfilment, Item, Order, OrderRecord, Refund};
pub use person::{Identity, PersonUpdate, Profile, Totals, Versioned};
pub use phone::{InvalidPhone, Phone};
pub use privacy::{AppNews, Demand, PrivacyDemand};
