//! Sends what Brevo does not have yet, piece by piece, and writes down what it confirmed.

use std::time::Duration;

use tajo_brevo::{Error, Item};
use tajo_domain::{Piece, ProductRecord, StockState};
use tajo_mapping::{Category, Content, Shelf, StoreFacts, deletion, first_body, shelf_of_all, with_stock};
use tajo_state::{Key, Stored};

use super::accept::Accepted;
use super::attributes;
use super::count::shelf;
use crate::queue::LONGEST_DELAY;
use crate::stop::Stop;
use crate::worker::{Step, Worker};
use crate::{category, effects};

/// Sends after the answer to the newest.
const ROUNDS: u32 = 5;

/// What a notice brings along for sending.
pub(crate) struct Door<'a> {
    /// The record.
    pub key: &'a Key,
    /// The platform's id.
    pub product: &'a str,
    /// The content, where the notice has one.
    pub contents: &'a [Content],
    /// The categories that the content names.
    pub categories: &'a [Category],
}

/// One Brevo product that is not as it should be.
pub(crate) struct Due {
    id: String,
    /// What to ask of Brevo.
    pub item: Item,
    /// What Brevo has then: a digest, or [`Piece::DELETED`]; `None`: only another stock.
    content: Option<String>,
    stock: Option<(i64, StockState)>,
}

/// What to send, the product before its variants. Content that is not at hand waits for the notice that has it. Pure.
pub(crate) fn due(
    record: &ProductRecord,
    product: &str,
    contents: &[Content],
    facts: &StoreFacts,
) -> Vec<Due> {
    if !facts.settings.sync.products {
        return Vec::new();
    }
    let mut pieces: Vec<(&String, &Piece)> = record.pieces.iter().collect();
    pieces.sort_by_key(|(id, _)| (*id != product, contents.iter().position(|content| content.id == **id)));
    pieces
        .into_iter()
        .filter_map(|(id, piece)| due_piece(record, product, id, piece, contents, facts))
        .collect()
}

fn due_piece(
    record: &ProductRecord,
    product: &str,
    id: &str,
    piece: &Piece,
    contents: &[Content],
    facts: &StoreFacts,
) -> Option<Due> {
    if piece.want == Piece::DELETED {
        let at = record.deleted_at.or(record.version).unwrap_or_default();
        let item = Item::Product(deletion(id, &record.name_of(product, id), at));
        return Some(Due { id: id.to_owned(), item, content: Some(Piece::DELETED.to_owned()), stock: None });
    }
    let shelf = on_shelf(record, product, id, facts);
    let stock = shelf.map(|shelf| (shelf.quantity.max(0), shelf.state));
    if piece.sent != piece.want
        && let Some(content) =
            contents.iter().find(|content| content.id == id && content.digest == piece.want)
    {
        let is_new = piece.sent.is_empty();
        let body = if is_new { first_body(content.body.clone()) } else { content.body.clone() };
        let body = with_stock(id, &record.name, Some(body), shelf, facts);
        let content = Some(content.digest.clone());
        return Some(Due { id: id.to_owned(), item: Item::Product(body), content, stock });
    }
    let is_other = piece.is_there() && stock.is_some() && stock != piece.stock;
    is_other.then(|| Due {
        id: id.to_owned(),
        item: Item::Product(with_stock(id, &record.name_of(product, id), None, shelf, facts)),
        content: None,
        stock,
    })
}

fn on_shelf(record: &ProductRecord, product: &str, id: &str, facts: &StoreFacts) -> Option<Shelf> {
    if !facts.settings.sync.inventory {
        return None;
    }
    if id == product {
        // A variant that nobody counts may sell whatever the others have: then nothing is said of them together.
        let shelves: Option<Vec<Shelf>> = record.stock.values().map(shelf).collect();
        return shelf_of_all(shelves?.into_iter());
    }
    record.stock.get(id).and_then(shelf)
}

/// Before it is sent: until it is confirmed, nobody knows what Brevo has.
pub(super) fn forget(record: &mut ProductRecord, due: &Due) {
    if let Some(piece) = record.pieces.get_mut(&due.id) {
        piece.forget(due.content.is_some());
    }
}

/// Writes down that Brevo has it.
fn confirm(record: &mut ProductRecord, due: &Due) {
    let Some(piece) = record.pieces.get_mut(&due.id) else { return };
    if let Some(content) = &due.content {
        piece.sent.clone_from(content);
    }
    piece.stock = due.stock;
    if piece.want == Piece::DELETED && piece.sent == Piece::DELETED {
        record.pieces.remove(&due.id);
    }
}

/// How the right to send ends.
enum Right {
    GivenBack,
    /// Until somebody else may send, in milliseconds.
    Until(i64),
}

