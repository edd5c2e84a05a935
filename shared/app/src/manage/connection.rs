//! Connecting, editing, testing, letting go: the road is [`crate::connect`]'s, here it is only asked for.

use tajo_api::{AppConfig, AppCredentials, Code, Connect, ConnectAnswer, Credentials, DataFate};
use tajo_domain::StoreId;

use super::call::Call;
use super::fault::Fault;
use super::named::{living, named};
use super::wire::Reply;
use crate::connect;

/// `connect`
pub(super) async fn connect(call: &Call<'_>) -> Result<Reply, Fault> {
    let asked: Connect = call.body()?;
    if !call.key.may_touch_all() {
        // Left out, it is the first part of the permanent address; of any other address nobody knows yet whose it is.
        let address = asked.shop_url.trim().trim_start_matches("https://").trim_end_matches('/');
        let name = asked.store.as_deref().or_else(|| address.strip_suffix(".myshopify.com"));
        let store = name.and_then(|name| StoreId::parse(name).ok());
        if !store.is_some_and(|store| call.key.may_touch(&store)) {
            return Err(Fault::new(
                Code::Forbidden,
                "this key may connect only the stores that it is bound to",
            )
            .hint("name one of them in `store`"));
        }
    }
    Reply::ok(&connect::begin(&call.manage.connect, &asked).await?)
}

/// `editCredentials`
pub(super) async fn edit(call: &Call<'_>) -> Result<Reply, Fault> {
    let store = living(call).await?;
    let news: Credentials = call.body()?;
    if news == Credentials::default() {
        return Err(Fault::invalid("there are no credentials in the body"));
    }
    let warnings = connect::edit(&call.manage.connect, &store.id, &news).await?;
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
