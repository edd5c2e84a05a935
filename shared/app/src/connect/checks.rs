//! `test`: everything that a store needs to work is looked at, and nothing is changed.

use tajo_api::{TestAnswer, Tick, Verdict};
use tajo_brevo::Error as BrevoError;
use tajo_domain::StoreId;
use tajo_mapping::Settings;
use tajo_platforms::shopify::api::{self, Answer, Error, First, NextStep, Query, ShopFacts, VERSION};
use tajo_platforms::shopify::oauth::{Wants, lacking, needed, requested};
use tajo_platforms::shopify::subscriptions::{is_ours, plan as webhook_plan};
use tajo_state::StoreSecret;

use super::account::Account;
use super::edit::known;
use super::plan::{Found, attributes, lists};
use super::webhooks::Door;
use super::{ConnectEnv, ConnectError};
use crate::shopify::{Shop, wants};

const MADE_AGAIN: &str =
    "they are made again once a day, and when its settings are applied (`tajo config apply`)";

/// Looks at everything that a store needs to work, and changes nothing.
pub async fn test(env: &ConnectEnv, store: &StoreId) -> Result<TestAnswer, ConnectError> {
    let record = known(env, store).await?;
    let settings = Settings::from_stored(&record.settings)?;
    let secret = env.secret(store).await?;
    let shop = Shop { store, address: &record.shop };
    let (shopify, clock, public_url) = (&env.shopify, &env.clock, env.public_url.as_str());
    let door = Door { shopify, shop, clock, public_url };
    let has_token = secret.shopify_access_token.is_some();
    let mut ticks = of_shop(&door, &record.shop, &wants(&settings), has_token).await;
    ticks.extend(of_brevo(env, &secret, &settings, &record.account).await);
    let ok = ticks.iter().all(|tick| tick.verdict != Verdict::Failed);
    Ok(TestAnswer { store: store.to_string(), ok, ticks })
}

async fn of_shop(door: &Door<'_>, address: &str, wants: &Wants, has_token: bool) -> Vec<Tick> {
    let mut ticks = Vec::new();
    let api = match look(door, &api::shop()).await {
        Ok(answer) => Ok(api::shop_facts(&answer)),
        Err(_) if !has_token => Err((
            "the shop has not let the app in yet".to_owned(),
            Some("connect the store again and open the link that it answers".to_owned()),
        )),
        Err(error) => Err((error.to_string(), hint(&error))),
    };
    let api = api.and_then(|facts| match &facts.domain {
        Some(domain) if domain == address => Ok(facts),
        _ => Err(("another shop answers with this token".to_owned(), None)),
    });
    let facts = match api {
        Ok(facts) => {
            ticks.push(good("api", "API connection successful"));
            Some(facts)
        }
        Err((reason, hint)) => {
            ticks.push(bad("api", "API connection successful", &reason, hint));
            None
        }
    };
    let Some(facts) = facts else {
        for (check, text) in [
            ("webhooks", "Webhooks registered"),
            ("products", "Products accessible"),
            ("customers", "Customers readable"),
            ("orders", "Orders readable"),
            ("scopes", "All rights granted"),
            ("webhook_versions", "Webhooks have the connector's version"),
        ] {
            ticks.push(not_checked(check, text, None));
        }
        return ticks;
    };
    door.shopify.forget(door.shop.store);
    let webhooks = door.known().await;
    ticks.push(webhooks_tick(door, &webhooks, wants, &facts));
    let readable = [
        ("products", "Products accessible", First::Products, wants.products || wants.inventory),
        ("customers", "Customers readable", First::Customers, wants.customers || wants.orders || wants.carts),
        ("orders", "Orders readable", First::Orders, wants.orders || wants.carts),
    ];
    for (check, text, first, is_wanted) in readable {
        ticks.push(if !is_wanted {
            not_checked(check, text, Some("switched off in the settings"))
        } else {
            match look(door, &api::first(first)).await {
                Ok(_) => good(check, text),
                Err(error) => bad(check, text, &error.to_string(), hint(&error)),
            }
        });
    }
    ticks.push(scopes_tick(wants, &facts));
    ticks.push(versions_tick(door, &webhooks));
    ticks
}

