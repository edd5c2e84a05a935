//! The webhooks of a store in its shop: looked at, put right, removed. Safe to repeat.

use jiff::Timestamp;
use serde_json::Value;
use tajo_platforms::shopify::api::{self, Error, Query};
use tajo_platforms::shopify::oauth::Wants;
use tajo_platforms::shopify::subscriptions::{Subscription, is_ours, plan, wanted};

use crate::Clock;
use crate::shopify::{Shop, Shopify};

/// Pages of webhooks that are read: an app has some thirty in a shop.
const MOST_PAGES: usize = 10;

/// A longer wait for Shopify is left to whoever asked.
const LONGEST_WAIT: std::time::Duration = std::time::Duration::from_secs(5);

/// Tries of one call.
const TRIES: u32 = 5;

/// A shop and the way to it.
#[derive(Clone, Copy)]
pub(crate) struct Door<'a> {
    pub shopify: &'a Shopify,
    pub shop: Shop<'a>,
    pub clock: &'a Clock,
    /// Where this deployment is reached.
    pub public_url: &'a str,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    pub changed: u32,
    pub right: usize,
    /// What Shopify did not want, and why.
    pub refused: Vec<String>,
}

impl Door<'_> {
    /// Where the store's webhooks go.
    pub(crate) fn uri(&self) -> String {
        format!("{}/webhooks/shopify/{}", self.public_url, self.shop.store)
    }

    /// One query. A full bucket is waited for, within reason.
    pub(crate) async fn ask(&self, query: &Query) -> Result<api::Answer, Error> {
        let mut tries = 1;
        loop {
            match self.shopify.ask(self.shop, query, self.clock).await {
                Err(Error::Throttled { after }) if after <= LONGEST_WAIT && tries < TRIES => {
                    tokio::time::sleep(after).await;
                    tries += 1;
                }
                answer => return answer,
            }
        }
    }

    /// All webhooks that the app has in the shop.
    pub(crate) async fn known(&self) -> Result<Vec<Value>, Error> {
        let mut known = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let page = self.ask(&api::webhooks(after.as_deref())).await?;
            let webhooks = &page.data["webhookSubscriptions"];
            known.extend(webhooks["nodes"].as_array().into_iter().flatten().cloned());
            after = webhooks["pageInfo"]["endCursor"].as_str().map(str::to_owned);
            if webhooks["pageInfo"]["hasNextPage"] != true || after.is_none() {
                break;
            }
        }
        Ok(known)
    }

    /// The webhooks as they should be.
    pub(crate) fn wanted(&self, wants: &Wants, granted: &[String]) -> Vec<Subscription> {
        wanted(wants, granted, &self.uri())
    }

    /// Makes, changes and removes until they are as they should be. No call begins after `until`.
    pub(crate) async fn put_right(
        &self,
        wants: &Wants,
        granted: &[String],
        until: Timestamp,
    ) -> Result<Done, Error> {
        let known = self.known().await?;
        let plan = plan(&known, self.wanted(wants, granted), self.shop.store.as_str());
        let mut done = Done { right: plan.right, ..Done::default() };
        // What goes goes first: Shopify takes no second webhook for the same topic and address.
        let deletes = plan.delete.iter().map(|id| ("a stale webhook", api::webhook_delete(id)));
        let updates = plan.update.iter().map(|(id, one)| (one.topic, api::webhook_update(id, one)));
        let creates = plan.create.iter().map(|one| (one.topic, api::webhook_create(one)));
        for (topic, query) in deletes.chain(updates).chain(creates) {
            if until <= self.clock.now() {
                return Err(Error::Unclear("too little time was left for another call".to_owned()));
            }
            match refusal(&self.ask(&query).await) {
                Ok(None) => done.changed += 1,
                Ok(Some(reason)) => done.refused.push(format!("{topic}: {reason}")),
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    /// Removes every webhook that leads to this store. Answers how many.
    pub(crate) async fn remove(&self) -> Result<u32, Error> {
        let known = self.known().await?;
        let mut removed = 0;
        for webhook in known.iter().filter(|webhook| is_ours(webhook, self.shop.store.as_str())) {
            let id = webhook["id"].as_str().unwrap_or_default();
            self.ask(&api::webhook_delete(id)).await?;
            removed += 1;
        }
        Ok(removed)
    }
}

/// Why Shopify did not want it. A topic that may not be subscribed to does not stop the others.
fn refusal(answer: &Result<api::Answer, Error>) -> Result<Option<String>, Error> {
    match answer {
        Ok(answer) => Ok(api::words_of_refusal(answer)),
        Err(error @ Error::AccessDenied { .. }) => Ok(Some(error.to_string())),
        Err(error) => Err(error.clone()),
    }
}
