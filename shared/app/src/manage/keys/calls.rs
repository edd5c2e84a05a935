//! Keys over the API.

use secrecy::ExposeSecret;
use tajo_api::{Code, KeyCreated, KeyList, KeyRequest};
use tajo_domain::StoreId;
use tajo_platforms::shopify::webhook::shop_domain;
use tajo_state::{Key, Table};

use super::super::call::Call;
use super::super::fault::Fault;
use super::super::wire::Reply;
use super::{KeyError, MOST_KEYS, Stored, all, life, make};

/// Keys are about the whole deployment: one that is bound to some stores neither sees nor makes nor ends others.
pub(super) fn of_all_stores(call: &Call<'_>) -> Result<(), Fault> {
    if call.key.may_touch_all() {
        return Ok(());
    }
    Err(Fault::new(Code::Forbidden, "this key is bound to some stores, and keys are about all of them")
        .hint("use an admin key without such a bound"))
}

/// `listKeys`
pub(in crate::manage) async fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    of_all_stores(call)?;
    let keys = all(&call.manage.connect.table).await?;
    Reply::ok(&KeyList { keys: keys.iter().map(|(id, stored)| stored.shown(id)).collect() })
}

/// `createKey`
pub(in crate::manage) async fn create(call: &Call<'_>) -> Result<Reply, Fault> {
    of_all_stores(call)?;
    let asked: KeyRequest = call.body()?;
    if let Some(stores) = &asked.stores
        && (stores.is_empty()
            || 100 < stores.len()
            || stores.iter().any(|store| StoreId::parse(store).is_err()))
    {
        return Err(Fault::invalid("`stores` must name 1 to 100 stores")
            .hint("leave it out for a key that may touch all of them"));
    }
    if let Some(shops) = &asked.shops {
        let is_address = |shop: &String| shop_domain(shop).as_ref() == Some(shop);
        if asked.stores.is_none() || !(1..=100).contains(&shops.len()) || !shops.iter().all(is_address) {
            return Err(Fault::invalid("`shops` must hold 1 to 100 permanent addresses, and `stores` names")
                .hint("write them as `your-store.myshopify.com`, in lower case"));
        }
    }
    let connect = &call.manage.connect;
    let now = connect.clock.now();
    life::may_expire(asked.expires_at, now)?;
    is_room(&connect.table).await?;
    let (key, secret) = make(&connect.table, asked, now).await?;
    call.notes.add(format!("key {}", key.id));
    Reply::with(201, &KeyCreated { key, secret: secret.expose_secret().to_owned() })
}

/// Every key is read when the last one that may do everything is looked for: there are only so many.
pub(super) async fn is_room(table: &Table) -> Result<(), Fault> {
    if all(table).await?.len() < MOST_KEYS as usize { Ok(()) } else { Err(KeyError::TooMany.into()) }
}

/// `revokeKey`. The last key that may do everything stays: whoever wants to be rid of it makes another one first, or deletes
/// the item with AWS credentials.
pub(in crate::manage) async fn revoke(call: &Call<'_>) -> Result<Reply, Fault> {
    of_all_stores(call)?;
    let (table, id, now) = (&call.manage.connect.table, call.part(0), call.manage.connect.clock.now());
    let key = Key::api_key(id);
    let Some(stored) = table.get_newest::<Stored>(&key).await?.record else { return Err(no_such_key()) };
    let others = all(table).await?;
    if stored.is_master(now) && !others.iter().any(|(other, stored)| other != id && stored.is_master(now)) {
        return Err(Fault::conflict("this is the last key that may do everything")
            .hint("make another one first; if it leaked, use the new one to revoke this"));
    }
    table.delete(&key).await?;
    Ok(Reply::done())
}

pub(super) fn no_such_key() -> Fault {
    Fault::not_found("there is no such key").hint("`tajo keys list` shows all of them")
}
