//! `tajo keys`: API keys of a deployment.

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use tajo_api::{KeyCreated, KeyList, KeyRequest, Scope};
use tajo_app::manage::keys::{KeyError, bootstrap as first_key};
use tajo_state::{Table, sdk_config};

use super::connectors::word;
use super::stack::Stack;
use crate::api::{Call, Reach};
use crate::output::{Exit, Failure, grid, moment, say, say_json, say_json_text, talk};

/// What to do with keys.
#[derive(Subcommand, Debug)]
pub(crate) enum Keys {
    /// List keys. None of them is shown itself: only its hash is kept.
    List(List),
    /// Make a key, and show it this once.
    Create(Create),
    /// Make the first key of a deployment, which may do everything. Works with your AWS credentials, on the state table.
    Bootstrap(Bootstrap),
    /// Let a key end at once.
    Revoke(Revoke),
}

/// Where.
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    reach: Reach,
}

/// What it is called and may do.
#[derive(Args, Debug)]
pub(crate) struct Create {
    /// What to call it.
    #[arg(long)]
    name: String,
    /// What it may do; each may also do what the ones before it may.
    #[arg(long, value_enum)]
    scope: May,
    /// The only store it may touch; may be said more than once. Left out: all.
    #[arg(long = "store", value_name = "STORE")]
    stores: Vec<String>,
    #[command(flatten)]
    reach: Reach,
}

/// Of which deployment.
#[derive(Args, Debug)]
pub(crate) struct Bootstrap {
    #[command(flatten)]
    stack: Stack,
    /// What to call it.
    #[arg(long, default_value = "first")]
    name: String,
    /// Also if there is a key that may do everything: it may be lost.
    #[arg(long)]
    force: bool,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
}

/// Which key.
#[derive(Args, Debug)]
pub(crate) struct Revoke {
    /// Its id, as `tajo keys list` names it.
    id: String,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum May {
    /// Look: status, settings, logs, runs, parked work without its bodies.
    Read,
    /// Act on a store's work: sync, pause, resume, retry, forward webhooks, trace a person.
    Operate,
    /// Everything: connect, disconnect, settings, keys, app credentials.
    Admin,
}

/// Runs the command.
pub(crate) async fn run(asked: &Keys) -> crate::Result {
    match asked {
        Keys::List(asked) => list(asked).await,
        Keys::Create(asked) => create(asked).await,
        Keys::Bootstrap(asked) => bootstrap(asked).await,
        Keys::Revoke(asked) => revoke(asked).await,
    }
}

async fn list(asked: &List) -> crate::Result {
    let list: KeyList = asked.reach.open()?.ask(Call::of("listKeys")).await?;
    if asked.reach.json {
        return say_json(&list);
    }
    let mut table = grid(["id", "name", "may", "stores", "made at (UTC)"]);
    for key in list.keys {
        let stores = key.stores.map_or_else(|| "all".to_owned(), |stores| stores.join(", "));
        table.row([key.id, key.name, word(key.scope), stores, moment(key.created_at)]);
    }
    table.print();
    Ok(())
}

async fn create(asked: &Create) -> crate::Result {
    let request = KeyRequest {
        name: asked.name.clone(),
        scope: match asked.scope {
            May::Read => Scope::Read,
            May::Operate => Scope::Operate,
            May::Admin => Scope::Admin,
        },
        stores: Some(asked.stores.clone()).filter(|stores| !stores.is_empty()),
    };
    let made = asked.reach.open()?.ask(Call::of("createKey").body(&request)).await?;
    told(&made, asked.reach.json)
}

async fn bootstrap(asked: &Bootstrap) -> crate::Result {
    let aws = sdk_config(asked.stack.endpoint.as_deref()).await.map_err(Failure::input)?;
    let table = Table::new(aws_sdk_dynamodb::Client::new(&aws), &asked.stack.table);
    let made = first_key(&table, &asked.name, asked.force, Timestamp::now()).await;
    let (key, secret) = made.map_err(|error| {
        let exit = if matches!(error, KeyError::ThereIsOne(_)) { Exit::Conflict } else { Exit::Outside };
        let hint =
            error.hint().unwrap_or("check --table against the stack's outputs, and your AWS credentials");
        Failure::new(exit, &error).hint(hint.to_owned())
    })?;
    told(&KeyCreated { key, secret: secret.expose_secret().to_owned() }, asked.json)
}

/// A key that was just made: the key itself is the data, so that it can go into a variable.
fn told(made: &KeyCreated, json: bool) -> crate::Result {
    if json {
        return say_json(made);
    }
    talk(&format!("Key {} ({}) is made. It is shown this once: keep it.", made.key.id, word(made.key.scope)));
    say(&made.secret);
    Ok(())
}

async fn revoke(asked: &Revoke) -> crate::Result {
    let answer = asked.reach.open()?.text(Call::of("revokeKey").part("key", &asked.id)).await?;
    if asked.reach.json {
        return say_json_text(&answer);
    }
    say(&format!("Key {} opens nothing any more.", asked.id));
    Ok(())
}