/// Each check asks for itself: what another one was refused a moment ago says nothing about it.
async fn look(door: &Door<'_>, query: &Query) -> Result<Answer, Error> {
    door.shopify.forget(door.shop.store);
    door.ask(query).await
}

fn webhooks_tick(
    door: &Door<'_>,
    known: &Result<Vec<serde_json::Value>, Error>,
    wants: &Wants,
    facts: &ShopFacts,
) -> Tick {
    let (check, text) = ("webhooks", "Webhooks registered");
    let known = match known {
        Ok(known) => known,
        Err(error) => return bad(check, text, &error.to_string(), hint(error)),
    };
    let plan = webhook_plan(known, door.wanted(wants, &facts.scopes), door.shop.store.as_str());
    match (plan.create.len(), plan.update.len() + plan.delete.len()) {
        (0, 0) => good(check, text),
        (0, stale) => Tick {
            verdict: Verdict::Warning,
            hint: Some(MADE_AGAIN.to_owned()),
            ..good(check, &format!("{text}; {stale} are not as they should be"))
        },
        (missing, _) => {
            let topics: Vec<&str> = plan.create.iter().take(3).map(|one| one.topic).collect();
            let more = if missing > topics.len() { ", …" } else { "" };
            let reason = format!("{missing} are missing ({}{more})", topics.join(", "));
            bad(check, text, &reason, Some(MADE_AGAIN.to_owned()))
        }
    }
}

fn scopes_tick(wants: &Wants, facts: &ShopFacts) -> Tick {
    let (check, text) = ("scopes", "All rights granted");
    let grant = "connect the store again and open the link: it asks for them; for an old custom app, add them in the app";
    match (lacking(&needed(wants), &facts.scopes), lacking(&requested(wants), &facts.scopes)) {
        (needed, _) if !needed.is_empty() => {
            bad(check, text, &format!("{} missing", needed.join(", ")), Some(grant.to_owned()))
        }
        (_, wanted) if !wanted.is_empty() => Tick {
            verdict: Verdict::Warning,
            hint: Some(grant.to_owned()),
            ..good(check, &format!("{text}, but {}", wanted.join(", ")))
        },
        _ => good(check, text),
    }
}

fn versions_tick(door: &Door<'_>, known: &Result<Vec<serde_json::Value>, Error>) -> Tick {
    let (check, text) = ("webhook_versions", "Webhooks have the connector's version");
    let Ok(known) = known else { return not_checked(check, text, None) };
    let ours = known.iter().filter(|webhook| is_ours(webhook, door.shop.store.as_str()));
    let others = ours.filter(|webhook| webhook["apiVersion"]["handle"] != VERSION).count();
    match others {
        0 => good(check, &format!("{text} ({VERSION})")),
        _ => bad(check, text, &format!("{others} have another than {VERSION}"), Some(MADE_AGAIN.to_owned())),
    }
}

async fn of_brevo(env: &ConnectEnv, secret: &StoreSecret, settings: &Settings, account: &str) -> Vec<Tick> {
    let brevo = Account { brevo: &env.brevo, key: &secret.brevo_api_key };
    let found = brevo.look(settings).await;
    let attributes_text = "Brevo attributes present";
    let lists_text = "Brevo lists present";
    let mut ticks = Vec::new();
    match &found {
        Ok(found) if found.account == account => {
            ticks.push(good("brevo_key", "Brevo key accepted"));
            ticks.push(attributes_tick(found, settings, attributes_text));
            ticks.push(lists_tick(found, settings, lists_text));
        }
        other => {
            let (reason, hint) = match other {
                Ok(_) => (ConnectError::OtherAccount.to_string(), ConnectError::OtherAccount.hint()),
                Err(error) => (error.to_string(), error.hint()),
            };
            ticks.push(bad("brevo_key", "Brevo key accepted", &reason, hint));
            ticks.push(not_checked("brevo_attributes", attributes_text, None));
            ticks.push(not_checked("brevo_lists", lists_text, None));
        }
    }
    ticks.push(addresses_tick(env.fixed_egress, &found));
    ticks
}

