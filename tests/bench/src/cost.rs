//! List prices (us-east-1, without free tiers), times counted resources.

use crate::table::{Table, mark, two, whole};
use crate::tally::{Tally, assumed};

/// Dollars, from the price pages of the services.
mod price {
    pub const HTTP_API_PER_MILLION: f64 = 1.00;
    pub const LAMBDA_REQUESTS_PER_MILLION: f64 = 0.20;
    pub const LAMBDA_ARM_GB_SECOND: f64 = 0.000_013_333_4;
    pub const SQS_PER_MILLION: f64 = 0.40;
    pub const WRITE_UNITS_PER_MILLION: f64 = 0.625;
    pub const READ_UNITS_PER_MILLION: f64 = 0.125;
    pub const LOGS_PER_GB: f64 = 0.50;
    pub const LOGS_KEPT_PER_GB_MONTH: f64 = 0.03;
    pub const SECRET_READS_PER_TEN_THOUSAND: f64 = 0.05;
    pub const SECRET_PER_MONTH: f64 = 0.40;
    pub const SCHEDULER_PER_MILLION: f64 = 1.00;
    pub const ALARM_PER_MONTH: f64 = 0.10;
    pub const KEY_PER_MONTH: f64 = 1.00;
    pub const NAT_PER_MONTH: f64 = 32.85 + 3.65;
}

const GB: f64 = 1e9;
const MINUTES_PER_MONTH: f64 = 30.0 * 24.0 * 60.0;

/// Megabytes of the functions, as template.yaml sets them by default.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    ingress: f64,
    sync: f64,
    sweeper: f64,
}

impl Memory {
    /// Reads the defaults of the parameters.
    pub fn read(template: &str) -> Option<Self> {
        let default = |parameter: &str| {
            let rest = template.split_once(&format!("\n  {parameter}:\n"))?.1;
            let line = rest.lines().find_map(|line| line.trim().strip_prefix("Default:"))?;
            line.trim().parse::<f64>().ok()
        };
        let (ingress, sync) = (default("IngressMemory")?, default("SyncMemory")?);
        Some(Self { ingress, sync, sweeper: default("SweeperMemory")? })
    }
}

/// One line of a bill.
struct Line {
    what: &'static str,
    quantity: f64,
    price: f64,
    grows_with: &'static str,
}

fn line(what: &'static str, quantity: f64, price: f64, grows_with: &'static str) -> Line {
    Line { what, quantity, price, grows_with }
}

/// Stores that share a stack on the busy day of docs and goals.
const STORES: f64 = 20.0;

/// What a million webhooks like those of the day cost.
pub fn per_million(tally: &Tally, memory: Memory) -> Table {
    let per = |value: f64| tally.per_webhook(value) * 1e6;
    let gb_seconds = |ms: u64, megabytes: f64| per(ms as f64 / 1000.0 * megabytes / 1024.0);
    let (ingress, sync, sweeper) = (&tally.ingress, &tally.sync, &tally.sweeper);
    let logs = (ingress.logs.billed() + sync.logs.billed()) as f64 / GB;
    let reads = sync.reads + sweeper.reads - tally.fixed_reads();
    let secret = price::SECRET_READS_PER_TEN_THOUSAND / 1e4;
    let million = |price: f64| price / 1e6;
    let invocations = (ingress.invocations + sync.invocations) as f64;
    let gb_second = price::LAMBDA_ARM_GB_SECOND;
    let lines = [
        line("API Gateway, HTTP API requests", 1e6, million(price::HTTP_API_PER_MILLION), "webhooks"),
        line("Lambda requests", per(invocations), million(price::LAMBDA_REQUESTS_PER_MILLION), "webhooks"),
        line("Lambda GB-s, webhook-ingress", gb_seconds(ingress.ms, memory.ingress), gb_second, "webhooks"),
        line("Lambda GB-s, brevo-sync", gb_seconds(sync.ms, memory.sync), gb_second, "webhooks"),
        line("SQS requests", per(tally.sqs.total() as f64), million(price::SQS_PER_MILLION), "webhooks"),
        line(
            "DynamoDB WRU",
            per(sync.writes + sweeper.writes),
            million(price::WRITE_UNITS_PER_MILLION),
            "webhooks",
        ),
        line("DynamoDB RRU", per(reads), million(price::READ_UNITS_PER_MILLION), "webhooks, minutes"),
        line("CloudWatch logs, GB", per(logs), price::LOGS_PER_GB, "webhooks"),
        line(
            "Secrets Manager reads, store keys",
            per(sync.secret_reads as f64),
            secret,
            "5 minutes and store",
        ),
        line("Secrets Manager reads, keyring", per(ingress.secret_reads as f64), secret, "minutes and stack"),
    ];
    // The last line is shared by all stores of a stack, and at most one read a minute.
    let shared = (ingress.secret_reads as f64 * STORES).min(24.0 * 60.0) / STORES;
    let busy = Line { quantity: per(shared), ..lines[lines.len() - 1] };
    let mut table = bill("List-price AWS cost per million webhooks", &lines, Some(&busy), 5.0);
    table.note(format!(
        "Lambda's time is not measured, it is counted calls times assumed latencies: Brevo {} ms a call, AWS {} ms a call, \
         {} ms of own work per webhook and function, at {} MB (webhook-ingress) and {} MB (brevo-sync), warm, arm64. That \
         makes {} ms per request of webhook-ingress and {} ms per batch of brevo-sync.",
        assumed::BREVO_MS,
        assumed::AWS_MS,
        assumed::OWN_MS,
        memory.ingress,
        memory.sync,
        whole(ingress.ms as f64 / ingress.invocations.max(1) as f64),
        whole(sync.ms as f64 / sync.invocations.max(1) as f64),
    ));
    table.note(format!(
        "us-east-1, without free tiers. Not in it: cold starts, and what leaves for Brevo over the internet. The first \
         column of dollars is this store alone with its {} webhooks a day, where nearly every webhook reads the keyring \
         again; the second is {STORES:.0} such stores on one stack, which read it once a minute together (larger batches, \
         which they would make, are not counted). A day of 340 orders makes the {STORES:.0} stores the busy day of the goal.",
        tally.webhooks
    ));
    table
}

