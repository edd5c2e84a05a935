//! API keys: `tajo_<id>_<secret>`. The secret is 256 random bits; only its hash is kept, and compared in constant time. Nothing
//! of a key is cached: one that is revoked opens nothing from then on.

mod calls;
mod life;
mod roll;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use tajo_api::{ApiKey, Code, KeyRequest, Scope};
use tajo_domain::StoreId;
use tajo_state::{Key, Listing, Put, Span, Table, TableError, count_use, list_ids};

use super::Manage;
use super::fault::Fault;
use crate::random;
pub(super) use calls::{create, list, revoke};
pub(super) use roll::roll;

/// Characters of a key's public half.
const ID_LENGTH: usize = 12;

/// Hexadecimal digits of its secret: 256 bits.
const SECRET_LENGTH: usize = 64;

/// Keys there may be: they are all read when the last one that may do everything is looked for.
const MOST_KEYS: i32 = 200;

/// A key as it is stored.
#[derive(Clone, Serialize, Deserialize)]
struct Stored {
    name: String,
    scope: Scope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stores: Option<Vec<String>>,
    /// The shop addresses that it is bound to; absent: to none beyond its stores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shops: Option<Vec<String>>,
    created_at: Timestamp,
    /// From when on it opens nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    /// When it was last used, to the hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Timestamp>,
    /// The key that was made in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced_by: Option<String>,
    /// When it was to expire before it was replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    would_expire_at: Option<Timestamp>,
    /// SHA-256 of the secret, in hex. A slow hash would protect what people choose; this was not chosen by anybody.
    hash: String,
}

impl Stored {
    fn shown(&self, id: &str) -> ApiKey {
        ApiKey {
            id: id.to_owned(),
            name: self.name.clone(),
            scope: self.scope,
            stores: self.stores.clone(),
            shops: self.shops.clone(),
            created_at: self.created_at,
            expires_at: self.expires_at,
            last_used_at: self.last_used_at,
            replaced_by: self.replaced_by.clone(),
        }
    }

    /// Whether it may do everything, to every store, and still does.
    fn is_master(&self, now: Timestamp) -> bool {
        self.scope == Scope::Admin && self.stores.is_none() && !self.has_expired(now)
    }
}

/// Who calls.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub id: String,
    pub name: String,
    pub scope: Scope,
    stores: Option<Vec<String>>,
    shops: Option<Vec<String>>,
}

impl Caller {
    /// Whether the key may touch this store.
    pub(super) fn may_touch(&self, store: &StoreId) -> bool {
        self.stores.as_ref().is_none_or(|stores| stores.iter().any(|name| name == store.as_str()))
    }

    /// Whether the key may touch a store of this name that is this shop: a name may pass to another shop.
    pub(super) fn may_touch_shop(&self, store: &StoreId, shop: &str) -> bool {
        self.may_touch(store)
            && self.shops.as_ref().is_none_or(|shops| shops.iter().any(|known| known == shop))
    }

    /// Whether the key is bound to this shop's address.
    pub(super) fn may_connect(&self, shop: &str) -> bool {
        self.shops.as_ref().is_some_and(|shops| shops.iter().any(|known| known == shop))
    }

    /// Whether it names the addresses that it is bound to.
    pub(super) fn is_bound_to_shops(&self) -> bool {
        self.shops.is_some()
    }

    /// Whether it may touch every store, also those that come.
    pub(super) fn may_touch_all(&self) -> bool {
        self.stores.is_none()
    }
}

