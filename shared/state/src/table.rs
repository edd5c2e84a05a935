//! All key formats on one screen.
//!
//! | Item | `pk` | `sk` | Due index |
//! | --- | --- | --- | --- |
//! | store | `store#{store}` | `store` | `stores`: all of them |
//! | contact | `customer#{store}#{customer id}` or `guest#{store}#{hash}` | `contact` | |
//! | person | `person#{Brevo account}#{hash of email}` | `feed#{store}` | |
//! | order | `order#{store}#{order id}` | `order` | |
//! | cart | `cart#{store}#{token}` | `cart` | `carts#{shard}`, when the sweeper looks next |
//! | product | `product#{store}#{product id}` | `product` | |
//! | inventory item | `item#{store}#{inventory item id}` | `item` | |
//! | category | `category#{store}#{Brevo category id}` | `category` | |
//! | member | `members#{store}#{collection id}` | `{product id}` | |
//! | parked | `parked#{store}#{id}` | `parked`, `part#{n}` | `parked#{store}`; its first part in `parked`: when it was parked |
//! | held for a paused store | as parked | as parked | `held#{store}`: when it was held |
//! | run | `run#{store}#{id}` | `run` | `runs#{store}`, when it was asked for |
//! | API key | `key#{id}` | `key` | `keys`, when it was made |
//! | rate of a key | `rate#{id}` | `{minute}` | |
//! | audit record | `audit#{month}` | `{time}#{id}` | |
//! | counts | `counts` | `counts` | |
//! | privacy | `privacy#{store}#{digest of the demand}` | `demand`, `part#{n}` | `privacy#{store}`, when it was asked |
//! | budget | `budget#{Brevo account}#{bucket}` | `{window}` | |
//! | reconcile | `reconcile#{Brevo account}` | `reconcile` | `reconcile`, when the account is compared next |
//! | shop | `shop#{address}` | `owner` | |
//! | link, visit | `link#{hash}`, `visit#{hash}` | `install` | |
//! | webhook check | `webhooks#{store}` | `check` | `webhooks`, when they are looked through next |
//! | erasure of a shop | `erasure#{store}` | `erasure` | `erasures`, when it is looked at next |
//! | lease | `lease#{what}` | `lease` | |
//! | learned | `budget#{Brevo account}` | `learned` | |
//! | log | `log#{store}#{hour}#{shard}` | `{time}#{request}` | |
//! | days with a log | `days#{store}` | `{day}` | |
//!
//! Partition keys contain the entity's id, never only the store: a big store must not be one hot partition.

use tajo_domain::{ContactKey, StoreId};

/// The first word of every partition key there is. The roles in template.yaml name them (`dynamodb:LeadingKeys`).
pub const KINDS: [&str; 28] = [
    "audit",
    "budget",
    "bulk",
    "cart",
    "category",
    "counts",
    "customer",
    "days",
    "erasure",
    "guest",
    "item",
    "key",
    "lease",
    "link",
    "log",
    "members",
    "order",
    "parked",
    "person",
    "privacy",
    "product",
    "rate",
    "reconcile",
    "run",
    "shop",
    "store",
    "visit",
    "webhooks",
];

/// Kinds of items that belong to one store and are erased with it: `{kind}#{store}#…`, or `{kind}#{shop's address}`.
/// A role may delete nothing else, and no store's name can make an item of another kind look like its own.
pub const KINDS_OF_A_STORE: [&str; 17] = [
    "bulk", "cart", "category", "customer", "days", "guest", "item", "log", "members", "order", "parked",
    "privacy", "product", "run", "shop", "store", "webhooks",
];

/// Partitions of the due index for carts: the sweeper queries each, and writers spread over them.
pub const DUE_SHARDS: u32 = 8;

/// Partitions of one hour of one store's log.
pub(crate) const LOG_SHARDS: u32 = 4;