fn attributes_tick(found: &Found, settings: &Settings, text: &str) -> Tick {
    let mut plan = super::plan::Plan::default();
    super::plan::names(found, settings, &mut plan);
    let mut resolved = settings.clone();
    resolved.resolve(&std::collections::BTreeMap::new(), &plan.renamed);
    match attributes(found, &resolved, &mut plan) {
        Err(error) => bad("brevo_attributes", text, &error.to_string(), error.hint()),
        Ok(()) if plan.attributes.is_empty() => good("brevo_attributes", text),
        Ok(()) => {
            let names: Vec<&str> = plan.attributes.iter().map(|(name, _)| name.as_str()).collect();
            let made = "connect the store again: they are made then; Brevo drops values of attributes it does not have";
            bad("brevo_attributes", text, &format!("{} missing", names.join(", ")), Some(made.to_owned()))
        }
    }
}

fn lists_tick(found: &Found, settings: &Settings, text: &str) -> Tick {
    let mut plan = super::plan::Plan::default();
    match lists(found, settings, &mut plan) {
        Err(error) => bad("brevo_lists", text, &error.to_string(), error.hint()),
        Ok(()) if plan.new_lists.is_empty() => good("brevo_lists", text),
        Ok(()) => {
            let made = "connect the store again: they are made then";
            bad("brevo_lists", text, &format!("{} missing", plan.new_lists.join(", ")), Some(made.to_owned()))
        }
    }
}

/// Brevo blocks unknown addresses by itself after 30 days (Brevo help centre, "IP security"). Whether it does already is
/// seen only by being blocked.
fn addresses_tick(fixed_egress: bool, found: &Result<Found, ConnectError>) -> Tick {
    let (check, text) = ("brevo_addresses", "Brevo takes calls from here");
    match found {
        Err(ConnectError::Brevo(error @ BrevoError::AddressBlocked)) => {
            let hint = match error.next_step() {
                tajo_brevo::NextStep::AskMerchant { hint } => Some(hint.to_owned()),
                _ => None,
            };
            bad(check, text, &error.to_string(), hint)
        }
        Err(_) => not_checked(check, text, None),
        Ok(_) if fixed_egress => good(check, text),
        Ok(_) => Tick {
            verdict: Verdict::Warning,
            hint: Some(
                "Brevo blocks addresses it does not know by itself after 30 days: switch that off in Brevo (Security → \
                 Authorised IPs), or deploy with FixedEgress=nat and authorise its address"
                    .to_owned(),
            ),
            ..good(check, &format!("{text} today"))
        },
    }
}

fn tick(check: &str, verdict: Verdict, text: String, hint: Option<String>) -> Tick {
    Tick { check: check.to_owned(), verdict, text, hint }
}

fn good(check: &str, text: &str) -> Tick {
    tick(check, Verdict::Ok, text.to_owned(), None)
}

fn bad(check: &str, text: &str, reason: &str, hint: Option<String>) -> Tick {
    tick(check, Verdict::Failed, format!("{text}: {reason}"), hint)
}

fn not_checked(check: &str, text: &str, why: Option<&str>) -> Tick {
    tick(check, Verdict::NotChecked, text.to_owned(), why.map(str::to_owned))
}

fn hint(error: &Error) -> Option<String> {
    match error.next_step() {
        NextStep::AskMerchant { hint } => Some(hint.to_owned()),
        NextStep::Retry { .. } => Some("try again in a minute".to_owned()),
        NextStep::Park => None,
    }
}