/// Sends the events that were claimed, and what is due if this worker has the right to.
pub(super) async fn deliver(
    worker: &Worker<'_>,
    door: &Door<'_>,
    stored: Stored<ProductRecord>,
    accepted: Accepted,
) -> Result<Step, Stop> {
    let has_events = !accepted.claimed.is_empty();
    let mut events = effects::send(worker, accepted.claimed).await;
    let mut stop = events.stop.take();
    if !is_over(stop.as_ref()) && needs_categories(worker, door, &stored, accepted.sends_until.is_some()) {
        // Categories have a budget of their own: without them, the product still goes.
        let collections = stored.record.as_ref().map_or(&[][..], |record| &record.collections);
        if let Err(later) = category::ensure(worker, door.categories, collections).await {
            stop = Some(later);
        }
    }
    let Some(mine) = accepted.sends_until else {
        if has_events {
            let settle = |newest: &mut ProductRecord| events.settle(&mut newest.effects);
            worker.env.table.settle(door.key, stored, attributes, settle).await?;
        }
        if accepted.must_wait && stop.is_none() {
            let reason = "another worker is sending this product".to_owned();
            stop = Some(Stop::Later { after: None, reason });
        }
        let step = Step { applied: accepted.changed || events.any(), ..Step::default() };
        return stop.map_or(Ok(step), Err);
    };
    let facts = &worker.store.facts;
    let mut over = matches!(stop, Some(Stop::Retry { .. }));
    let mut refused: Vec<String> = Vec::new();
    let mut known = stored;
    for round in 1..=ROUNDS {
        let Some(record) = &known.record else { break };
        let mut confirmed = Vec::new();
        let mut right = Right::GivenBack;
        let mut due_now = due(record, door.product, door.contents, facts);
        due_now.retain(|due| !over && !refused.contains(&due.id));
        match worker.deliver(due_now.iter().map(|due| due.item.clone()).collect()).await {
            Ok(results) => {
                for (due, result) in due_now.into_iter().zip(results) {
                    let Err(error) = result else {
                        confirmed.push(due);
                        continue;
                    };
                    right = right_after(worker, &error, mine);
                    let error = Stop::from(error);
                    over |= is_over(Some(&error));
                    // What comes back must come back, whatever else is refused for good.
                    if !stop.as_ref().is_some_and(Stop::ends_the_journey) {
                        stop = Some(error);
                    }
                    refused.push(due.id);
                }
            }
            Err(error) => {
                over = true;
                stop = Some(error);
            }
        }
        if round == ROUNDS && !over {
            over = true;
            let reason = "the product changed faster than Brevo answered".to_owned();
            stop.get_or_insert(Stop::Later { after: None, reason });
        }
        let settle = |newest: &mut ProductRecord| {
            events.settle(&mut newest.effects);
            confirmed.iter().for_each(|due| confirm(newest, due));
            let mut more = due(newest, door.product, door.contents, facts);
            more.retain(|due| !over && !refused.contains(&due.id));
            let goes_on = !more.is_empty();
            more.iter().for_each(|due| forget(newest, due));
            if newest.sending_until == mine && !goes_on {
                newest.sending_until = match right {
                    Right::GivenBack => 0,
                    Right::Until(until) => until,
                };
            }
        };
        known = worker.env.table.settle(door.key, known, attributes, settle).await?;
        if over || known.record.as_ref().is_none_or(|record| record.sending_until != mine) {
            break;
        }
    }
    stop.map_or(Ok(Step { applied: true, ..Step::default() }), Err)
}

/// Whether anything further would only meet the same end.
fn is_over(stop: Option<&Stop>) -> bool {
    // A hint tells of something that is wrong with the account, not with what was sent.
    stop.is_some_and(|stop| stop.ends_the_journey() || matches!(stop, Stop::Park { hint: Some(_), .. }))
}

/// Whether Brevo may not know the product's categories: its content is to be sent, or was sent by a notice that ended
/// before its categories were all made.
fn needs_categories(
    worker: &Worker<'_>,
    door: &Door<'_>,
    stored: &Stored<ProductRecord>,
    sends: bool,
) -> bool {
    let facts = &worker.store.facts;
    let Some(record) = stored.record.as_ref().filter(|_| facts.settings.sync.products) else { return false };
    let is_wanted = !door.contents.is_empty() && !record.left_out && record.deleted_at.is_none();
    let is_sent = || {
        let due = due(record, door.product, door.contents, facts);
        due.into_iter().any(|due| due.content.is_some_and(|content| content != Piece::DELETED))
    };
    is_wanted && (worker.redelivered || (sends && is_sent()))
}

/// Nobody else tries before the budget opens again: they would only be refused, and what they have to say about the
/// stock is in the record. A request without an answer may still arrive, and must not overtake another.
fn right_after(worker: &Worker<'_>, error: &Error, mine: i64) -> Right {
    match error {
        Error::RateLimited { reset } | Error::Scarce { after: reset } => {
            let reset = (*reset).clamp(Duration::from_secs(1), LONGEST_DELAY);
            let until = i64::try_from(reset.as_millis()).unwrap_or(i64::MAX);
            Right::Until(worker.now().as_millisecond().saturating_add(until))
        }
        Error::Unclear(_) => Right::Until(mine),
        _ => Right::GivenBack,
    }
}
