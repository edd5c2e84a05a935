//! The tables of a simulated day.

use std::collections::BTreeMap;

use crate::day::{Day, KNOWN_BUYERS, MIX};
use crate::table::{Table, mark, two, whole};
use crate::tally::Tally;

/// The mix as committed and as generated.
pub fn mix(day: &Day) -> Table {
    let mut table =
        Table::new("The store day", &["topic", "per 100 orders", "webhooks", "mean bytes", "what"]);
    for (topic, per_hundred, what) in MIX {
        let (count, bytes) = day.of(topic);
        let mean = bytes as f64 / count.max(1) as f64;
        table.row([
            (*topic).to_owned(),
            per_hundred.to_string(),
            count.to_string(),
            whole(mean),
            (*what).to_owned(),
        ]);
    }
    let sum: usize = MIX.iter().map(|(_, count, _)| count).sum();
    table.row([
        "all".to_owned(),
        sum.to_string(),
        day.webhooks.len().to_string(),
        String::new(),
        String::new(),
    ]);
    table.note(format!(
        "{KNOWN_BUYERS} % of the buyers are known to Brevo and to the state before the day begins. Orders come between \
         7 and 20 o'clock. Whatever a notice ends as, it costs an \
         ingress, their SQS requests and a log line, and are counted in every figure per webhook."
    ));
    table
}

/// DynamoDB units per webhook and calls by operation.
pub fn dynamo(tally: &Tally) -> Vec<Table> {
    let per = |value| two(tally.per_webhook(value));
    let fixed = tally.fixed_reads();
    let (writes, reads) =
        (tally.sync.writes + tally.sweeper.writes, tally.sync.reads + tally.sweeper.reads - fixed);
    let mut units = Table::new("DynamoDB units per webhook", &["", "WRU", "RRU"]);
    units.row(["brevo-sync".to_owned(), per(tally.sync.writes), per(tally.sync.reads)]);
    units.row([
        "cart-sweeper, for due carts".to_owned(),
        per(tally.sweeper.writes),
        per(tally.sweeper.reads - fixed),
    ]);
    units.row(["together".to_owned(), per(writes), per(reads)]);
    units.row(["goal".to_owned(), "3.00".to_owned(), "1.00".to_owned()]);
    let (writes_met, reads_met) = (tally.per_webhook(writes) <= 3.0, tally.per_webhook(reads) <= 1.0);
    units.row([String::new(), mark(writes_met).to_owned(), mark(reads_met).to_owned()]);
    units.note(
        "Counted on dynoxide, index writes included; a failed condition counts as the started KB of the item that \
         stood in the way.",
    );
    units.note(format!(
        "The sweeper looks into {} empty partitions every minute, and two more every ten, whether there are webhooks or \
         not: {} RRU a day, counted in the idle month.",
        tajo_state::DUE_SHARDS,
        whole(fixed)
    ));

    let mut topics = Table::new("By topic, per webhook", &["topic", "notices", "WRU", "RRU", "Brevo calls"]);
    for (name, topic) in &tally.topics {
        let per = |value: f64| two(value / topic.notices.max(1) as f64);
        let calls = per(topic.brevo_calls as f64);
        topics.row([name.clone(), topic.notices.to_string(), per(topic.writes), per(topic.reads), calls]);
    }
    topics.note("`tajo/cart_due` is the sweeper's own notice. Units of a batch with several topics are shared out evenly.");

    let mut calls = Table::new(
        "DynamoDB calls by operation, per 1,000 webhooks",
        &["operation", "brevo-sync", "cart-sweeper"],
    );
    let names = tally.sync.dynamo_calls.keys().chain(tally.sweeper.dynamo_calls.keys());
    let names: std::collections::BTreeSet<&String> = names.collect();
    let of = |calls: &BTreeMap<String, u64>, name: &String| {
        whole(tally.per_webhook(calls.get(name).copied().unwrap_or(0) as f64 * 1000.0))
    };
    for name in names {
        calls.row([name.clone(), of(&tally.sync.dynamo_calls, name), of(&tally.sweeper.dynamo_calls, name)]);
    }
    vec![units, topics, calls]
}

