//! Every number Brevo gives us, each with its source.

use std::time::Duration;

/// Bytes of `event_properties` in one event (Brevo reference, "Create an event": 50 KB).
pub const EVENT_PROPERTIES_BYTES: usize = 50_000;

/// `POST /events`, General plan ("Rate limits").
pub const EVENTS_PER_SECOND: u32 = 10;

/// `POST /orders/status`, General plan ("Rate limits").
pub const ORDERS_PER_SECOND: u32 = 5;

/// `POST /products`, General plan ("Rate limits").
pub const PRODUCTS_PER_SECOND: u32 = 2;

/// Everything below `/contacts`, General plan ("Rate limits").
pub const CONTACTS_PER_SECOND: u32 = 10;

/// The most that any plan gives of a second (`POST /events`, contacts; Extended): a larger limit is that of an hour.
pub const MOST_PER_SECOND: u32 = 60;

/// Whatever the table does not name, General plan ("Rate limits"). Whether paths share it is not said: each is taken to
/// have its own until an answer's headers say otherwise.
pub const OTHERS_PER_HOUR: u32 = 100;

/// Events in one `POST /events/batch` ("Event endpoints").
pub const EVENTS_PER_BATCH: usize = 200;

/// Bytes of the body of one `POST /events/batch`: 512 KB, read strictly ("Event endpoints").
pub const EVENTS_BATCH_BYTES: usize = 512_000;

/// Orders in one `POST /orders/status/batch` ("Create a batch of orders").
pub const ORDERS_PER_BATCH: usize = 1_000;

/// Bytes of the body of any other batch. Brevo documents none; its import advises 8 MB ("Import contacts"), and a body
/// of this size is ours to keep in memory.
pub const BATCH_BYTES: usize = 2_000_000;

/// Contacts in one `POST /contacts/lists/{id}/contacts/add` or `remove` (Brevo reference, "Add existing contacts to a
/// list": 150).
pub const MEMBERS_PER_BATCH: usize = 150;

/// Lists or folders in one page (Brevo reference, "Get all the lists", "Get all folders": 50).
pub const LISTS_PER_PAGE: usize = 50;

/// Webhooks that one account may have (Brevo help, "Create and manage webhooks": 40).
pub const WEBHOOKS_PER_ACCOUNT: usize = 40;

/// Waits for one answer. Brevo documents no figure; its own SDKs use 60 s, which is a whole invocation here.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Waits for one connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Waits after a 429 without a readable `x-sib-ratelimit-reset`: the longest of the per-second windows is one
/// second, so a few of them ("Rate limits").
pub const RESET_WHEN_UNKNOWN: Duration = Duration::from_secs(5);

/// The longest wait we take from `x-sib-ratelimit-reset`: the largest window is an hour ("Rate limits").
pub const RESET_AT_MOST: Duration = Duration::from_secs(3600);

/// Waits after 425 Too Early: the contact is still being processed ("Create a contact").
pub const TOO_EARLY: Duration = Duration::from_secs(3);

/// Events asked for at once. Brevo gives up to 10,000 ("Get events"); so many of the largest size it takes are 5 MB, of the
/// usual one far below [`ANSWER_BYTES`].
pub const EVENTS_PER_PAGE: usize = 100;

/// Bytes of an answer we read: the largest that we ask for is one page of contacts, of 8 KB each.
pub const ANSWER_BYTES: usize = 4_000_000;

/// Contacts asked for at once (Brevo reference, "Get all the contacts": up to 1,000). Half of it, so that a page of people
/// with many attributes stays below [`ANSWER_BYTES`].
pub const CONTACTS_PER_PAGE: usize = 500;

/// Products in one `POST /products/batch`, categories in one `POST /categories/batch` (Brevo reference, "Create
/// products in batch": 100; more only where Brevo has raised the account's limit).
pub const CATALOGUE_PER_BATCH: usize = 100;

/// Characters of `metaInfo` in all (Brevo changelog, March 2026: 20,000).
pub const META_INFO_CHARACTERS: usize = 20_000;

/// Characters of an id that we make up ourselves, for a category. Brevo documents no limit; this stays below every
/// usual one.
pub const CATEGORY_ID_CHARACTERS: usize = 64;
