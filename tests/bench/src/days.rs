//! The three days of the delivery goals, each sent one call per operation and through the planner.

use jiff::Timestamp;
use tajo_app::{Delivery, Urgency};
use tajo_brevo::limits;
use tajo_sandbox::State;
use tajo_testkit::STORE;

use crate::Error;
use crate::compare::differences;
use crate::day::{Day, SETTINGS};
use crate::driver::{Play, run};
use crate::table::{Table, mark, two, whole};
use crate::tally::Tally;

/// One of the days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One store, 1,000 webhooks.
    Quiet,
    /// Twenty stores of one account, 100,000 webhooks, an evening peak.
    Busy,
    /// 5,000 orders in three minutes.
    Flash,
}

/// How a day is sent.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// How it is called in tables.
    pub name: &'static str,
    delivery: Delivery,
    /// Whether Brevo keeps its rate limits.
    limits: bool,
    /// Whether its batch roads have the rates of the single ones.
    fast_batches: bool,
}

impl Way {
    /// It gathers and batches.
    pub fn is_planned(self) -> bool {
        self.delivery == Delivery::Planned
    }

    /// It sends whatever there is at once, and is refused.
    pub fn is_a_storm(self) -> bool {
        self.delivery == Delivery::OneByOne && self.limits
    }
}

/// The ways, beginning with what the others are compared with: nothing is in its way.
pub const WAYS: [Way; 4] = [
    Way {
        name: "one call each, no limits",
        delivery: Delivery::OneByOne,
        limits: false,
        fast_batches: false,
    },
    Way { name: "one call each", delivery: Delivery::OneByOne, limits: true, fast_batches: false },
    Way {
        name: "planned, batches 100 an hour",
        delivery: Delivery::Planned,
        limits: true,
        fast_batches: false,
    },
    Way {
        name: "planned, batches at single rates",
        delivery: Delivery::Planned,
        limits: true,
        fast_batches: true,
    },
];

/// A day, sent in one way.
pub struct Sent {
    /// What it used.
    pub tally: Tally,
    /// What Brevo knows then.
    pub state: State,
    /// The first webhook.
    pub begun: Timestamp,
    /// The last one.
    pub ended: Timestamp,
    /// Whether Brevo's batch roads had the rates of the single ones.
    fast_batches: bool,
}

impl Kind {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Busy => "busy",
            Self::Flash => "flash sale",
        }
    }

    fn stores(self) -> usize {
        if self == Self::Busy { 20 } else { 1 }
    }

    /// The day; `orders` of each store.
    pub fn day(self, seed: u64, orders: usize) -> Result<Day, jiff::Error> {
        match self {
            Self::Quiet => Day::new(seed, orders),
            Self::Busy => Day::of_stores(seed, self.stores(), orders),
            Self::Flash => Day::flash(seed, orders),
        }
    }

    /// Orders of each store that make the day of the goal.
    pub fn orders(self) -> usize {
        match self {
            Self::Quiet => 68,
            Self::Busy => 340,
            Self::Flash => 5_000,
        }
    }

    /// Calls per 1,000 webhooks that are wanted at most.
    fn goal(self) -> Option<f64> {
        match self {
            Self::Quiet => None,
            Self::Busy => Some(800.0),
            Self::Flash => Some(100.0),
        }
    }
}

/// Sends a day.
pub async fn send(
    kind: Kind,
    seed: u64,
    orders: usize,
    way: Way,
    progress: impl Fn(u32),
) -> Result<Sent, Error> {
    let day = kind.day(seed, orders)?;
    let at = |webhook: Option<&crate::day::Webhook>| webhook.map(|webhook| webhook.at).unwrap_or_default();
    let (begun, ended) = (at(day.webhooks.first()), at(day.webhooks.last()));
    let play = Play {
        day,
        stores: kind.stores(),
        settings: SETTINGS,
        delivery: way.delivery,
        limits: way.limits,
        fast_batches: way.fast_batches,
        sweeps: kind != Kind::Flash,
    };
    let (tally, state) = run(play, progress).await?;
    Ok(Sent { tally, state, begun, ended, fast_batches: way.fast_batches || !way.limits })
}

