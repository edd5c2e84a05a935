//! `make bench`: prints the counted figures; `--write` keeps them in docs/figures.md.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use jiff::Timestamp;
use tajo_app::Delivery;
use tajo_bench::cost::Memory;
use tajo_bench::day::{Day, SETTINGS};
use tajo_bench::days::{self, Kind, WAYS, Way};
use tajo_bench::driver::Play;
use tajo_bench::table::{Origin, Table};
use tajo_bench::{Error, callgrind, cost, driver, duplicates, figures, flash, functions, logs};

/// Counts what a store's day uses, and measures the functions.
#[derive(Parser)]
#[command(name = "tajo-bench")]
struct Arguments {
    /// Orders of the simulated day; everything else follows from the mix.
    #[arg(long, default_value_t = 100)]
    orders: usize,
    /// A part of the delivery days, in percent: fewer orders for a look at them.
    #[arg(long, default_value_t = 100)]
    scale: usize,
    /// Another seed is another day of the same mix.
    #[arg(long, default_value_t = 2026)]
    seed: u64,
    /// Only this; without it everything.
    #[arg(long, value_enum)]
    only: Vec<Topic>,
    /// Of the delivery days only the ways whose name holds this text; without it all.
    #[arg(long, value_name = "TEXT")]
    way: Vec<String>,
    /// Prints JSON instead of tables.
    #[arg(long)]
    json: bool,
    /// Writes docs/figures.md as well.
    #[arg(long)]
    write: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Topic {
    /// The store day and its costs.
    Day,
    /// The quiet day of the delivery goals.
    Quiet,
    /// The busy day: twenty stores, 100,000 webhooks. Takes many minutes.
    Busy,
    /// The flash sale at 250, 1,000 and 5,000 orders. Takes some minutes.
    Flash,
    /// Events that arrive twice, by kind of fault. Takes a minute or two.
    Duplicates,
    /// A store beside a noisy one.
    Noisy,
    /// Instructions of webhook-ingress.
    Instructions,
    /// Zip, first answer and memory of each function.
    Functions,
}

// One thread: client and server of every call here are the same program.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let arguments = Arguments::parse();
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    logs::start();
    let wanted = |topic| arguments.only.is_empty() || arguments.only.contains(&topic);
    let mut tables = Vec::new();
    if wanted(Topic::Day) {
        tables.extend(day(&root, arguments.seed, arguments.orders).await?);
    }
    if wanted(Topic::Quiet) {
        tables.push(days::table(
            Kind::Quiet,
            &beside(&delivery(Kind::Quiet, Kind::Quiet.orders(), &arguments)?),
        ));
    }
    if wanted(Topic::Flash) {
        tables.extend(sales(&arguments)?);
    }
    if wanted(Topic::Busy) {
        tables
            .push(days::table(Kind::Busy, &beside(&delivery(Kind::Busy, Kind::Busy.orders(), &arguments)?)));
    }
    if wanted(Topic::Duplicates) {
        say("counting events that arrive twice");
        tables.push(duplicates::table().await?);
    }
    if wanted(Topic::Noisy) {
        let orders = (8 * arguments.scale / 100).max(1);
        say(&format!("an evening of {orders} orders, alone and beside a hundred times as many"));
        let alone = days::beside(arguments.seed, orders, false).await?;
        tables.push(days::neighbours(&alone, &days::beside(arguments.seed, orders, true).await?));
    }
    if wanted(Topic::Instructions) {
        say("counting instructions of webhook-ingress");
        tables.push(callgrind::table(&root));
    }
    if wanted(Topic::Functions) {
        say("starting the functions in the Lambda emulator");
        tables.extend(functions::tables(&root).await);
    }
    let origin = origin(&arguments);
    let text = if arguments.json {
        let tables: Vec<_> = tables.iter().map(Table::json).collect();
        serde_json::to_string_pretty(&serde_json::json!({ "origin": origin, "tables": tables }))? + "\n"
    } else {
        tables.iter().map(Table::markdown).collect()
    };
    std::io::stdout().write_all(text.as_bytes())?;
    if arguments.write {
        let path = root.join("docs/figures.md");
        std::fs::create_dir_all(root.join("docs"))?;
        std::fs::write(&path, page(&origin, &tables))?;
        say("wrote docs/figures.md");
    }
    Ok(())
}

