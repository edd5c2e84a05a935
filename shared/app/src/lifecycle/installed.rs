//! Is the app still in the shop? Its token says so: Shopify refuses it from the moment in which the app is removed.

use tajo_platforms::shopify::api::{self, Error, NextStep};

use crate::shopify::CANNOT_BE_ASKED;
use crate::stop::Stop;
use crate::worker::Worker;

/// What Shopify makes of the app's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Installed {
    /// It takes it.
    Yes,
    /// It refuses it, and gives no other.
    No,
    /// There is none to ask with.
    CannotBeAsked,
}

/// Asks Shopify.
///
/// # Errors
/// Without a clear answer it is asked again later; a shop that is frozen or locked says neither.
pub(crate) async fn is_installed(worker: &Worker<'_>) -> Result<Installed, Stop> {
    let Some(shop) = worker.store.shop() else { return Ok(Installed::CannotBeAsked) };
    worker.has_time()?;
    // A refusal is believed for a minute elsewhere. Here it decides, and a shop that comes back is not to meet it.
    worker.env.shopify.forget(shop.store);
    let answer = worker.env.shopify.ask(shop, &api::shop(), &worker.env.clock).await;
    worker.env.shopify.forget(shop.store);
    match answer {
        Ok(_) => Ok(Installed::Yes),
        Err(error) => read(&error),
    }
}

/// What an error says. Every new one must choose.
fn read(error: &Error) -> Result<Installed, Stop> {
    match error {
        Error::TokenRefused | Error::GrantEnded | Error::AppRefused | Error::NoSuchShop => Ok(Installed::No),
        // Refused for what was asked, by a shop that knows the token.
        Error::AccessDenied { .. } | Error::TooCostly | Error::TooLarge | Error::Refused { .. } => {
            Ok(Installed::Yes)
        }
        Error::Throttled { .. } | Error::Unclear(_) | Error::Server(_) => {
            let after = match error.next_step() {
                NextStep::Retry { after } => after,
                NextStep::AskMerchant { .. } | NextStep::Park => None,
            };
            Err(Stop::Later { after, reason: error.to_string() })
        }
        Error::Forbidden | Error::ShopFrozen | Error::ShopLocked => {
            Err(Stop::park(format!("whether the app was removed is not known: {CANNOT_BE_ASKED}{error}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_token_confirms_an_uninstall_and_an_unclear_answer_confirms_nothing() {
        for dead in [Error::TokenRefused, Error::GrantEnded, Error::AppRefused, Error::NoSuchShop] {
            assert_eq!(read(&dead).unwrap(), Installed::No, "{dead}");
        }
        let lacking = Error::AccessDenied { scopes: vec!["read_orders".to_owned()] };
        assert_eq!(read(&lacking).unwrap(), Installed::Yes);
        for later in [Error::Server(503), Error::Unclear("no connection".to_owned())] {
            assert!(matches!(read(&later), Err(Stop::Later { .. })), "{later}");
        }
        assert!(matches!(read(&Error::ShopFrozen), Err(Stop::Park { .. })));
    }
}
