#![doc = include_str!("../README.md")]

mod audit;
mod aws;
mod budget;
mod due;
mod erasure;
mod error;
mod installs;
mod item;
mod lease;
mod listing;
mod log;
mod log_page;
mod members;
mod parked;
mod pepper;
mod privacy;
mod reconcile;
mod secrets;
mod stores;
mod table;
mod transaction;
mod unclear;
mod walk;

pub use audit::{AUDIT_KEPT_DAYS, AuditQuery, AuditRecord, audit_page, write_audit};
pub use aws::{AwsError, sdk_config};
pub use budget::{Learned, count_use, learned_of, note_learned, take_tickets};
pub use due::{DueCart, DuePage, due_carts, due_shard, due_webhook_checks};
pub use erasure::{ERASE_AFTER, Erasure, due_erasures, pending_erasure};
pub use error::TableError;
pub use installs::{InstallLink, ShopOwner, Visit, WebhookCheck};
pub use item::{Attributes, Put, Stored, Table};
pub use lease::Lease;
pub use listing::{Listing, count_waiting, list_ids, list_stores};
pub use log::{LogLine, read_log, write_log};
pub use log_page::{LogPlace, LogQuery, log_page};
pub use members::{forget_member, members, note_member};
pub use parked::{
    Backlog, COUNTED, Parked, Span, backlog, forget_parked, held_page, hold, list_parked, park, parked_page,
    read_parked,
};
pub use pepper::Pepper;
pub use privacy::{
    EXPORT_KEPT_SECONDS, PrivacyRecord, demand_attributes, list_demands, read_export, write_export,
};
pub use reconcile::{Compared, Reconcile, arm_reconcile, due_accounts, next_night};
pub use secrets::{AppKeys, SecretError, Secrets, StoreSecret, TokenGrant, get_secret, put_secret};
pub use stores::{
    Asked, BrevoSetUp, BulkEnd, GUEST, OptOuts, PersonFeed, Scopes, StoreRecord, StoreStatus, erase_person,
    feed_person, feeds_of_person, forget_person, note_opt_outs, note_totals, opt_outs_of_person,
    stores_of_person,
};
pub use table::{DUE_SHARDS, KINDS, KINDS_OF_A_STORE, Key};
pub use walk::{Held, Page};
