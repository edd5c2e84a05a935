//! Records become tasks: which store, which changes. Reads stores, and fetches what a notice only names; everything
//! else is pure.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tajo_domain::{Change, Changes, Skipped};
use tajo_platforms::notice::{
    BREVO_FOUND, BREVO_NEWS, BREVO_WEBHOOK, CART_DUE, CHECK_WEBHOOKS, CartDue, ERASE_SHOP, NewsForStore,
    RECONCILE, RESUME, SET_UP,
};
use tajo_platforms::{Notice, TopicKind};
use tajo_state::StoreStatus;

use super::outcome::{self, Record, Report, Source};
use super::{put_off, resolve};
use crate::stop::Stop;
use crate::{Delivery, Env, Store, Urgency, brevo_news, pause, product, reconcile, trace};

/// A record that can be worked on.
pub(super) struct Prepared {
    pub record: Record,
    pub notice: Notice,
    pub store: Arc<Store>,
    pub task: Task,
}

/// What a notice asks for.
pub(super) enum Task {
    /// A platform's body, in our words.
    Changes(Changes),
    /// The sweeper's question.
    CartDue(CartDue),
    /// What Brevo told of somebody.
    BrevoNews(NewsForStore),
    /// A paused store's news of what people said about being written to.
    Consents(Changes),
    /// What was held while the store was paused goes on.
    Resume,
    /// A shop that removed the app is to be erased.
    EraseShop,
    /// The store is to be made ready.
    SetUp,
    /// Its webhooks are to be looked through.
    CheckWebhooks,
}

/// A set-up takes some seconds.
const SET_UP_TAKES: Duration = Duration::from_secs(15);

/// Why a store's notices are left alone.
pub(super) const SWITCHED_OFF: &str = "the store is switched off in its settings (`enabled: false`)";

/// Reads every record. What cannot be worked on is reported at once.
pub(super) async fn prepare(
    env: &Env,
    records: Vec<Record>,
    deadline: Timestamp,
) -> (Vec<Prepared>, Vec<Report>) {
    let mut prepared = Vec::with_capacity(records.len());
    let mut reports = Vec::new();
    let mut waiting = Vec::new();
    for record in records {
        if record.source == Source::DeadLetters {
            reports.push(outcome::park_dead_letter(env, &record).await);
            continue;
        }
        let notice = match Notice::from_json(&record.body) {
            Ok(notice) => notice,
            Err(unusable) => {
                reports.push(outcome::park_unreadable(env, &record, &unusable.reason).await);
                continue;
            }
        };
        if notice.topic == BREVO_WEBHOOK {
            // Of an account, not of a store: it becomes a notice for each store that knows the person.
            reports.push(match Box::pin(brevo_news::fan_out(env, &notice, deadline)).await {
                Ok((outcome, reason)) => outcome::report(env, &record, &notice, outcome, Some(reason)),
                Err(stop) => outcome::stopped_early(env, &record, notice, stop).await,
            });
            continue;
        }
        if notice.topic == RECONCILE {
            reports.push(match Box::pin(reconcile::compare(env, &notice, deadline)).await {
                Ok((outcome, reason)) => outcome::report(env, &record, &notice, outcome, Some(reason)),
                Err(stop) => outcome::stopped_early(env, &record, notice, stop).await,
            });
            continue;
        }
        meet(env, &notice).await;
        if record.source == Source::Live && must_wait(env, &notice).await {
            waiting.push((record, notice));
            continue;
        }
        match task(env, &notice, deadline).await {
            Ok((store, task)) => prepared.push(Prepared { record, notice, store, task }),
            Err(stop) => reports.push(outcome::stopped_early(env, &record, notice, stop).await),
        }
    }
    reports.extend(put_off::pass_on(env, waiting).await);
    (prepared, reports)
}

/// Whoever sees an account for the first time begins with what others have learned of its limits.
async fn meet(env: &Env, notice: &Notice) {
    let Some(id) = notice.store.as_ref().filter(|_| env.delivery == Delivery::Planned) else { return };
    // What is wrong with the store is found out where the notice is worked on.
    let Ok(Some(store)) = env.store(id).await else { return };
    env.budgets.meet(&env.table, &store.record.account, env.clock.now()).await;
}

/// Whether a notice could not send anything now: then it is gathered as it is, before it costs anything.
async fn must_wait(env: &Env, notice: &Notice) -> bool {
    let Some(id) = notice.store.as_ref().filter(|_| env.delivery == Delivery::Planned) else { return false };
    // What is wrong with the store is found out where the notice is worked on.
    let Ok(Some(store)) = env.store(id).await else { return false };
    env.budgets.must_wait(&store.record.account, Urgency::of(&notice.topic), env.clock.now())
}

