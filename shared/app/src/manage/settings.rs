//! Settings of a store. New ones count when everything they need is there: Brevo is set up for them first, so what cannot be is
//! refused with its reason, and the settings before stay.

use jiff::SignedDuration;
use tajo_api::{SettingsAnswer, SettingsDocument};
use tajo_mapping::{Settings, changed_settings};
use tajo_state::{Attributes, Key, StoreRecord, list_stores};

use super::call::Call;
use super::fault::Fault;
use super::named::{Named, living, named};
use super::wire::Reply;
use crate::connect;

/// No document is longer: the largest there is maps a hundred fields.
const LONGEST: usize = 100_000;

/// How long the settings before may still be in use.
const IN_USE_FOR: SignedDuration = crate::env::CACHED_FOR;

/// `getSettings`
pub(super) async fn get(call: &Call<'_>) -> Result<Reply, Fault> {
    let store = named(call).await?;
    // A document of an earlier version may not be readable any more: it is shown all the same.
    let warnings = match Settings::from_stored(&store.record.settings) {
        Ok(settings) => settings.warnings,
        Err(error) => vec![error.to_string()],
    };
    Reply::ok(&SettingsAnswer { yaml: store.record.settings, warnings })
}

/// `validateSettings`
pub(super) async fn validate(call: &Call<'_>) -> Result<Reply, Fault> {
    let store = named(call).await?;
    let (yaml, settings) = read(call, &store)?;
    refuse_shared_totals(call, &store, &settings, &store.record).await?;
    Reply::ok(&SettingsAnswer { yaml, warnings: settings.warnings })
}

/// `putSettings`
pub(super) async fn put(call: &Call<'_>) -> Result<Reply, Fault> {
    let store = living(call).await?;
    let (yaml, settings) = read(call, &store)?;
    refuse_shared_totals(call, &store, &settings, &store.record).await?;
    let connect = &call.manage.connect;
    let secret = connect.secrets.store(&store.id).await?;
    let currency = store.record.currency.as_deref();
    // Calls Brevo, and makes what is missing there.
    let set_up = connect::set_up(&connect.brevo, &secret.brevo_api_key, &settings, currency).await?;
    if set_up.account != store.record.account {
        return Err(Fault::conflict(
            "the store's Brevo key opens another account than the store is connected with",
        )
        .hint("connect the store with a key of its own account"));
    }
    let change = |stored: Option<&StoreRecord>| match stored.filter(|record| !record.status.has_left()) {
        None => (None, false),
        Some(record) => {
            let changed =
                StoreRecord { settings: yaml.clone(), set_up: set_up.found.clone(), ..record.clone() };
            ((changed != *record).then_some(changed), true)
        }
    };
    let (_, is_there) = connect.table.change(&Key::store(&store.id), Attributes::none, change).await?;
    if !is_there {
        return Err(Fault::conflict("the store left meanwhile").hint("connect it again first"));
    }
    let changed = changed_settings(&store.record.settings, &yaml).join(" ");
    call.notes.add(if changed.is_empty() {
        "nothing changed".to_owned()
    } else {
        format!("changed: {changed}")
    });
    connect::ask_webhook_check(connect, &store.id).await?;
    let mut warnings = settings.warnings;
    warnings.extend(set_up.warnings);
    warnings.extend(
        (!set_up.attributes_created.is_empty()).then(|| {
            format!("these attributes were made in Brevo: {}", set_up.attributes_created.join(", "))
        }),
    );
    warnings.extend(
        (!set_up.lists_created.is_empty())
            .then(|| format!("these lists were made in Brevo: {}", set_up.lists_created.join(", "))),
    );
    warnings.extend(
        (store.record.settings != yaml)
            .then(|| format!("the settings before may be in use for {} more minutes", IN_USE_FOR.as_mins())),
    );
    Reply::ok(&SettingsAnswer { yaml, warnings })
}

/// The document in the body, if the store may have it.
fn read(call: &Call<'_>, store: &Named) -> Result<(String, Settings), Fault> {
    let SettingsDocument { yaml } = call.body()?;
    if LONGEST < yaml.len() {
        return Err(Fault::invalid(format!("the document is longer than {LONGEST} bytes")));
    }
    let settings = Settings::from_yaml(&yaml)?;
    settings.check_shop(&store.record.shop)?;
    Ok((yaml, settings))
}

/// Refuses totals that another store of the same Brevo account fills too.
async fn refuse_shared_totals(
    call: &Call<'_>,
    store: &Named,
    settings: &Settings,
    record: &StoreRecord,
) -> Result<(), Fault> {
    let table = &call.manage.connect.table;
    let mut resolved = settings.clone();
    resolved.resolve(&record.set_up.lists, &record.set_up.attributes);
    let others = list_stores(table).await?.into_iter().filter(|other| *other != store.id);
    let others: Vec<_> = others.collect();
    let (account, currency) = (&record.account, record.currency.as_deref());
    connect::refuse_totals_shared_with(table, &others, &store.id, account, &resolved, currency).await?;
    Ok(())
}