/// One table for a day: the ways side by side.
pub fn table(kind: Kind, ways: &[(&'static str, &Sent)]) -> Table {
    let mut header = vec![""];
    header.extend(ways.iter().map(|(name, _)| *name));
    let mut table = Table::new(format!("Delivery: the {} day", kind.name()), &header);
    let mut row = |name: &str, value: &dyn Fn(&Sent) -> String| {
        let mut cells = vec![name.to_owned()];
        cells.extend(ways.iter().map(|(_, sent)| value(sent)));
        table.rows.push(cells);
    };
    let calls = |sent: &Sent| sent.tally.sync.brevo_calls.values().sum::<u64>();
    let per_thousand = |sent: &Sent| sent.tally.per_webhook(calls(sent) as f64 * 1000.0);
    row("webhooks", &|sent| sent.tally.webhooks.to_string());
    row("Brevo calls", &|sent| calls(sent).to_string());
    row("calls per 1,000 webhooks", &|sent| match kind.goal() {
        Some(goal) => format!("{} {}", whole(per_thousand(sent)), mark(per_thousand(sent) <= goal)),
        None => whole(per_thousand(sent)),
    });
    row("429 answers", &|sent| sent.tally.sync.throttled.to_string());
    for (name, urgency) in [("urgent", Urgency::Now), ("soon", Urgency::Soon), ("patient", Urgency::Patient)]
    {
        for percent in [50, 99] {
            let name = format!("{name}: p{percent}, s");
            row(&name, &|sent| {
                let took = sent.tally.percentile(urgency, percent);
                took.map_or_else(|| "-".to_owned(), |ms| two(ms as f64 / 1000.0))
            });
        }
    }
    row("drained, s after the last webhook", &|sent| two(seconds(sent.ended, sent.tally.last_end)));
    row("drained, s after the first webhook", &|sent| two(seconds(sent.begun, sent.tally.last_end)));
    if kind == Kind::Flash {
        row("the sale itself, s", &|sent| two(seconds(sent.begun, Some(sent.ended))));
        row("floor, s", &|sent| floor(sent).as_cell());
        row("drained / floor", &|sent| two(over_floor(sent)));
    }
    row("SQS requests per webhook", &|sent| two(sent.tally.per_webhook(sent.tally.sqs.total() as f64)));
    row("DynamoDB WRU per webhook", &|sent| two(sent.tally.per_webhook(sent.tally.sync.writes)));
    row("DynamoDB RRU per webhook", &|sent| two(sent.tally.per_webhook(sent.tally.sync.reads)));
    let endpoints: std::collections::BTreeSet<&String> =
        ways.iter().flat_map(|(_, sent)| sent.tally.sync.brevo_calls.keys()).collect();
    for endpoint in endpoints {
        let mut cells = vec![format!("`{endpoint}`")];
        cells
            .extend(ways.iter().map(|(_, sent)| {
                sent.tally.sync.brevo_calls.get(endpoint).copied().unwrap_or(0).to_string()
            }));
        table.rows.push(cells);
    }
    if let [(_, one), rest @ ..] = ways {
        for (name, other) in rest {
            let wrong = differences(&one.state, &other.state);
            let wrong: Vec<String> = wrong.iter().map(|line| line.chars().take(300).collect()).collect();
            table.note(if wrong.is_empty() {
                format!("{name}: contacts, lists, consents, orders, products and events are the same in Brevo as with the first.")
            } else {
                format!("{name} ends ELSEWHERE than the first: {}.", wrong.join("; "))
            });
        }
    }
    table
}

/// A store beside one with a hundred times its traffic, on one account: how long its webhooks take, in milliseconds.
pub async fn beside(seed: u64, orders: usize, noisy: bool) -> Result<Tally, Error> {
    let play = Play {
        day: Day::evening(seed, orders, noisy)?,
        stores: 2,
        settings: SETTINGS,
        delivery: Delivery::Planned,
        limits: true,
        fast_batches: false,
        sweeps: false,
    };
    Ok(run(play, |_| ()).await?.0)
}

/// The table of [`beside`].
pub fn neighbours(alone: &Tally, beside: &Tally) -> Table {
    let columns = &["", "webhooks of both", "its own: p50, s", "its own: p99, s"];
    let mut table = Table::new("Delivery: a store beside one with a hundred times its traffic", columns);
    let of = |tally: &Tally, percent| {
        tally.percentile_of(STORE, percent).map_or_else(|| "-".to_owned(), |ms| two(ms as f64 / 1000.0))
    };
    for (name, tally) in [("alone", alone), ("beside it", beside)] {
        table.row([name.to_owned(), tally.webhooks.to_string(), of(tally, 50), of(tally, 99)]);
    }
    let ratio = |percent| {
        let of = |tally: &Tally| tally.percentile_of(STORE, percent).unwrap_or(0) as f64;
        of(beside) / of(alone).max(1.0)
    };
    let cell = |percent| format!("{} {}", two(ratio(percent)), mark(ratio(percent) <= 2.0));
    table.row(["ratio (goal 2)".to_owned(), String::new(), cell(50), cell(99)]);
    table.note("One evening hour of both, on one Brevo account with its limits.");
    table
}

fn seconds(from: Timestamp, to: Option<Timestamp>) -> f64 {
    to.map_or(0.0, |to| to.duration_since(from).as_secs_f64())
}

/// How long the work took, over what Brevo's limits allow at best.
fn over_floor(sent: &Sent) -> f64 {
    seconds(sent.begun, sent.tally.last_end) / floor(sent).seconds.max(0.01)
}

/// The figures of one way that depend on how large the sale is.
pub fn sizes(way: &str, sales: &[(usize, &Sent)]) -> Table {
    let columns = &["", "250 orders", "1,000 orders", "5,000 orders"];
    let mut table = Table::new(format!("The flash sale by its size: {way}"), &columns[..=sales.len().min(3)]);
    let mut row = |name: &str, value: &dyn Fn(&Sent) -> String| {
        let mut cells = vec![name.to_owned()];
        cells.extend(sales.iter().map(|(_, sent)| value(sent)));
        table.rows.push(cells);
    };
    let calls = |sent: &Sent| sent.tally.sync.brevo_calls.values().sum::<u64>() as f64;
    row("webhooks", &|sent| sent.tally.webhooks.to_string());
    row("calls per 1,000 webhooks", &|sent| whole(sent.tally.per_webhook(calls(sent) * 1000.0)));
    row("429 answers", &|sent| sent.tally.sync.throttled.to_string());
    row("urgent: p99, s", &|sent| {
        let took = sent.tally.percentile(Urgency::Now, 99);
        took.map_or_else(|| "-".to_owned(), |ms| two(ms as f64 / 1000.0))
    });
    row("the sale itself, s", &|sent| two(seconds(sent.begun, Some(sent.ended))));
    row("drained, s after the last webhook", &|sent| two(seconds(sent.ended, sent.tally.last_end)));
    row("drained, s after the first webhook", &|sent| two(seconds(sent.begun, sent.tally.last_end)));
    row("floor, s", &|sent| floor(sent).as_cell());
    row("drained / floor", &|sent| two(over_floor(sent)));
    if sales.iter().zip(crate::flash::SIZES).any(|((orders, _), full)| *orders != full) {
        let orders: Vec<String> = sales.iter().map(|(orders, _)| orders.to_string()).collect();
        table.note(format!("At this scale: {} orders.", orders.join(", ")));
    }
    table.note(
        "The floor is the largest bucket alone: what there is to send there over what Brevo takes of it in a second. A small \
         sale is over long before its webhooks have come, so its ratio says how long the sale lasts, not how well it is sent: \
         for that, read how long after the last webhook it is drained.",
    );
    table
}

/// What Brevo's limits allow at best.
struct Floor {
    seconds: f64,
    /// The bucket that takes so long.
    bucket: String,
}

impl Floor {
    fn as_cell(&self) -> String {
        format!("{} ({})", two(self.seconds), self.bucket)
    }
}

/// The largest, over all buckets, of what there is to send over what a second takes, new contacts one call each. Where a
/// hundred batches are all of an hour, they carry what they can, and single calls the rest. How long the webhooks take to
/// come is no part of it.
fn floor(sent: &Sent) -> Floor {
    let state = &sent.state;
    let of = |count: usize, per_second: u32, batch: usize| match sent.fast_batches || batch == 1 {
        true => count as f64 / (f64::from(per_second) * batch as f64),
        false => {
            let batched = limits::OTHERS_PER_HOUR as usize * batch;
            count.saturating_sub(batched) as f64 / f64::from(per_second)
        }
    };
    let created = state.contacts.iter().filter(|contact| sent.begun <= contact.created_at).count();
    let buckets = [
        ("new contacts", created, limits::CONTACTS_PER_SECOND, 1),
        ("orders", state.orders.len(), limits::ORDERS_PER_SECOND, limits::ORDERS_PER_BATCH),
        ("events", state.events.len(), limits::EVENTS_PER_SECOND, limits::EVENTS_PER_BATCH),
    ];
    let floors = buckets.map(|(name, count, per_second, batch)| Floor {
        seconds: of(count, per_second, batch),
        bucket: format!("{count} {name}"),
    });
    let nothing = Floor { seconds: 0.0, bucket: "nothing".to_owned() };
    floors.into_iter().fold(nothing, |most, floor| if most.seconds < floor.seconds { floor } else { most })
}
