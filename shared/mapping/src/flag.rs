//! Which block flag a write carries, and what is known of Brevo's flag after it.

use tajo_domain::{Block, ConsentState};

/// The block of a contact that we create.
pub(crate) fn at_creation(said: Option<ConsentState>) -> Option<Block> {
    match said {
        Some(ConsentState::OptedIn) => None,
        Some(ConsentState::OptedOut) => Some(Block::OptedOut),
        None => Some(Block::Unasked),
    }
}

/// The flag of an ordinary update: only what the person said in the store, and only where it is not so yet. Where a
/// flag was tried and nobody knows what became of it (`tried`), what holds is said again.
pub(crate) fn of_update(said: Option<ConsentState>, block: Option<Block>, tried: bool) -> Option<bool> {
    match (said, block) {
        (Some(ConsentState::OptedOut), Some(Block::OptedOut)) => tried.then_some(true),
        (Some(ConsentState::OptedOut), _) => Some(true),
        (Some(ConsentState::OptedIn), Some(_)) => Some(false),
        (Some(ConsentState::OptedIn), None) => tried.then_some(false),
        (None, Some(_)) => tried.then_some(true),
        (None, None) => None,
    }
}

/// The block of ours that stands after a write with this flag. `before`: the one that stood before; a `true` that the
/// person did not say in the store repeats a block that is there, whoever set it.
pub(crate) fn after(flag: Option<bool>, said: Option<ConsentState>, before: Option<Block>) -> Option<Block> {
    match flag {
        None => before,
        Some(false) => None,
        Some(true) if said == Some(ConsentState::OptedOut) => Some(Block::OptedOut),
        Some(true) => before,
    }
}
