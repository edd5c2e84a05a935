//! `tajo config apply`, `show` and `diff`: settings as the deployment has them.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use similar::TextDiff;
use tajo_api::{SettingsAnswer, SettingsDocument, StoreList};
use tajo_mapping::StoreDocument;

use crate::api::{Api, At, Call, say_each};
use crate::commands::settings_file;
use crate::output::{Exit, Failure, escaped, say, say_block, say_json, talk, warn};

/// Which document, and for which store.
#[derive(Args, Debug)]
pub(crate) struct Apply {
    /// The settings document.
    #[arg(long, value_name = "FILE", default_value = "tajo.yaml")]
    file: PathBuf,
    #[command(flatten)]
    at: At,
}

/// Whose settings.
#[derive(Args, Debug)]
pub(crate) struct Show {
    #[command(flatten)]
    at: At,
}

/// Which document, and which store's settings.
#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// The settings document.
    #[arg(long, value_name = "FILE", default_value = "tajo.yaml")]
    file: PathBuf,
    #[command(flatten)]
    at: At,
}

/// Runs `tajo config apply`.
pub(crate) async fn apply(asked: &Apply) -> crate::Result {
    let documents = documents(&asked.file, &asked.at)?;
    let api = asked.at.reach.open()?;
    // Every store must be known before the first one changes.
    let parts = addressed(&api, &asked.at, documents).await?;
    let mut answers = Vec::new();
    for (store, document) in parts {
        let body = SettingsDocument { yaml: document.yaml };
        let answer: SettingsAnswer = api.ask(Call::at("putSettings", &store).body(&body)).await?;
        warn(&answer.warnings);
        if !asked.at.reach.json {
            say(&format!("{} applies{}.", asked.file.display(), to(&store)));
        }
        answers.push((store, answer));
    }
    if !asked.at.reach.json {
        return Ok(());
    }
    match answers.as_slice() {
        [(_, only)] => say_json(only),
        _ => say_each(&answers.into_iter().map(|(store, answer)| (Some(store), answer)).collect::<Vec<_>>()),
    }
}

/// Runs `tajo config show`.
pub(crate) async fn show(asked: &Show) -> crate::Result {
    let api = asked.at.reach.open()?;
    let answers = asked.at.each(async |store| stored(&api, store).await).await?;
    if asked.at.reach.json {
        return say_each(&answers);
    }
    for (store, answer) in &answers {
        store.iter().for_each(|store| say(&format!("# {store}")));
        match answer.yaml.trim_end() {
            "" => say("# No settings of its own: the defaults hold."),
            yaml => say_block(yaml),
        }
        warn(&answer.warnings);
    }
    Ok(())
}

/// Runs `tajo config diff`.
pub(crate) async fn diff(asked: &Diff) -> crate::Result {
    let documents = documents(&asked.file, &asked.at)?;
    let api = asked.at.reach.open()?;
    let mut differing: Vec<Value> = Vec::new();
    for (store, document) in addressed(&api, &asked.at, documents).await? {
        let yaml = stored(&api, &store).await?.yaml;
        let (old, new) = (lines(&yaml), lines(&document.yaml));
        if old == new {
            continue;
        }
        let name = if store == "_" { "the store".to_owned() } else { store.clone() };
        let diff = TextDiff::from_lines(&old, &new);
        let file = asked.file.display().to_string();
        let diff = diff.unified_diff().header(&escaped(&name), &escaped(&file)).to_string();
        if !asked.at.reach.json {
            say_block(diff.trim_end());
        }
        differing.push(json!({ "store": store, "diff": diff }));
    }
    if asked.at.reach.json {
        say_json(&json!({ "differ": !differing.is_empty(), "stores": differing }))?;
    }
    if differing.is_empty() {
        talk(&format!("{} is what is stored.", asked.file.display()));
        return Ok(());
    }
    Err(Failure::new(Exit::NotWell, format!("{} differs from what is stored", asked.file.display()))
        .hint("`tajo config apply` stores it".to_owned()))
}

/// The document's parts that are meant.
fn documents(file: &std::path::Path, at: &At) -> Result<Vec<StoreDocument>, Failure> {
    let mut documents = settings_file::documents(file)?;
    if let (Some(store), true) = (&at.store, documents.len() > 1) {
        documents.retain(|document| document.is_of(store));
        if documents.is_empty() {
            return Err(Failure::input(format!("{} is not about `{store}`", file.display())));
        }
    }
    Ok(documents)
}

/// Each part with the name of its store: `--store`, or the connected store of the shop that it names.
async fn addressed(
    api: &Api,
    at: &At,
    documents: Vec<StoreDocument>,
) -> Result<Vec<(String, StoreDocument)>, Failure> {
    if documents.iter().all(|document| at.store.is_some() || document.shop_url.is_none()) {
        return Ok(documents.into_iter().map(|document| (at.store().to_owned(), document)).collect());
    }
    let stores = api.ask::<StoreList>(Call::of("listStores")).await?.stores;
    let named = |document: StoreDocument| match stores.iter().find(|store| document.is_of(&store.shop)) {
        Some(store) => Ok((store.store.clone(), document)),
        None => {
            let shop = document.shop_url.unwrap_or_default();
            Err(Failure::new(Exit::NotFound, format!("no connected store is `{shop}`")).hint(format!(
                "connect it with `tajo connectors install shopify --shop-url {shop}`, or correct `shop_url`"
            )))
        }
    };
    documents.into_iter().map(named).collect()
}

async fn stored(api: &Api, store: &str) -> Result<SettingsAnswer, Failure> {
    api.ask(Call::at("getSettings", store)).await
}

/// The end of the last line is nobody's choice.
fn lines(yaml: &str) -> String {
    match yaml.trim_end() {
        "" => String::new(),
        yaml => format!("{yaml}\n"),
    }
}

fn to(store: &str) -> String {
    if store == "_" { String::new() } else { format!(" to `{store}`") }
}