async fn day(root: &Path, seed: u64, orders: usize) -> Result<Vec<Table>, Error> {
    let template = std::fs::read_to_string(root.join("template.yaml"))?;
    let memory =
        Memory::read(&template).ok_or("template.yaml has no IngressMemory, SyncMemory or SweeperMemory")?;
    let day = Day::new(seed, orders)?;
    let mut tables = vec![figures::mix(&day)];
    say(&format!("sending a day of {} webhooks ({orders} orders, seed {seed})", day.webhooks.len()));
    let play = Play {
        day,
        stores: 1,
        settings: SETTINGS,
        delivery: Delivery::Planned,
        limits: false,
        fast_batches: false,
        sweeps: true,
    };
    let (tally, _) = driver::run(play, |hour| say(&format!("{hour:02}:00"))).await?;
    tables.extend(figures::dynamo(&tally));
    tables.push(figures::sqs(&tally));
    tables.push(figures::brevo(&tally));
    tables.extend(figures::outcomes(&tally));
    tables.push(cost::per_million(&tally, memory));
    tables.push(cost::idle_month(&tally, memory));
    Ok(tables)
}

/// A day, sent in several ways.
type Ways = Vec<(&'static str, days::Sent)>;

fn beside(ways: &Ways) -> Vec<(&'static str, &days::Sent)> {
    ways.iter().map(|(name, sent)| (*name, sent)).collect()
}

/// The flash sale at each of its sizes. The largest is shown in full; of all of them, what holds at one size only.
fn sales(arguments: &Arguments) -> Result<Vec<Table>, Error> {
    let mut sizes = Vec::new();
    for orders in flash::SIZES {
        sizes.push((orders * arguments.scale / 100, delivery(Kind::Flash, orders, arguments)?));
    }
    let mut tables: Vec<Table> =
        sizes.last().map(|(_, ways)| days::table(Kind::Flash, &beside(ways))).into_iter().collect();
    let names: Vec<&'static str> = sizes[0].1.iter().map(|(name, _)| *name).collect();
    for name in names {
        let of = |ways: &'_ Ways| ways.iter().position(|(other, _)| *other == name);
        let sizes: Vec<(usize, &days::Sent)> =
            sizes.iter().filter_map(|(orders, ways)| Some((*orders, &ways.get(of(ways)?)?.1))).collect();
        tables.push(days::sizes(name, &sizes));
    }
    Ok(tables)
}

/// One of the delivery days, in every way that is asked for; as many at a time as there are processors. Large
/// days one at a time: their processes keep thousands of connections open.
fn delivery(kind: Kind, full: usize, arguments: &Arguments) -> Result<Ways, Error> {
    let (seed, scale) = (arguments.seed, arguments.scale);
    let orders = (full * scale / 100).max(1);
    let name = kind.name();
    // Of the smaller sales only what is compared: the planned ways.
    let is_small = full < kind.orders();
    let is_wanted = |way: &Way| {
        if !arguments.way.is_empty() && !arguments.way.iter().any(|part| way.name.contains(part)) {
            return false;
        }
        if is_small && !way.is_planned() {
            return false;
        }
        let is_left_out = way.is_a_storm() && kind != Kind::Quiet && 20 < scale;
        if is_left_out {
            // Its refusals, each tried again, are most of its calls: hours of this machine's time.
            say(&format!("the {name} day: {} is left out at this scale (--scale 20 shows it)", way.name));
        }
        !is_left_out
    };
    let play = |way: Way| {
        say(&format!("the {name} day ({orders} orders a store, seed {seed}): {}", way.name));
        let send = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let hour = |hour| say(&format!("{}: {hour:02}:00", way.name));
            runtime.block_on(days::send(kind, seed, orders, way, hour))
        };
        (way.name, std::thread::spawn(send))
    };
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let at_once = if 20 < scale && !is_small { 1 } else { processors };
    let wanted: Vec<Way> = WAYS.into_iter().filter(is_wanted).collect();
    let mut ways = Vec::new();
    for some in wanted.chunks(at_once) {
        let threads: Vec<_> = some.iter().copied().map(play).collect();
        for (name, thread) in threads {
            let sent = thread.join().map_err(|_| format!("{name} panicked"))??;
            ways.push((name, sent));
        }
    }
    Ok(ways)
}

fn origin(arguments: &Arguments) -> Origin {
    let mut date = Timestamp::now().to_string();
    date.truncate(10);
    let (seed, orders) = (arguments.seed, arguments.orders);
    let command = format!("make bench BENCH_ARGS=\"--write --seed {seed} --orders {orders}\"");
    Origin { command, date, seed, orders }
}

fn page(origin: &Origin, tables: &[Table]) -> String {
    let Origin { command, date, seed, orders } = origin;
    let mut text = format!(
        "# Figures\n\nGenerated, do not edit: `{command}` wrote this on {date} (seed {seed}, {orders} orders). Counted, \
         not timed, unless a table says otherwise; ✓ and ✗ compare with the goal and fail nothing.\n\n"
    );
    text.extend(tables.iter().map(Table::markdown));
    text.trim_end().to_owned() + "\n"
}

fn say(what: &str) {
    // Talk goes to stderr; a closed one is no reason to stop.
    let _ = writeln!(std::io::stderr(), "bench: {what}");
}