/// SQS requests per webhook.
pub fn sqs(tally: &Tally) -> Table {
    let mut table = Table::new("SQS requests per webhook", &["request", "count", "per webhook"]);
    let requests = &tally.sqs;
    let rows = [
        ("SendMessage by webhook-ingress", requests.ingress_sends),
        ("SendMessage by cart-sweeper, and by brevo-sync for what it puts off", requests.other_sends),
        ("ReceiveMessage that brought a batch", requests.receives),
        ("DeleteMessageBatch", requests.deletes),
        ("together", requests.total()),
    ];
    for (name, count) in rows {
        table.row([name.to_owned(), count.to_string(), two(tally.per_webhook(count as f64))]);
    }
    let per_webhook = tally.per_webhook(requests.total() as f64);
    table.row(["goal (busy day)".to_owned(), mark(per_webhook <= 3.0).to_owned(), "3.00".to_owned()]);
    let batches: u64 = tally.batches.values().sum();
    let records: u64 =
        tally.batches.iter().map(|(size, count)| u64::try_from(*size).unwrap_or(0) * count).sum();
    let sizes = tally.batches.iter().map(|(size, count)| format!("{count} of {size}"));
    table.note(format!(
        "One send per notice, one receive and one delete per batch; every started 64 KB of a payload is a request. \
         Batches: {} (mean {}), as five waiting pollers form them without a window. A quiet store cannot have larger \
         ones. Mean message: {} bytes. Empty receives do not grow with webhooks: see the idle month.",
        sizes.collect::<Vec<_>>().join(", "),
        two(records as f64 / batches.max(1) as f64),
        whole(tally.per_webhook(tally.message_bytes as f64)),
    ));
    table
}

/// Brevo calls per 1,000 webhooks.
pub fn brevo(tally: &Tally) -> Table {
    let mut table = Table::new("Brevo calls per 1,000 webhooks", &["endpoint", "calls", "per 1,000"]);
    let total: u64 = tally.sync.brevo_calls.values().sum();
    for (name, count) in &tally.sync.brevo_calls {
        let name = name.replace("{", "\\{");
        table.row([format!("`{name}`"), count.to_string(), whole(tally.per_webhook(*count as f64 * 1000.0))]);
    }
    let per_thousand = tally.per_webhook(total as f64 * 1000.0);
    table.row(["all".to_owned(), total.to_string(), whole(per_thousand)]);
    table.row(["goal (busy day)".to_owned(), mark(per_thousand <= 900.0).to_owned(), "900".to_owned()]);
    table.note(format!("429 answers: {}.", tally.sync.throttled));
    table
}

/// How notices ended.
pub fn outcomes(tally: &Tally) -> Vec<Table> {
    let names = ["applied", "unchanged", "skipped", "deferred", "parked", "retried"];
    let mut table = Table::new(
        "Outcomes",
        &["topic", "applied", "unchanged", "skipped", "deferred", "parked", "retried"],
    );
    for (name, topic) in &tally.topics {
        let mut row = vec![name.clone()];
        row.extend(names.map(|outcome| topic.outcomes.get(outcome).copied().unwrap_or(0).to_string()));
        table.rows.push(row);
    }
    let mut reasons = Table::new("Reasons of what was not applied", &["reason", "notices"]);
    let mut counts = BTreeMap::<&str, u64>::new();
    for (reason, count) in tally.topics.values().flat_map(|topic| &topic.reasons) {
        *counts.entry(if reason.is_empty() { "nothing new in it" } else { reason }).or_default() += count;
    }
    for (reason, count) in counts {
        reasons.row([reason.to_owned(), count.to_string()]);
    }
    vec![table, reasons]
}