/// What a month without a webhook costs, with one store.
pub fn idle_month(tally: &Tally, memory: Memory) -> Table {
    let sweeper = &tally.sweeper;
    let per_run = |value: f64| value / sweeper.invocations.max(1) as f64;
    // Idle: the eight queries for carts and the one for parked work alone.
    let reads = per_run(tally.fixed_reads()) * MINUTES_PER_MONTH;
    let queries = f64::from(tajo_state::DUE_SHARDS) + 1.0;
    let ms = assumed::OWN_MS as f64 + assumed::AWS_MS as f64 * queries;
    let gb_seconds = ms / 1000.0 * memory.sweeper / 1024.0 * MINUTES_PER_MONTH;
    let logs = per_run(sweeper.logs.billed() as f64) * MINUTES_PER_MONTH / GB;
    let polls = 5.0 * 3.0 * MINUTES_PER_MONTH;
    let lines = [
        line("Secrets: keyring and one store", 2.0, price::SECRET_PER_MONTH, "stores"),
        line("SQS polls of `live`, 5 pollers × 3 a minute", polls, price::SQS_PER_MILLION / 1e6, "queues"),
        line("SQS polls of `gather`, the same", polls, price::SQS_PER_MILLION / 1e6, "queues"),
        line("SQS polls of `dead-letters`, the same", polls, price::SQS_PER_MILLION / 1e6, "queues"),
        line("EventBridge Scheduler", MINUTES_PER_MONTH, price::SCHEDULER_PER_MILLION / 1e6, "minutes"),
        line(
            "Lambda requests, cart-sweeper",
            MINUTES_PER_MONTH,
            price::LAMBDA_REQUESTS_PER_MILLION / 1e6,
            "minutes",
        ),
        line("Lambda GB-s, cart-sweeper", gb_seconds, price::LAMBDA_ARM_GB_SECOND, "minutes"),
        line("DynamoDB RRU, cart-sweeper", reads, price::READ_UNITS_PER_MILLION / 1e6, "minutes"),
        line("CloudWatch logs, GB", logs, price::LOGS_PER_GB, "minutes"),
        line(
            "CloudWatch logs kept, GB (14 days)",
            logs * 14.0 / 30.0,
            price::LOGS_KEPT_PER_GB_MONTH,
            "minutes",
        ),
    ];
    let mut table = bill("Fixed cost of an idle month, one store", &lines, None, 2.0);
    table.note(format!(
        "The sweeper's run is taken as {ms:.0} ms: {queries} queries of {} ms and {} ms of its own, at {} MB.",
        assumed::AWS_MS,
        assumed::OWN_MS,
        memory.sweeper
    ));
    table.note(format!(
        "Only if asked for by a parameter: five alarms ${:.2}, a KMS key of your own ${:.2}, a fixed address by NAT \
         ${:.2} plus $0.045 per GB. Table storage and its backups ($0.25 and $0.20 per GB) are not in it: an idle store \
         holds next to nothing.",
        6.0 * price::ALARM_PER_MONTH,
        price::KEY_PER_MONTH,
        price::NAT_PER_MONTH
    ));
    table
}

/// `busy`: the last line as it is with many stores; without it there is one column of dollars.
fn bill(title: &str, lines: &[Line], busy: Option<&Line>, goal: f64) -> Table {
    let columns = ["", "quantity", "grows with", "USD", "USD, 20 such stores"];
    let columns = if busy.is_some() { &columns[..] } else { &columns[..4] };
    let mut table = Table::new(title, columns);
    let (mut alone, mut together) = (0.0, 0.0);
    let last = lines.len().saturating_sub(1);
    for (index, line) in lines.iter().enumerate() {
        let quantity =
            if line.quantity < 100.0 { format!("{:.3}", line.quantity) } else { whole(line.quantity) };
        let dollars = line.quantity * line.price;
        let shared = busy.filter(|_| index == last).map_or(dollars, |busy| busy.quantity * busy.price);
        alone += dollars;
        together += shared;
        let mut row =
            vec![line.what.to_owned(), quantity, line.grows_with.to_owned(), format!("{dollars:.3}")];
        row.extend(busy.map(|_| format!("{shared:.3}")));
        table.rows.push(row);
    }
    let mut sum = vec!["together".to_owned(), String::new(), String::new(), two(alone)];
    sum.extend(busy.map(|_| two(together)));
    table.rows.push(sum);
    let mut goals = vec!["goal".to_owned(), String::new(), String::new()];
    goals.extend(busy.map(|_| String::new()));
    goals.push(format!("{goal:.2} {}", mark(together <= goal)));
    table.rows.push(goals);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_template() {
        let memory = Memory::read(include_str!("../../../template.yaml")).unwrap();
        assert!([memory.ingress, memory.sync, memory.sweeper].iter().all(|size| *size >= 128.0));
    }
}
