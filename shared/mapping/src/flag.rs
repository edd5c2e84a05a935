//! Which block flag a write carries, and what is known of Brevo's flag after it.

use tajo_domain::{Block, Channel, ConsentState, ContactRecord};

use crate::StoreFacts;

/// Why nobody may write to this person on a channel. `None`: they said yes in the store, of their present number, and
/// Brevo knows of no newer no.
pub(crate) fn block_of(record: &ContactRecord, channel: Channel, facts: &StoreFacts) -> Option<Block> {
    if record.is_out(channel, facts.settings.consent.source_of_truth) {
        return Some(Block::Reported);
    }
    match record.said(channel).map(|said| said.state) {
        Some(ConsentState::OptedIn) => None,
        Some(ConsentState::OptedOut) => Some(Block::OptedOut),
        None => Some(Block::Unasked),
    }
}

/// The flag of an ordinary update: only what the person said, in the store or in Brevo (`due`, as [`block_of`] answers),
/// and only where it is not so yet. Where a flag was tried and nobody knows what became of it (`tried`), what holds is
/// said again.
pub(crate) fn of_update(due: Option<Block>, block: Option<Block>, tried: bool) -> Option<bool> {
    match (due, block) {
        (Some(Block::OptedOut | Block::Reported), Some(Block::OptedOut | Block::Reported)) => {
            tried.then_some(true)
        }
        (Some(Block::OptedOut | Block::Reported), Some(Block::Unasked) | None) => Some(true),
        // Silence is no statement.
        (Some(Block::Unasked), Some(_)) => tried.then_some(true),
        (Some(Block::Unasked), None) => None,
        (None, Some(_)) => Some(false),
        (None, None) => tried.then_some(false),
    }
}

/// The block that stands after a write with this flag, if we know it. `before`: the one that stood before; a `true` that
/// the person said neither in the store nor in Brevo repeats a block that is there, whoever set it.
pub(crate) fn after(flag: Option<bool>, due: Option<Block>, before: Option<Block>) -> Option<Block> {
    match (flag, due) {
        (None, _) => before,
        (Some(false), _) => None,
        (Some(true), Some(Block::OptedOut | Block::Reported)) => due,
        (Some(true), Some(Block::Unasked) | None) => before,
    }
}