/// Lets in whoever has a good key, not too often. What the key may do is for the caller to look at.
///
/// A key that nobody knows costs one read and one comparison, like one that is known.
pub(super) async fn admit(manage: &Manage, authorization: Option<&str>) -> Result<Caller, Fault> {
    let given = authorization.and_then(|header| header.split_once(' '));
    let given = given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let Some((id, secret)) = given.and_then(|(_, key)| halves(key.trim())) else {
        return Err(unknown());
    };
    let table = &manage.connect.table;
    let found = table.get_newest::<Stored>(&Key::api_key(id)).await?;
    let revision = found.revision;
    let Some(stored) = found.record.filter_if_same(secret) else { return Err(unknown()) };
    let now = manage.connect.clock.now();
    // Only whoever has the secret hears that there was such a key.
    stored.still_opens(now)?;
    let (minute, second) = (now.as_second().div_euclid(60), now.as_second().rem_euclid(60));
    if manage.requests_per_minute < count_use(table, id, minute).await? {
        let fault = Fault::new(Code::RateLimited, "this key was used too often in this minute");
        let fault = fault.hint(format!("{} requests a minute are taken", manage.requests_per_minute));
        return Err(Fault { retry_after: u64::try_from(60 - second).ok(), ..fault });
    }
    life::note_use(table, id, revision, &stored, now).await;
    Ok(Caller {
        id: id.to_owned(),
        name: stored.name,
        scope: stored.scope,
        stores: stored.stores,
        shops: stored.shops,
    })
}

trait FilterIfSame {
    fn filter_if_same(self, secret: &str) -> Option<Stored>;
}

impl FilterIfSame for Option<Stored> {
    /// The key, if this is its secret. Where there is no key, something is compared all the same.
    fn filter_if_same(self, secret: &str) -> Option<Stored> {
        let dummy = "0".repeat(SECRET_LENGTH);
        let expected = self.as_ref().map_or(dummy.as_str(), |stored| &stored.hash);
        let is_same = bool::from(hash(secret).as_bytes().ct_eq(expected.as_bytes()));
        self.filter(|_| is_same)
    }
}

fn unknown() -> Fault {
    Fault::new(Code::Unauthenticated, "there is no API key with the request, or none that is known")
        .hint("send `authorization: Bearer tajo_…`; `tajo keys bootstrap` makes the first key")
}

pub(super) fn too_little(scope: Scope, what: &str) -> Fault {
    let needed = match scope {
        Scope::Read => "read",
        Scope::Operate => "operate",
        Scope::Forward => "forward",
        Scope::Admin => "admin",
    };
    Fault::new(Code::Forbidden, format!("this key may not {what}"))
        .hint(format!("use a key with the scope `{needed}`"))
}

/// The two halves of a key, if it looks like one.
fn halves(key: &str) -> Option<(&str, &str)> {
    let (id, secret) = key.strip_prefix("tajo_")?.split_once('_')?;
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let looks_good = id.len() == ID_LENGTH && id.chars().all(is_hex);
    (looks_good && secret.len() == SECRET_LENGTH && secret.chars().all(is_hex)).then_some((id, secret))
}

fn hash(secret: &str) -> String {
    random::hash(&SecretString::from(secret))
}

/// Why there is no new key.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the sentences say it")]
pub enum KeyError {
    #[error("the key `{0}` may do everything already")]
    ThereIsOne(String),
    #[error("there are {MOST_KEYS} keys already")]
    TooMany,
    #[error("a key needs a name of 1 to 64 characters")]
    Name,
    #[error(transparent)]
    NoRandom(#[from] random::NoRandom),
    #[error("a key of the same name was made at the same time")]
    Taken,
    #[error(transparent)]
    Table(#[from] TableError),
}

impl KeyError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::ThereIsOne(_) => Some("make more with that one, or say --force if it is lost"),
            Self::TooMany => Some("revoke those that nobody uses"),
            Self::Name | Self::NoRandom(_) | Self::Taken | Self::Table(_) => None,
        }
    }
}

/// Makes the first key of a deployment, which may do everything: for whoever may write the table. Refuses if there is such a
/// key already, unless `force`.
///
/// # Errors
/// If there is one, or the table does not answer.
pub async fn bootstrap(
    table: &Table,
    name: &str,
    force: bool,
    now: Timestamp,
) -> Result<(ApiKey, SecretString), KeyError> {
    let is_good = |(_, stored): &(String, Stored)| stored.is_master(now);
    if !force && let Some((id, _)) = all(table).await?.into_iter().find(is_good) {
        return Err(KeyError::ThereIsOne(id));
    }
    let (stores, shops, expires_at) = (None, None, None);
    let asked = KeyRequest { name: name.to_owned(), scope: Scope::Admin, stores, shops, expires_at };
    make(table, asked, now).await
}

