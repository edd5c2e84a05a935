//! `tajo config validate`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use tajo_api::{SettingsAnswer, SettingsDocument};
use tajo_mapping::{Settings, SharedTotal, shared_totals, store_documents};

use crate::api::{Call, Reach};
use crate::commands::settings_file;
use crate::output::{Failure, say, say_json, talk};

/// Which documents.
#[derive(Args, Debug)]
pub(crate) struct Validate {
    /// The settings document. Several: those of stores that feed one Brevo account, which are also held against each
    /// other, as are the stores of one document.
    #[arg(long = "file", value_name = "FILE", default_value = "tajo.yaml")]
    files: Vec<PathBuf>,
    /// Ask the deployment as well: whether this store could have it, with its lists, attributes and other stores.
    #[arg(long)]
    store: Option<String>,
    #[command(flatten)]
    reach: Reach,
}

/// Runs the command.
pub(crate) async fn run(asked: &Validate) -> crate::Result {
    let mut answers: Vec<Value> = Vec::new();
    let mut good: Vec<(String, Settings)> = Vec::new();
    let mut failure = None;
    for path in &asked.files {
        let text = settings_file::text(Some(path))?;
        let file = path.display().to_string();
        match store_documents(&text) {
            Ok(documents) => {
                let warnings: Vec<&String> =
                    documents.iter().flat_map(|one| &one.settings.warnings).collect();
                answers.push(json!({ "file": file, "valid": true, "warnings": warnings }));
                let several = documents.len() > 1;
                good.extend(documents.into_iter().map(|document| {
                    let shop = document.shop_url.filter(|_| several);
                    let name = shop.map_or_else(|| file.clone(), |shop| format!("{file} ({shop})"));
                    (name, document.settings)
                }));
            }
            Err(error) => {
                answers.push(json!({ "file": file, "valid": false, "error": error }));
                failure.get_or_insert_with(|| settings_file::failure(Some(path), &error));
            }
        }
    }
    for (index, (name, settings)) in good.iter().enumerate() {
        let before = good.iter().take(index);
        if let Some((found, shared)) =
            before.clone().find_map(|(other, theirs)| overlap(name, settings, other, theirs))
        {
            let is_it =
                |answer: &&mut Value| answer["file"].as_str().is_some_and(|file| name.starts_with(file));
            if let Some(answer) = answers.iter_mut().find(is_it) {
                *answer = json!({ "file": answer["file"], "valid": false, "shared_totals": shared });
            }
            failure.get_or_insert(found);
        } else if !asked.reach.json {
            for warning in &settings.warnings {
                talk(&format!("warning: {warning}"));
            }
            say(&format!("{name} is good."));
        }
    }
    if failure.is_none()
        && let Some(store) = &asked.store
    {
        ask(asked, store).await?;
    }
    if asked.reach.json {
        match answers.as_slice() {
            [one] => say_json(one)?,
            several => say_json(&several)?,
        }
    }
    failure.map_or(Ok(()), Err)
}

/// What only the deployment knows.
async fn ask(asked: &Validate, store: &str) -> crate::Result {
    let api = asked.reach.open()?;
    for path in &asked.files {
        let documents = settings_file::documents(path)?;
        for document in documents.iter().filter(|document| documents.len() == 1 || document.is_of(store)) {
            let body = SettingsDocument { yaml: document.yaml.clone() };
            let answer: SettingsAnswer = api.ask(Call::at("validateSettings", store).body(&body)).await?;
            let news = answer.warnings.iter().filter(|warning| !document.settings.warnings.contains(warning));
            news.for_each(|warning| talk(&format!("warning: {warning}")));
            if !asked.reach.json {
                say(&format!("Store `{store}` could have it."));
            }
        }
    }
    Ok(())
}

/// Totals that this store and another one of the same Brevo account would take turns in overwriting.
fn overlap(
    name: &str,
    settings: &Settings,
    other: &str,
    theirs: &Settings,
) -> Option<(Failure, Vec<SharedTotal>)> {
    let shop = settings.shop_url.as_deref().unwrap_or("shop2").trim_start_matches("https://");
    let store = shop.split('.').next().unwrap_or_default();
    let shared = shared_totals(settings, store, theirs);
    let first = shared.first()?;
    let names: Vec<&str> = shared.iter().map(|total| total.attribute.as_str()).collect();
    let problem = format!(
        "{name}: fills {} with totals of its own, as {other} does: on one Brevo account each would overwrite the other's",
        names.join(", ")
    );
    Some((Failure::input(problem).hint(first.way_out()), shared))
}
