//! The settings document, as every command reads it.

use std::path::Path;

use tajo_api::SettingsAnswer;
use tajo_mapping::{Settings, SettingsError, StoreDocument, store_documents};

use crate::api::{At, Call};
use crate::output::{Failure, warn};

/// The document's text; empty where none is named.
pub(crate) fn text(path: Option<&Path>) -> Result<String, Failure> {
    let Some(path) = path else { return Ok(String::new()) };
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::input(format!("there is no file {}", path.display())),
        _ => Failure::input(format!("{} cannot be read: {error}", path.display())),
    })?;
    String::from_utf8(bytes).map_err(|_| Failure::input(format!("{} is not text in UTF-8", path.display())))
}

/// The documents of all stores that a file is about.
pub(crate) fn documents(path: &Path) -> Result<Vec<StoreDocument>, Failure> {
    store_documents(&text(Some(path))?).map_err(|error| failure(Some(path), &error))
}

/// The settings that a command is about: of a file, of a deployed store, or the defaults. Warnings are told.
/// `--store` chooses among several in a file by the first part of the shop's address, or all of it.
pub(crate) async fn of(path: Option<&Path>, at: &At) -> Result<Settings, Failure> {
    let settings = match (path, &at.store) {
        (Some(path), store) => one(documents(path)?, path, store.as_deref())?.settings,
        (None, Some(store)) => {
            let stored: SettingsAnswer = at.reach.open()?.ask(Call::at("getSettings", store)).await?;
            Settings::from_stored(&stored.yaml).map_err(|error| failure(None, &error))?
        }
        (None, None) => Settings::default(),
    };
    warn(&settings.warnings);
    Ok(settings)
}

/// The document of one shop, checked. That a document of one store is about this shop is the API's to say: only it knows
/// custom domains.
pub(crate) fn of_shop(path: &Path, shop: &str) -> Result<String, Failure> {
    Ok(one(documents(path)?, path, Some(shop))?.yaml)
}

fn one(
    mut documents: Vec<StoreDocument>,
    path: &Path,
    store: Option<&str>,
) -> Result<StoreDocument, Failure> {
    let file = path.display();
    if documents.len() > 1 {
        let shops: Vec<String> = documents.iter().filter_map(|document| document.shop_url.clone()).collect();
        let Some(store) = store else {
            return Err(Failure::input(format!("{file} is about several stores"))
                .hint(format!("name one with --store: {}", shops.join(", "))));
        };
        documents.retain(|document| document.is_of(store));
        if documents.is_empty() {
            return Err(Failure::input(format!("{file} is not about `{store}`"))
                .hint(format!("it is about {}", shops.join(", "))));
        }
    }
    documents.pop().ok_or_else(|| Failure::input(format!("{file} is about no store")))
}

/// What is wrong, as compilers say it: `tajo.yaml:4:7: …`.
pub(crate) fn failure(path: Option<&Path>, error: &SettingsError) -> Failure {
    let file = path.map_or_else(|| "the settings".to_owned(), |path| path.display().to_string());
    Failure::input(error.in_file(&file)).hint(error.hint.clone())
}
