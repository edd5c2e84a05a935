//! The calls of the set-up: one look at everything, then only what is missing. Everything but `/contacts/…` shares a
//! limit of 100 calls an hour, so an account that is ready is only looked at: two calls, one more if orders or products
//! are synced, one per 50 lists if lists are wanted.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;
use tajo_brevo::{
    Client, Error, Method, NextStep, Request, activate_ecommerce, create_attribute, create_folder,
    create_list, get_account, get_attributes, get_display_currency, get_folders, get_lists, limits,
};
use tajo_domain::short_hash;
use tajo_mapping::Settings;
use tajo_state::BrevoSetUp;

use super::plan::{Ecommerce, Found, Plan, check_currency};
use super::{ConnectError, SetUp, TrackerKey};

/// Tries of one call of the set-up.
const TRIES: u32 = 10;

/// A longer wait is said instead of waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Pages of lists or folders: whoever has more than 2,000 of them names them by id.
const MOST_PAGES: usize = 40;

/// The folder of lists that we make, unless the settings name one.
const FOLDER: &str = "Shop";

/// A Brevo account and the key to it.
pub(super) struct Account<'a> {
    pub brevo: &'a Client,
    pub key: &'a SecretString,
}

impl Account<'_> {
    /// What there is. Changes nothing.
    pub async fn look(&self, settings: &Settings) -> Result<Found, ConnectError> {
        let account = self.call(&get_account()).await?;
        let attributes = self.call(&get_attributes()).await?;
        let attributes = rows(&attributes, "attributes").iter().filter_map(|attribute| {
            let kind = attribute["type"].as_str().unwrap_or("category");
            Some((attribute["name"].as_str()?.to_owned(), kind.to_owned()))
        });
        let ids = settings.lists;
        let wants_lists = [ids.all_customers, ids.buyers, ids.abandoned_cart].iter().any(Option::is_some)
            || settings.list_names.lists().next().is_some();
        let sync = settings.sync;
        let sells = sync.orders || sync.products || sync.inventory;
        Ok(Found {
            account: account_id(&account),
            attributes: attributes.collect(),
            lists: if wants_lists { self.named(get_lists, "lists").await? } else { Vec::new() },
            ecommerce: if sells { self.ecommerce().await? } else { Ecommerce::NotNeeded },
            tracker_key: tracker_key(&account),
        })
    }

    /// Makes what is missing. Everything is looked up before it is made, so whatever a crash leaves behind is found by the
    /// next try.
    pub async fn carry_out(
        &self,
        found: &Found,
        mut plan: Plan,
        settings: &Settings,
        currency: Option<&str>,
    ) -> Result<SetUp, ConnectError> {
        let ecommerce = if found.ecommerce == Ecommerce::Off {
            self.call(&activate_ecommerce()).await?;
            let ecommerce = self.ecommerce().await?;
            check_currency(&ecommerce, settings, currency)?;
            ecommerce
        } else {
            found.ecommerce.clone()
        };
        for (name, kind) in &plan.attributes {
            self.call(&create_attribute(name, kind.as_str())).await?;
        }
        if !plan.new_lists.is_empty() {
            let folder = self.folder(settings.list_names.folder.as_deref().unwrap_or(FOLDER)).await?;
            for name in &plan.new_lists {
                let answer = self.call(&create_list(name, folder)).await?;
                plan.lists.insert(name.clone(), id(&answer, "the list that was made")?);
            }
        }
        if let (Ecommerce::On(Some(account)), None, true) = (&ecommerce, currency, settings.currency_check) {
            plan.warnings.push(format!(
                "the Brevo account counts in {account}; whether the store does too is not known: say so with --currency"
            ));
        }
        Ok(SetUp {
            account: found.account.clone(),
            attributes_created: plan.attributes.into_iter().map(|(name, _)| name).collect(),
            lists_created: plan.new_lists,
            tracker_key: found.tracker_key.clone(),
            found: BrevoSetUp { lists: plan.lists, attributes: plan.renamed },
            warnings: plan.warnings,
        })
    }

    /// Whether eCommerce is on, and its currency: one call answers both.
    async fn ecommerce(&self) -> Result<Ecommerce, ConnectError> {
        match self.call(&get_display_currency()).await {
            Ok(answer) => Ok(Ecommerce::On(answer["code"].as_str().map(str::to_uppercase))),
            Err(Error::Forbidden(_)) => Ok(Ecommerce::Off),
            Err(error) => Err(error.into()),
        }
    }

    /// The id of a folder, found or made.
    async fn folder(&self, name: &str) -> Result<u64, ConnectError> {
        let folders = self.named(get_folders, "folders").await?;
        match folders.into_iter().find(|(_, known)| known == name) {
            Some((id, _)) => Ok(id),
            None => id(&self.call(&create_folder(name)).await?, "the folder that was made"),
        }
    }

    /// Ids and names of all lists or folders.
    async fn named(
        &self,
        page: fn(usize) -> Request,
        what: &'static str,
    ) -> Result<Vec<(u64, String)>, ConnectError> {
        let mut all = Vec::new();
        for number in 0..MOST_PAGES {
            let answer = self.call(&page(number * limits::LISTS_PER_PAGE)).await?;
            let rows = rows(&answer, what);
            all.extend(
                rows.iter().filter_map(|row| Some((row["id"].as_u64()?, row["name"].as_str()?.to_owned()))),
            );
            if rows.len() < limits::LISTS_PER_PAGE {
                break;
            }
        }
        Ok(all)
    }

    /// One call of the set-up. There are more of them than Brevo takes in a second, and a person waits: the limit is
    /// waited for, within reason. A write without a clear answer is not repeated, or a list might be made twice: the next
    /// connection looks whether it was made.
    pub(super) async fn call(&self, request: &Request) -> Result<Value, Error> {
        let mut tries = 0;
        loop {
            match self.brevo.send(self.key, request).await {
                Ok(answer) => return Ok(answer.body),
                Err(error) => {
                    let wait = match error.next_step() {
                        NextStep::Retry { after } => after.unwrap_or(LONGEST_WAIT / 5),
                        NextStep::Wait { after } => after,
                        NextStep::AskMerchant { .. } | NextStep::Park => return Err(error),
                    };
                    // Whether Brevo surely did nothing.
                    let is_clear = matches!(error, Error::RateLimited { .. } | Error::TooEarly);
                    let may_repeat = request.method == Method::Get || is_clear;
                    if TRIES <= tries || LONGEST_WAIT < wait || !may_repeat {
                        return Err(error);
                    }
                    tokio::time::sleep(wait).await;
                    tries += 1;
                }
            }
        }
    }
}

fn rows<'a>(answer: &'a Value, what: &str) -> &'a [Value] {
    answer.get(what).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn id(answer: &Value, what: &'static str) -> Result<u64, ConnectError> {
    answer["id"].as_u64().ok_or(ConnectError::Answer(what))
}

fn tracker_key(account: &Value) -> Option<TrackerKey> {
    let key = account["marketingAutomation"]["key"].as_str().filter(|key| !key.is_empty());
    key.map(|key| TrackerKey(key.to_owned()))
}

/// Names a Brevo account without naming it.
fn account_id(account: &Value) -> String {
    let name = account.get("organization_id").or_else(|| account.get("email"));
    short_hash(&name.map(Value::to_string).unwrap_or_default())
}
