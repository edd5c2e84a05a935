//! `tajo connectors status`, `pause`, `resume`, `uninstall`.

use clap::Args;
use tajo_api::{DataFate, Disconnected, State, StoreList, StoreStatus};

use super::{Platform, word};
use crate::api::{At, Call};
use crate::output::{grid, moment, say, say_json, say_wrapped, warn};

/// Which stores.
#[derive(Args, Debug)]
pub(crate) struct Status {
    /// Only stores of this platform.
    #[arg(value_enum)]
    platform: Option<Platform>,
    #[command(flatten)]
    at: At,
}

/// Which store.
#[derive(Args, Debug)]
pub(crate) struct Pause {
    #[arg(value_enum)]
    platform: Platform,
    #[command(flatten)]
    at: At,
}

/// Which store.
#[derive(Args, Debug)]
pub(crate) struct Resume {
    #[arg(value_enum)]
    platform: Platform,
    #[command(flatten)]
    at: At,
}

/// Which store, and what becomes of its data.
#[derive(Args, Debug)]
pub(crate) struct Uninstall {
    #[arg(value_enum)]
    platform: Platform,
    /// Also erase everything that is held about its people and orders, as Shopify's `shop/redact` does. Left out: it is
    /// kept, and connecting again goes on where it was.
    #[arg(long, requires = "yes")]
    erase: bool,
    /// Really. What is erased cannot be had back.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    at: At,
}

/// Runs `tajo connectors status`.
pub(crate) async fn status(asked: &Status) -> crate::Result {
    let api = asked.at.reach.open()?;
    let stores: Vec<StoreStatus> = match &asked.at.store {
        Some(store) => vec![api.ask(Call::at("status", store)).await?],
        None => api.ask::<StoreList>(Call::of("listStores")).await?.stores,
    };
    match stores.as_slice() {
        [only] if asked.at.reach.json => return say_json(only),
        _ if asked.at.reach.json => return say_json(&StoreList { stores }),
        [] => {
            say("No store is connected.");
            crate::output::talk("hint: `tajo connectors install shopify --shop-url …` connects one");
        }
        [only] => print(only),
        several => {
            let mut table =
                grid(["store", "state", "customers", "orders", "products", "parked", "last sync"]);
            // A day stays in one piece.
            table.at_least(6, 12);
            for store in several {
                table.row([
                    store.store.clone(),
                    words(store.state),
                    store.customers_count.to_string(),
                    store.orders_count.to_string(),
                    store.products_count.to_string(),
                    store.parked_count.to_string(),
                    store
                        .last_sync
                        .map_or_else(|| "never".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M").to_string()),
                ]);
            }
            table.print();
        }
    }
    Ok(())
}

/// Runs `tajo connectors pause`.
pub(crate) async fn pause(asked: &Pause) -> crate::Result {
    let Platform::Shopify = asked.platform;
    turn(&asked.at, "pause", "is paused: what comes is kept until it is resumed").await
}

/// Runs `tajo connectors resume`.
pub(crate) async fn resume(asked: &Resume) -> crate::Result {
    let Platform::Shopify = asked.platform;
    turn(&asked.at, "resume", "goes on").await
}

async fn turn(at: &At, operation: &'static str, done: &str) -> crate::Result {
    let store: StoreStatus = at.reach.open()?.ask(Call::at(operation, at.store())).await?;
    if at.reach.json {
        return say_json(&store);
    }
    say(&format!("Store `{}` {done}.", store.store));
    Ok(())
}

/// Runs `tajo connectors uninstall`.
pub(crate) async fn uninstall(asked: &Uninstall) -> crate::Result {
    let Platform::Shopify = asked.platform;
    let fate = if asked.erase { DataFate::Erase } else { DataFate::Keep };
    let call = Call::at("disconnect", asked.at.store()).with("data", Some(word(fate)));
    let gone: Disconnected = asked.at.reach.open()?.ask(call).await?;
    warn(&gone.warnings);
    if asked.at.reach.json {
        return say_json(&gone);
    }
    let removed = gone.webhooks_removed;
    say(&format!("Store `{}` is disconnected; webhooks removed in the shop: {removed}.", gone.store));
    say(match fate {
        DataFate::Keep => "Its data is kept: connecting again goes on where it was.",
        DataFate::Erase => "Its data is being erased.",
    });
    Ok(())
}

/// A store in full.
fn print(store: &StoreStatus) {
    let last = store.last_sync.map_or_else(|| "never".to_owned(), |at| format!("{} UTC", moment(at)));
    for (name, value) in [
        ("store", store.store.clone()),
        ("shop", store.shop.clone()),
        ("state", words(store.state)),
        ("connected", format!("{} UTC", moment(store.connected_at))),
        ("last sync", last),
        ("customers", store.customers_count.to_string()),
        ("orders", store.orders_count.to_string()),
        ("products", store.products_count.to_string()),
        ("parked", store.parked_count.to_string()),
        ("Brevo account", store.brevo_account.clone()),
    ] {
        say(&format!("{name:<13}  {value}"));
    }
    if let Some(attention) = &store.attention {
        say_wrapped(attention, 2);
    }
}

/// `needs attention`.
pub(crate) fn words(state: State) -> String {
    word(state).replace('_', " ")
}
