//! `tajo keys`: API keys of a deployment.

use clap::{Args, Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use tajo_api::{ApiKey, KeyCreated, KeyList, KeyRequest, KeyRolled, RollRequest, Scope};
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
    /// Make a key in another one's place, with its scope and its stores. The old one works on for a while.
    Roll(Roll),
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
    /// When it ends: after some time (90d, 24h), on a day (2027-01-31) or at a timestamp. Left out: never.
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// With --store: the permanent address of the only shop that it may touch and connect; may be said more than once. Left
    /// out: it may connect again the shops that its stores have, and no other.
    #[arg(long = "shop", value_name = "ADDRESS", requires = "stores")]
    shops: Vec<String>,
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

/// Which key, and how.
#[derive(Args, Debug)]
pub(crate) struct Roll {
    /// Its id, as `tajo keys list` names it.
    id: String,
    /// How long the old key works on: minutes, hours or days (30m, 24h, 7d), at most 30 days; 0h ends it at once.
    #[arg(long, value_name = "TIME", default_value = "24h")]
    overlap: String,
    /// When the new key ends: after some time (90d, 24h), on a day (2027-01-31) or at a timestamp. Left out: it lives as long
    /// as the old one was to live.
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    #[command(flatten)]
    reach: Reach,
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
    /// Vouch for webhooks that are forwarded without their signature: deletions, merges, compliance, opt-ins.
    Forward,
    /// Everything: connect, disconnect, settings, keys, app credentials.
    Admin,
}

/// Runs the command.
pub(crate) async fn run(asked: &Keys) -> crate::Result {
    match asked {
        Keys::List(asked) => list(asked).await,
        Keys::Create(asked) => create(asked).await,
        Keys::Bootstrap(asked) => bootstrap(asked).await,
        Keys::Roll(asked) => roll(asked).await,
        Keys::Revoke(asked) => revoke(asked).await,
    }
}

async fn list(asked: &List) -> crate::Result {
    let list: KeyList = asked.reach.open()?.ask(Call::of("listKeys")).await?;
    if asked.reach.json {
        return say_json(&list);
    }
    let now = Timestamp::now();
    let mut table = grid(["id", "name", "may", "stores", "ends (UTC)", "last used"]);
    // An id, a scope and a day stay in one piece.
    for (column, width) in [(0, 14), (2, 9), (3, 8), (4, 12), (5, 12)] {
        table.at_least(column, width);
    }
    for key in list.keys {
        let ends = ends(&key, now);
        let mut stores = key.stores.map_or_else(|| "all".to_owned(), |stores| stores.join(", "));
        if let Some(shops) = key.shops {
            stores.push_str(&format!(" ({})", shops.join(", ")));
        }
        let used = key.last_used_at.map_or_else(|| "never".to_owned(), to_the_hour);
        table.row([key.id, key.name, word(key.scope), stores, ends, used]);
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
            May::Forward => Scope::Forward,
            May::Admin => Scope::Admin,
        },
        stores: Some(asked.stores.clone()).filter(|stores| !stores.is_empty()),
        expires_at: asked.expires.as_deref().map(|text| end(text, Timestamp::now())).transpose()?,
        shops: Some(asked.shops.clone()).filter(|shops| !shops.is_empty()),
    };
    let made = asked.reach.open()?.ask(Call::of("createKey").body(&request)).await?;
    told(&made, asked.reach.json)
}

async fn roll(asked: &Roll) -> crate::Result {
    let overlap = span(&asked.overlap)
        .and_then(|overlap| u32::try_from(overlap.as_secs()).ok())
        .ok_or_else(|| Failure::input("--overlap is no time").hint("write 30m, 24h or 7d".to_owned()))?;
    let request = RollRequest {
        overlap_seconds: Some(overlap),
        expires_at: asked.expires.as_deref().map(|text| end(text, Timestamp::now())).transpose()?,
    };
    let call = Call::of("rollKey").part("key", &asked.id).body(&request);
    let rolled: KeyRolled = asked.reach.open()?.ask(call).await?;
    if asked.reach.json {
        return say_json(&rolled);
    }
    told(&rolled.made, false)?;
    match rolled.replaced.expires_at {
        Some(end) if overlap > 0 => {
            talk(&format!(
                "Key {} works until {} UTC, and then opens nothing.",
                rolled.replaced.id,
                moment(end)
            ));
        }
        _ => talk(&format!("Key {} opens nothing any more.", rolled.replaced.id)),
    }
    Ok(())
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

/// `2027-01-31 08:00`, and whether that is over.
fn ends(key: &ApiKey, now: Timestamp) -> String {
    match key.expires_at {
        None => "never".to_owned(),
        Some(end) if end <= now => format!("{} (over)", to_the_minute(end)),
        Some(end) => to_the_minute(end),
    }
}

fn to_the_minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// Uses are noted once an hour: minutes would promise more than is known.
fn to_the_hour(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H h").to_string()
}

/// When a key ends that is to live so long, or until then.
fn end(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let text = text.trim();
    let after = || span(text).filter(|span| span.is_positive()).and_then(|span| now.checked_add(span).ok());
    let at = after().or_else(|| text.parse().ok()).or_else(|| format!("{text}T00:00:00Z").parse().ok());
    at.ok_or_else(|| {
        Failure::input(format!("`{text}` is no time"))
            .hint("write 90d, 24h, 2027-01-31 or 2027-01-31T08:30:00Z".to_owned())
    })
}

/// `30m`, `24h`, `90d`: a whole number of minutes, hours or days of 24 hours.
fn span(text: &str) -> Option<SignedDuration> {
    let text = text.trim();
    let minutes = match text.chars().last()? {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        _ => return None,
    };
    let count: i64 = text[..text.len() - 1].parse::<u32>().ok()?.into();
    Some(SignedDuration::from_secs(count * minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_said_as_a_span_a_day_or_a_moment() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let said = |text: &str| end(text, now).ok().map(|at| at.to_string());
        assert_eq!(said("90d").as_deref(), Some("2027-02-22T12:00:00Z"));
        assert_eq!(said(" 24h ").as_deref(), Some("2026-11-25T12:00:00Z"));
        assert_eq!(said("2027-01-31").as_deref(), Some("2027-01-31T00:00:00Z"));
        assert_eq!(said("2027-01-31T08:30:00+01:00").as_deref(), Some("2027-01-31T07:30:00Z"));
        for odd in
            ["", "d", "0d", "-1d", "1.5d", "90", "90 days", "soon", "ä", "99999999999999d", "4294967295d"]
        {
            assert_eq!(said(odd), None, "{odd}");
        }
    }
}
