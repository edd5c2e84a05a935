//! Which store is meant.

use tajo_domain::StoreId;
use tajo_state::{Key, StoreRecord, StoreStatus, list_stores};

use super::call::Call;
use super::fault::Fault;

/// A store that the key may touch.
pub(super) struct Named {
    pub id: StoreId,
    pub record: StoreRecord,
}

/// The store that the path names; `_`: the only one that is connected.
pub(super) async fn named(call: &Call<'_>) -> Result<Named, Fault> {
    let name = call.part(0);
    if name == "_" {
        let only = only_one(call).await?;
        call.notes.about(only.id.as_str());
        return Ok(only);
    }
    // No store has such a name.
    let id = StoreId::parse(name).map_err(|_| no_such_store())?;
    if !call.key.may_touch(&id) {
        return Err(not_bound());
    }
    call.notes.about(id.as_str());
    let record = call.manage.connect.table.get_newest::<StoreRecord>(&Key::store(&id)).await?.record;
    if record.as_ref().is_some_and(|record| !call.key.may_touch_shop(&id, &record.shop)) {
        return Err(not_bound());
    }
    record.map(|record| Named { id, record }).ok_or_else(no_such_store)
}

/// A store that works, or will: what is left of one that left is only looked at.
pub(super) async fn living(call: &Call<'_>) -> Result<Named, Fault> {
    let named = named(call).await?;
    if named.record.status.has_left() {
        return Err(
            Fault::conflict("the app was removed from this shop").hint("connect the store again first")
        );
    }
    Ok(named)
}

/// Every store that the key may touch, but those of which nothing is left.
pub(super) async fn touchable(call: &Call<'_>) -> Result<Vec<Named>, Fault> {
    let table = &call.manage.connect.table;
    let mut stores = Vec::new();
    for id in list_stores(table).await?.into_iter().filter(|id| call.key.may_touch(id)) {
        let record = table.get_newest::<StoreRecord>(&Key::store(&id)).await?.record;
        let is_meant = |record: &StoreRecord| {
            record.status != StoreStatus::Erased && call.key.may_touch_shop(&id, &record.shop)
        };
        let record = record.filter(is_meant);
        stores.extend(record.map(|record| Named { id, record }));
    }
    Ok(stores)
}

async fn only_one(call: &Call<'_>) -> Result<Named, Fault> {
    let mut stores = touchable(call).await?;
    // One that left is meant only if no other can be.
    if stores.iter().any(|store| !store.record.status.has_left()) {
        stores.retain(|store| !store.record.status.has_left());
    }
    if stores.len() > 1 {
        let names: Vec<String> = stores.iter().map(|store| store.id.as_str().to_owned()).collect();
        let mut fault = Fault::conflict(format!("several stores are connected: {}", names.join(", ")));
        fault.problem.stores = names;
        return Err(fault.hint("name the one you mean"));
    }
    stores.pop().ok_or_else(|| {
        Fault::not_found("no store is connected").hint("connect one: `tajo connectors install shopify`")
    })
}

/// Whether or not there is such a store.
fn not_bound() -> Fault {
    Fault::new(tajo_api::Code::Forbidden, "this key may not touch this store")
        .hint("use a key without a bound, or one that is bound to this store")
}

fn no_such_store() -> Fault {
    Fault::not_found("there is no such store").hint("`tajo connectors status` shows all of them")
}