async fn task(env: &Env, notice: &Notice, deadline: Timestamp) -> Result<(Arc<Store>, Task), Stop> {
    let Some(id) = &notice.store else {
        return Err(Stop::park("no connected store belongs to this shop (any more)"));
    };
    let found = if matches!(notice.topic.as_str(), SET_UP | CHECK_WEBHOOKS) {
        // It was changed a moment ago.
        env.store_now(id).await?
    } else {
        env.store(id).await?
    };
    let Some(store) = found else {
        return Err(Stop::Park {
            reason: "this store is not connected".to_owned(),
            hint: Some("connect it, or remove its webhooks in the platform"),
        });
    };
    trace::received(&store.facts, notice);
    let must_keep = notice.platform.topic_kind(&notice.topic) == TopicKind::MustKeep;
    let task = if [BREVO_NEWS, BREVO_FOUND].contains(&notice.topic.as_str()) {
        // What people say is noted whatever state the store is in.
        Task::BrevoNews(notice.read_brevo_news()?)
    } else if notice.topic == ERASE_SHOP {
        Task::EraseShop
    } else if store.record.status.has_left() && !must_keep {
        nothing("the app was removed from this shop: connect the store again if that was a mistake")
    } else if notice.topic == RESUME {
        Task::Resume
    } else if store.record.status == StoreStatus::Paused && pause::waits(notice) {
        if !pause::may_opt_out(notice) {
            return Err(Stop::Hold);
        }
        Task::Consents(resolve::changes(env, &store, notice, deadline).await?)
    } else if notice.topic == CART_DUE {
        // Of a store that is switched off too: the cart must not come up again and again.
        Task::CartDue(notice.read_cart_due()?)
    } else if notice.topic == SET_UP {
        Task::SetUp
    } else if notice.topic == CHECK_WEBHOOKS {
        Task::CheckWebhooks
    } else if store.record.status == StoreStatus::Connecting && !must_keep {
        // Values for attributes that Brevo does not have yet would vanish without a word.
        let reason = "the store's set-up is under way".to_owned();
        return Err(Stop::Later { after: Some(SET_UP_TAKES), reason });
    } else if store.facts.settings.enabled || must_keep {
        Task::Changes(resolve::changes(env, &store, notice, deadline).await?)
    } else {
        nothing(SWITCHED_OFF)
    };
    Ok((store, task))
}

fn nothing(reason: &str) -> Task {
    Task::Changes(Changes { changes: Vec::new(), skipped: vec![Skipped::new("notice", reason)] })
}

/// Puts what is about the same person, or the same product, into one group, oldest first: working on it side by side
/// would only make the workers trip over each other.
pub(super) fn groups(prepared: Vec<Prepared>) -> Vec<Vec<Prepared>> {
    let mut groups: HashMap<String, Vec<Prepared>> = HashMap::new();
    for prepared in prepared {
        groups.entry(subject(&prepared)).or_default().push(prepared);
    }
    let mut groups: Vec<Vec<Prepared>> = groups.into_values().collect();
    for group in &mut groups {
        group.sort_by_key(|prepared| prepared.notice.time());
    }
    groups.sort_by_key(|group| group.first().map(|prepared| prepared.notice.time()));
    groups
}

fn subject(prepared: &Prepared) -> String {
    let store = &prepared.store.facts.store;
    let (person, _) = outcome::subjects(&prepared.task);
    match person.or_else(|| product_of(&prepared.task)) {
        Some(subject) => format!("{store} {subject}"),
        None => format!("{store} {}", prepared.notice.delivery),
    }
}

/// The newest own time of what a task tells of, if it has one: when an account, an order or a cart began. That somebody
/// said or did something is none: nobody can tell whether it was before they were known.
pub(super) fn fact_at(task: &Task) -> Option<Timestamp> {
    let Task::Changes(changes) = task else { return None };
    let times = changes.changes.iter().map(|change| match change {
        Change::Person { update, .. } => update.created_at.max(update.ordered_at),
        Change::Order(order) => Some(order.created_at),
        Change::Cart(cart) => Some(cart.created_at),
        Change::PersonDeleted { .. }
        | Change::PersonMerged { .. }
        | Change::OrderFact(_)
        | Change::OrderDeleted { .. }
        | Change::CartDeleted { .. }
        | Change::CartsOrdered { .. }
        | Change::Product(_)
        | Change::Collection(_)
        | Change::Stock(_)
        | Change::Privacy(_)
        | Change::App(_) => None,
    });
    times.max().flatten()
}

/// Whether a body tells of an order or a cart: their events may take attributes of their contact along.
pub(super) fn has_events(task: &Task) -> bool {
    let Task::Changes(changes) = task else { return false };
    changes.changes.iter().any(|change| matches!(change, Change::Order(_) | Change::Cart(_)))
}

fn product_of(task: &Task) -> Option<String> {
    let Task::Changes(changes) = task else { return None };
    changes.changes.iter().find_map(product::subject)
}

/// The identity a change is about.
pub(super) fn identity(change: &Change) -> Option<&tajo_domain::Identity> {
    match change {
        Change::Person { update, .. } => Some(&update.identity),
        Change::Privacy(demand) => Some(&demand.person),
        Change::PersonDeleted { .. }
        | Change::PersonMerged { .. }
        | Change::OrderFact(_)
        | Change::OrderDeleted { .. }
        | Change::CartDeleted { .. }
        | Change::CartsOrdered { .. }
        | Change::App(_) => None,
        Change::Order(order) => Some(&order.identity),
        Change::Cart(cart) => Some(&cart.identity),
        Change::Product(_) | Change::Collection(_) | Change::Stock(_) => None,
    }
}