/// The key of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "DynamoDB's own words")]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    /// The store itself.
    pub fn store(store: &StoreId) -> Self {
        Self::new(format!("store#{store}"), "store")
    }

    /// A person in a store.
    pub fn contact(store: &StoreId, contact: &ContactKey) -> Self {
        match contact {
            ContactKey::Customer(id) => Self::new(format!("customer#{store}#{id}"), "contact"),
            ContactKey::Guest(hash) => Self::new(format!("guest#{store}#{hash}"), "contact"),
        }
    }

    /// That a store feeds a person's contact in a Brevo account.
    pub fn person(account: &str, email_hash: &str, store: &StoreId) -> Self {
        Self::new(Self::person_pk(account, email_hash), format!("feed#{store}"))
    }

    pub(crate) fn person_pk(account: &str, email_hash: &str) -> String {
        format!("person#{account}#{email_hash}")
    }

    /// An order.
    pub fn order(store: &StoreId, order: &str) -> Self {
        Self::new(format!("order#{store}#{order}"), "order")
    }

    /// A cart or checkout, by any token it goes by.
    pub fn cart(store: &StoreId, token: &str) -> Self {
        Self::new(format!("cart#{store}#{token}"), "cart")
    }

    /// A product with its variants and their stock.
    pub fn product(store: &StoreId, product: &str) -> Self {
        Self::new(format!("product#{store}#{product}"), "product")
    }

    /// Which variant an inventory item belongs to.
    pub fn item(store: &StoreId, item: &str) -> Self {
        Self::new(format!("item#{store}#{item}"), "item")
    }

    /// A category of Brevo.
    pub fn category(store: &StoreId, category: &str) -> Self {
        Self::new(format!("category#{store}#{category}"), "category")
    }

    /// That a product is in a collection.
    pub(crate) fn member(store: &StoreId, collection: &str, product: &str) -> Self {
        Self::new(Self::members_pk(store, collection), product)
    }

    pub(crate) fn members_pk(store: &StoreId, collection: &str) -> String {
        format!("members#{store}#{collection}")
    }

    /// The end of a bulk operation.
    pub fn bulk(store: &StoreId, operation: &str) -> Self {
        Self::new(format!("bulk#{store}#{operation}"), "bulk")
    }

    /// Which store a shop is.
    pub fn shop(address: &str) -> Self {
        Self::new(format!("shop#{address}"), "owner")
    }

    /// A link that was handed out, by the hash of its secret.
    pub fn install_link(hash: &str) -> Self {
        Self::new(format!("link#{hash}"), "install")
    }

    /// A browser on its way, by the hash of its `state`.
    pub fn visit(hash: &str) -> Self {
        Self::new(format!("visit#{hash}"), "install")
    }

    /// When a store's webhooks are looked through next.
    pub fn webhook_check(store: &StoreId) -> Self {
        Self::new(format!("webhooks#{store}"), "check")
    }

    /// The erasure that a shop demanded, while it waits.
    pub fn erasure(store: &StoreId) -> Self {
        Self::new(format!("erasure#{store}"), "erasure")
    }

    pub(crate) fn lease(what: &str) -> Self {
        Self::new(format!("lease#{what}"), "lease")
    }

    pub(crate) fn parked(store: &str, id: &str) -> Self {
        Self::new(format!("parked#{store}#{id}"), "parked")
    }

    pub(crate) fn parked_part(store: &str, id: &str, part: usize) -> Self {
        Self::new(format!("parked#{store}#{id}"), format!("part#{part:03}"))
    }

    /// A run.
    pub fn run(store: &StoreId, id: &str) -> Self {
        Self::new(format!("run#{store}#{id}"), "run")
    }

    /// An API key, by its public half.
    pub fn api_key(id: &str) -> Self {
        Self::new(format!("key#{id}"), "key")
    }

    /// How often an API key was used in one minute.
    pub(crate) fn rate(id: &str, minute: i64) -> Self {
        Self::new(format!("rate#{id}"), minute.to_string())
    }

    /// A change that was asked for through the API, in its month.
    pub(crate) fn audit(month: &str, line: &str) -> Self {
        Self::new(format!("audit#{month}"), line)
    }

    /// How much of everything there is, as last counted.
    pub fn counts() -> Self {
        Self::new("counts".to_owned(), "counts")
    }

    /// Whether it is a store: stores are always listed.
    pub(crate) fn is_store(&self) -> bool {
        self.sk == "store"
    }

    /// A demand about somebody's data.
    pub fn privacy(store: &str, id: &str) -> Self {
        Self::new(format!("privacy#{store}#{id}"), "demand")
    }

    /// A part of what a data request collected.
    pub fn privacy_part(store: &str, id: &str, part: usize) -> Self {
        Self::new(format!("privacy#{store}#{id}"), format!("part#{part:05}"))
    }

    /// The nightly comparison of a Brevo account.
    pub fn reconcile(account: &str) -> Self {
        Self::new(format!("reconcile#{account}"), "reconcile")
    }

    /// Tickets of one window of a rate limit.
    pub(crate) fn budget(account: &str, bucket: &str, window: i64) -> Self {
        Self::new(format!("budget#{account}#{bucket}"), window.to_string())
    }

    /// What was learned of an account's rate limits.
    pub(crate) fn learned(account: &str) -> Self {
        Self::new(format!("budget#{account}"), "learned")
    }

    /// That a day has log lines.
    pub(crate) fn log_day(store: &str, day: &str) -> Self {
        Self::new(format!("days#{store}"), day)
    }

    pub(crate) fn log_pk(store: &str, hour: &str, shard: u32) -> String {
        format!("log#{store}#{hour}#{shard}")
    }

    pub(crate) fn log(store: &str, hour: &str, shard: u32, line: String) -> Self {
        Self::new(Self::log_pk(store, hour, shard), line)
    }
}

