//! Other stores that feed the same Brevo account.

use serde_json::Value;
use tajo_domain::StoreId;
use tajo_mapping::{Settings, TotalsOf, shared_totals};
use tajo_state::{Key, StoreRecord, Table};

use super::ConnectError;

/// Refuses totals that another store of the account fills too. The keyring knows every connected store: one small read
/// each, and connecting is rare.
pub(super) async fn refuse_shared_totals(
    table: &Table,
    keyring: &Value,
    store: &StoreId,
    account: &str,
    settings: &Settings,
    currency: Option<&str>,
) -> Result<(), ConnectError> {
    let names = keyring["stores"].as_object().into_iter().flatten().map(|(name, _)| name);
    let others: Vec<StoreId> =
        names.filter_map(|name| StoreId::parse(name).ok()).filter(|other| other != store).collect();
    refuse_totals_shared_with(table, &others, store, account, settings, currency).await
}

/// Refuses totals that one of these stores fills too.
pub(crate) async fn refuse_totals_shared_with(
    table: &Table,
    others: &[StoreId],
    store: &StoreId,
    account: &str,
    settings: &Settings,
    currency: Option<&str>,
) -> Result<(), ConnectError> {
    for other in others {
        let record = table.get_newest::<StoreRecord>(&Key::store(other)).await?.record;
        let feeds = |record: &StoreRecord| record.account == account && !record.status.has_left();
        let Some(record) = record.filter(feeds) else { continue };
        // A document that cannot be read any more stops that store's own work, and nobody else's.
        let Ok(mut theirs) = Settings::from_stored(&record.settings) else { continue };
        theirs.resolve(&record.set_up.lists, &record.set_up.attributes);
        let shared = shared_totals(settings, store.as_str(), &theirs);
        if !shared.is_empty() {
            return Err(ConnectError::SharedTotals { other: other.clone(), shared });
        }
        let both_sum = [settings, &theirs].iter().all(|settings| settings.totals == TotalsOf::Summed);
        if let (true, Some(own), Some(their)) = (both_sum, currency, record.currency)
            && own != their
        {
            return Err(ConnectError::SummedCurrencies { other: other.clone(), own: own.to_owned(), their });
        }
    }
    Ok(())
}
