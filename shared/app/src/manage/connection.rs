//! Connecting, editing, testing, letting go: the road is [`crate::connect`]'s, here it is only asked for.

use tajo_api::{
    AppConfig, AppCredentials, Code, Connect, ConnectAnswer, Credentials, DataFate, Purge, RotationState,
};
use tajo_domain::StoreId;
use tajo_state::{Key, StoreRecord, StoreStatus};

use super::call::Call;
use super::fault::Fault;
use super::named::{living, named};
use super::wire::Reply;
use crate::connect::{self, Authority};

/// `connect`
pub(super) async fn connect(call: &Call<'_>) -> Result<Reply, Fault> {
    let asked: Connect = call.body()?;
    if !call.key.may_touch_all() {
        may_connect(call, &asked).await?;
    }
    let answer = connect::begin(&call.manage.connect, authority(call), &asked).await?;
    call.notes.about(&answer.store);
    Reply::ok(&answer)
}

/// Refuses a bound key that connects a store, or a shop, that it is not bound to.
async fn may_connect(call: &Call<'_>, asked: &Connect) -> Result<(), Fault> {
    let shop = connect::shop_address(&asked.shop_url)?;
    // Left out, the name is the first part of the permanent address.
    let name = asked.store.as_deref().or_else(|| shop.strip_suffix(".myshopify.com"));
    let store = name.and_then(|name| StoreId::parse(name).ok()).filter(|store| call.key.may_touch(store));
    let Some(store) = store else {
        return Err(Fault::new(Code::Forbidden, "this key may connect only the stores that it is bound to")
            .hint("name one of them in `store`"));
    };
    if call.key.may_connect(&shop) {
        return Ok(());
    }
    let record = call.manage.connect.table.get_newest::<StoreRecord>(&Key::store(&store)).await?.record;
    let is_its_shop = |record: &StoreRecord| record.shop == shop && record.status != StoreStatus::Erased;
    if !call.key.is_bound_to_shops() && record.as_ref().is_some_and(is_its_shop) {
        return Ok(());
    }
    Err(Fault::new(Code::Forbidden, "this key is not bound to this shop's address")
        .hint("make a key that is bound to it (`tajo keys create --store … --shop …`), or use an admin key without a bound"))
}

/// For whom the key speaks.
fn authority(call: &Call<'_>) -> Authority {
    if call.key.may_touch_all() { Authority::Deployment } else { Authority::Stores }
}

/// `editCredentials`
pub(super) async fn edit(call: &Call<'_>) -> Result<Reply, Fault> {
    let store = living(call).await?;
    let news: Credentials = call.body()?;
    if news == Credentials::default() {
        return Err(Fault::invalid("there are no credentials in the body"));
    }
    let warnings = connect::edit(&call.manage.connect, authority(call), &store.id, &news).await?;
    Reply::ok(&ConnectAnswer { store: store.id.as_str().to_owned(), connected: true, open: None, warnings })
}

/// `disconnect`
pub(super) async fn disconnect(call: &Call<'_>) -> Result<Reply, Fault> {
    let store = named(call).await?;
    let data = match call.query.get("data") {
        Some("erase") => DataFate::Erase,
        Some("keep") | None => DataFate::Keep,
        Some(_) => return Err(Fault::invalid("`data` is `keep` or `erase`")),
    };
    Reply::ok(&connect::disconnect(&call.manage.connect, &store.id, data).await?)
}

/// `test`
pub(super) async fn test(call: &Call<'_>) -> Result<Reply, Fault> {
    let store = living(call).await?;
    Reply::ok(&connect::test(&call.manage.connect, &store.id).await?)
}

/// `setShopifyApp`
pub(super) async fn set_app(call: &Call<'_>) -> Result<Reply, Fault> {
    of_all_stores(call)?;
    let app: AppCredentials = call.body()?;
    let is_fit = |text: &str, most: usize| (1..=most).contains(&text.chars().count());
    if !is_fit(&app.client_id, 128) || !is_fit(&app.client_secret, 256) {
        return Err(Fault::invalid("`client_id` or `client_secret` is empty or too long"));
    }
    connect::set_app(&call.manage.connect, &app).await?;
    Ok(Reply::done())
}

/// `rotateBrevoToken`. The token is of the whole account: every other store of it gets the new one, too.
pub(super) async fn rotate(call: &Call<'_>) -> Result<Reply, Fault> {
    let store = living(call).await?;
    let rotation = connect::rotate_brevo_token(&call.manage.connect, &store.id).await?;
    call.notes.add(match rotation.state {
        RotationState::Begun => "begun",
        RotationState::Done => "done",
    });
    Reply::ok(&rotation)
}

/// `purgeSecrets`
pub(super) async fn purge(call: &Call<'_>) -> Result<Reply, Fault> {
    of_all_stores(call)?;
    let asked: Purge = call.body()?;
    if asked.client_id.is_some() && asked.store.is_some() {
        return Err(Fault::invalid("`client_id` and `store` are named at once").hint("name one of them"));
    }
    Reply::ok(&connect::purge(&call.manage.connect, &asked).await?)
}

/// `shopifyAppConfig`
pub(super) async fn app_config(call: &Call<'_>) -> Result<Reply, Fault> {
    Reply::ok(&AppConfig { toml: connect::app_config(&call.manage.connect).await? })
}

/// The app is every store's.
fn of_all_stores(call: &Call<'_>) -> Result<(), Fault> {
    if call.key.may_touch_all() {
        return Ok(());
    }
    Err(Fault::new(Code::Forbidden, "this key is bound to some stores, and the app is of all of them")
        .hint("use an admin key without such a bound"))
}
