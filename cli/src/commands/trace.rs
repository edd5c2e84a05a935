//! `tajo trace`: everything the connector knows and did for one person or order.

use clap::Args;
use tajo_api::{Trace as Answer, TraceRequest, TracedEffect, TracedOrder, TracedPerson};

use super::{connectors, parked};
use crate::api::{At, Call, say_each};
use crate::output::{Exit, Failure, moment, say, say_beside, talk};

/// Whom or what.
#[derive(Args, Debug)]
pub(crate) struct Trace {
    /// An email address, an order's id or name (#1001), or a customer's id.
    subject: String,
    #[command(flatten)]
    at: At,
}

/// Runs the command.
pub(crate) async fn run(asked: &Trace) -> crate::Result {
    let api = asked.at.reach.open()?;
    let request = TraceRequest { subject: asked.subject.trim().to_owned() };
    let answers =
        asked.at.each(async |store| api.ask::<Answer>(Call::at("trace", store).body(&request)).await).await?;
    if asked.at.reach.json {
        say_each(&answers)?;
    } else {
        talk("note: what follows is personal data");
        for (store, answer) in &answers {
            store.iter().for_each(|store| say(&format!("{store}:")));
            print(answer);
        }
    }
    if answers.iter().any(|(_, answer)| !answer.found.is_empty()) {
        return Ok(());
    }
    Err(Failure::new(Exit::NotFound, "nothing is known of that").hint(
        "people are known by email or customer id, orders by id or name; `tajo connectors logs shopify --outcome \
         skipped` shows what was left out and why"
            .to_owned(),
    ))
}

fn print(answer: &Answer) {
    answer.people.iter().for_each(person);
    answer.orders.iter().for_each(order);
    if !answer.lines.is_empty() {
        say("notices");
        connectors::print_lines(&answer.lines);
    }
    if !answer.parked.is_empty() {
        say("parked");
        answer.parked.iter().for_each(parked::print_head);
    }
    answer.notes.iter().for_each(|note| talk(&format!("note: {note}")));
}

fn person(person: &TracedPerson) {
    let title = person.customer.as_deref().map(|id| format!("customer {id}"));
    say(&title.unwrap_or_else(|| "guest".to_owned()));
    line("email", person.email.as_deref());
    line("phone", person.phone.as_deref());
    line("name", person.name.as_deref());
    line("tags", Some(person.tags.join(", ").as_str()));
    line("orders", person.orders_count.map(|count| count.to_string()).as_deref());
    line("spent", person.total_spent.as_deref());
    for consent in &person.consents {
        let at = consent.at.map(|at| format!(" at {} UTC", moment(at))).unwrap_or_default();
        let state = consent.state.replace('_', " ");
        let by = match consent.told_by.as_str() {
            "tajo" => "the store records no yes",
            other => &format!("by {other}"),
        };
        line("consent", Some(&format!("{}: {state}{at}, {by}", consent.channel)));
    }
    line("in Brevo", Some(&person.known_as));
    line("lists", Some(&person.lists.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")));
    line("told", Some(&told(&person.told)));
    for (what, at) in [("left", person.deleted_at), ("erased", person.erased_at)] {
        line(what, at.map(|at| format!("{} UTC", moment(at))).as_deref());
    }
    line("merged into", person.merged_into.as_deref());
}

fn order(order: &TracedOrder) {
    say(format!("order {} {}", order.id, order.name.as_deref().unwrap_or_default()).trim_end());
    line("as of", order.updated_at.map(|at| format!("{} UTC", moment(at))).as_deref());
    line("total", order.total.as_deref());
    line("refunded", order.refunded.as_deref());
    line("told", Some(&told(&order.told)));
    if let Some(sent) = &order.sent {
        let status = sent.get("status").and_then(|status| status.as_str());
        line("in Brevo", status);
    }
    line("deleted", order.deleted_at.map(|at| format!("{} UTC", moment(at))).as_deref());
    line("erased", order.erased.then_some("its buyer was erased"));
}

/// `placed, paid (not yet)`.
fn told(effects: &[TracedEffect]) -> String {
    let word =
        |effect: &TracedEffect| format!("{}{}", effect.key, if effect.done { "" } else { " (not yet)" });
    effects.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// A name and what is known, or nothing.
fn line(name: &str, value: Option<&str>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        say_beside(&format!("  {name:<12} "), value, 15);
    }
}