/// The partition of the due index with the Brevo accounts: there are few.
pub(crate) const RECONCILE_SHARD: &str = "reconcile";

/// Which partition of the due index a cart is in.
pub(crate) fn cart_shard(shard: u32) -> String {
    format!("carts#{shard}")
}

/// The partition of the due index for the webhooks of all stores.
pub(crate) const WEBHOOK_CHECKS: &str = "webhooks";

/// The partition of the due index for the shops that wait for their erasure.
pub(crate) const ERASURES: &str = "erasures";

/// The partition of the due index that lists the demands about a store.
pub(crate) fn privacy_shard(store: &str) -> String {
    format!("privacy#{store}")
}

/// The partition of the due index that lists what is held for a paused store.
pub(crate) fn held_shard(store: &str) -> String {
    format!("held#{store}")
}

/// The partition of the due index that lists a store's runs.
pub(crate) fn runs_shard(store: &str) -> String {
    format!("runs#{store}")
}

/// The partition of the due index that lists all stores.
pub(crate) const ALL_STORES: &str = "stores";

/// The partition of the due index that lists all API keys.
pub(crate) const ALL_KEYS: &str = "keys";

/// The partition of the due index that lists a store's parked work.
pub(crate) fn parked_shard(store: &str) -> String {
    format!("parked#{store}")
}

/// The partition of the due index that lists the parked work of all stores, by the first parts.
pub(crate) const ALL_PARKED: &str = "parked";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_key_made_here_begins_with_a_word_of_the_list() {
        let source = include_str!("table.rs");
        // Up to here: what follows are partitions of the due index.
        let keys = source.split("/// The partition of the due index").next().unwrap_or_default();
        let made: Vec<&str> = keys
            .match_indices("format!(\"")
            .filter_map(|(at, found)| keys.get(at + found.len()..)?.split_once("#{"))
            .map(|(word, _)| word)
            .filter(|word| word.chars().all(|c| c.is_ascii_lowercase()))
            .collect();
        assert!(made.len() > 20, "{made:?}");
        // Sort keys.
        let others = ["feed", "part"];
        for word in made {
            assert!(KINDS.contains(&word) || others.contains(&word), "{word}");
        }
        assert!(KINDS_OF_A_STORE.iter().all(|word| KINDS.contains(word)));
    }
}