async fn make(table: &Table, asked: KeyRequest, now: Timestamp) -> Result<(ApiKey, SecretString), KeyError> {
    if !(1..=64).contains(&asked.name.chars().count()) {
        return Err(KeyError::Name);
    }
    let KeyRequest { name, scope, stores, shops, expires_at } = asked;
    let stored = Stored {
        name,
        scope,
        stores,
        shops,
        created_at: now,
        expires_at,
        last_used_at: None,
        replaced_by: None,
        would_expire_at: None,
        hash: String::new(),
    };
    store(table, stored).await
}

/// Stores a new key, with a secret of its own.
async fn store(table: &Table, key: Stored) -> Result<(ApiKey, SecretString), KeyError> {
    let secret = random::word()?;
    let id: String = random::word()?.expose_secret().chars().take(ID_LENGTH).collect();
    let stored = Stored { hash: random::hash(&secret), ..key };
    if let Put::Moved(_) = table.put(&Key::api_key(&id), 0, &stored, &stored.attributes()).await? {
        return Err(KeyError::Taken);
    }
    Ok((stored.shown(&id), format!("tajo_{id}_{}", secret.expose_secret()).into()))
}

/// All keys, newest first. A key that was just made may be missing; one that was revoked is not among them.
async fn all(table: &Table) -> Result<Vec<(String, Stored)>, TableError> {
    let (ids, _) = list_ids(table, Listing::Keys, Span::default(), MOST_KEYS, None).await?;
    let mut keys = Vec::with_capacity(ids.len());
    for id in ids {
        let stored = table.get_newest::<Stored>(&Key::api_key(&id)).await?.record;
        keys.extend(stored.map(|stored| (id, stored)));
    }
    Ok(keys)
}

impl From<KeyError> for Fault {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Name => Self::invalid(error.to_string()),
            KeyError::TooMany | KeyError::ThereIsOne(_) => {
                let hint = error.hint().unwrap_or_default();
                Self::refused(error.to_string()).hint(hint)
            }
            KeyError::NoRandom(_) | KeyError::Taken => Self::internal(error.to_string()),
            KeyError::Table(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_key_is_looked_up() {
        let (id, secret) = ("0123456789ab", "c".repeat(64));
        assert_eq!(halves(&format!("tajo_{id}_{secret}")), Some((id, secret.as_str())));
        for bad in [
            String::new(),
            "tajo_".to_owned(),
            format!("{id}_{secret}"),
            format!("tajo_{id}"),
            format!("tajo_{id}_"),
            format!("tajo_{id}_{}", &secret[1..]),
            format!("tajo_{id}_{secret}0"),
            format!("tajo_{id}0_{secret}"),
            format!("tajo_{}_{secret}", id.to_uppercase()),
            format!("tajo_{}_{secret}", "#".repeat(12)),
            format!("tajo_{id}_{}", "C".repeat(64)),
            format!("tajo_{id}_{}", "ä".repeat(32)),
            format!(" tajo_{id}_{secret}"),
        ] {
            assert_eq!(halves(&bad), None, "{bad}");
        }
    }

    #[test]
    fn a_secret_is_compared_whole_and_where_there_is_no_key_nothing_fits() {
        let stored = |secret: &str| Stored {
            name: String::new(),
            scope: Scope::Read,
            stores: None,
            shops: None,
            created_at: Timestamp::UNIX_EPOCH,
            expires_at: None,
            last_used_at: None,
            replaced_by: None,
            would_expire_at: None,
            hash: hash(secret),
        };
        let secret = "c".repeat(64);
        assert!(Some(stored(&secret)).filter_if_same(&secret).is_some());
        assert!(Some(stored(&secret)).filter_if_same(&"d".repeat(64)).is_none());
        assert!(None.filter_if_same(&secret).is_none());
        assert!(Some(Stored { hash: String::new(), ..stored("") }).filter_if_same(&secret).is_none());
    }
}
