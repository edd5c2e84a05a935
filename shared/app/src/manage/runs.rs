//! Runs: asked for, looked up, listed. The record is what a runner works off and writes into; in this version there is none, and
//! a run that is asked for says so and is over.

use jiff::Timestamp;
use jiff::civil::Date;
use secrecy::ExposeSecret;
use tajo_api::{RESOURCES, RunCounts, RunKind, RunPage, RunRecord, RunState, SyncRequest};
use tajo_domain::StoreId;
use tajo_mapping::Settings;
use tajo_state::{Key, Listing, Span, Table, TableError, list_ids};

use super::call::Call;
use super::cursor;
use super::fault::Fault;
use super::named::{Named, living, named};
use super::wire::Reply;
use crate::random;

/// A year.
const KEPT_SECONDS: i64 = 366 * 24 * 3600;

/// Who starts the run that a connection asks for.
const INSTALL: &str = "install";

/// What a run says that nobody works off.
pub const NO_RUNNER: &str = "this version has no runner for history yet: nothing was read. Webhooks keep the store current all the \
    same; what was there before they began is not in Brevo";

/// A run that somebody asks for.
struct Run {
    id: String,
    kind: RunKind,
    resources: Vec<String>,
    since: Option<String>,
    /// A key's id, or `INSTALL`.
    started_by: String,
}

impl Run {
    /// Writes it down, unless a run of this id stands there.
    async fn ask(self, table: &Table, store: &StoreId, now: Timestamp) -> Result<RunRecord, TableError> {
        let run = RunRecord {
            id: self.id,
            kind: self.kind,
            resources: self.resources,
            since: self.since,
            started_by: self.started_by,
            // Not `waiting`: a runner that comes with a later version must not find a year of stale wishes.
            state: RunState::Failed,
            note: Some(NO_RUNNER.to_owned()),
            counts: RunCounts::default(),
            asked_at: now,
            ended_at: Some(now),
        };
        let attributes = Listing::Runs(store).attributes(now, Some(KEPT_SECONDS));
        table.put(&Key::run(store, &run.id), 0, &run, &attributes).await?;
        Ok(run)
    }
}

/// The full run that was asked for when the store was connected: one for each time its shop let the app in, however often the
/// set-up is tried.
pub(crate) async fn ask_first(
    table: &Table,
    store: &StoreId,
    settings: &Settings,
    installed_at: Timestamp,
    now: Timestamp,
) -> Result<(), TableError> {
    let run = Run {
        id: format!("{:013}-{INSTALL}", installed_at.as_millisecond()),
        kind: RunKind::Full,
        resources: wanted(settings),
        since: None,
        started_by: INSTALL.to_owned(),
    };
    run.ask(table, store, now).await.map(drop)
}

/// `sync`
pub(super) async fn sync(call: &Call<'_>) -> Result<Reply, Fault> {
    let Named { id, record } = living(call).await?;
    let asked: SyncRequest = call.body()?;
    let (table, now) = (&call.manage.connect.table, call.manage.connect.clock.now());
    if let Some(since) = &asked.since {
        beginning(since)?;
    }
    let run = Run {
        id: new_id(now)?,
        kind: asked.kind,
        resources: resources(asked.resources, &record.settings)?,
        since: asked.since,
        started_by: call.key.id.clone(),
    };
    let run = run.ask(table, &id, now).await?;
    call.notes.add(format!("run {}", run.id));
    Reply::with(201, &run)
}

/// `history`
pub(super) async fn history(call: &Call<'_>) -> Result<Reply, Fault> {
    let store = named(call).await?.id;
    let (table, limit) = (&call.manage.connect.table, call.query.limit()?);
    let listing = Listing::Runs(&store);
    let from = call.query.get("cursor").map(cursor::item).transpose()?.map(|(id, at)| listing.after(&id, at));
    let most = i32::try_from(limit).unwrap_or(i32::MAX);
    let (ids, next) = list_ids(table, listing, Span::default(), most, from).await?;
    let mut runs: Vec<RunRecord> = Vec::with_capacity(ids.len());
    for id in &ids {
        runs.extend(table.get_newest(&Key::run(&store, id)).await?.record);
    }
    let last = runs.last().filter(|_| next.is_some());
    let next = last.map(|run| cursor::of_item(&run.id, run.asked_at));
    Reply::ok(&RunPage { runs, next })
}

/// `run`
pub(super) async fn run(call: &Call<'_>) -> Result<Reply, Fault> {
    let store = named(call).await?.id;
    let key = Key::run(&store, call.part(1));
    match call.manage.connect.table.get_newest::<RunRecord>(&key).await?.record {
        Some(run) => Reply::ok(&run),
        None => Err(Fault::not_found("there is no such run")
            .hint("`tajo connectors history shopify` shows all of them")),
    }
}

/// When the newest run that read anything ended.
pub(super) async fn last_ended(table: &Table, store: &StoreId) -> Result<Option<Timestamp>, TableError> {
    let (ids, _) = list_ids(table, Listing::Runs(store), Span::default(), 5, None).await?;
    for id in ids {
        let run = table.get::<RunRecord>(&Key::run(store, &id)).await?.record;
        if let Some(run) = run.filter(|run| run.state == RunState::Done) {
            return Ok(run.ended_at);
        }
    }
    Ok(None)
}

/// What is read: what was asked for, else all that the settings sync.
fn resources(asked: Option<Vec<String>>, settings: &str) -> Result<Vec<String>, Fault> {
    let Some(asked) = asked else {
        return Ok(wanted(&Settings::from_stored(settings)?));
    };
    if asked.is_empty() || RESOURCES.len() < asked.len() {
        return Err(Fault::invalid("`resources` names nothing, or something more than once")
            .hint(format!("there are {}", RESOURCES.join(", "))));
    }
    if asked.iter().any(|name| !RESOURCES.contains(&name.as_str())) {
        return Err(Fault::invalid("`resources` holds something that cannot be read")
            .hint(format!("there are {}", RESOURCES.join(", "))));
    }
    Ok(asked)
}

fn wanted(settings: &Settings) -> Vec<String> {
    let sync = &settings.sync;
    let wanted = [sync.customers, sync.orders, sync.products];
    let named = RESOURCES.iter().zip(wanted).filter(|(_, wanted)| *wanted);
    named.map(|(name, _)| (*name).to_owned()).collect()
}

/// A day, or a timestamp.
fn beginning(text: &str) -> Result<(), Fault> {
    let is_day = text.len() == 10 && text.parse::<Date>().is_ok();
    if is_day || text.parse::<Timestamp>().is_ok() {
        return Ok(());
    }
    Err(Fault::invalid("`since` is no day and no timestamp")
        .hint("write `2023-01-01` or `2023-01-01T00:00:00Z`"))
}

/// Newer runs have later names.
fn new_id(now: Timestamp) -> Result<String, Fault> {
    let word = random::word().map_err(|error| Fault::internal(error.to_string()))?;
    let rest: String = word.expose_secret().chars().take(8).collect();
    Ok(format!("{:013}-{rest}", now.as_millisecond()))
}
