//! Writes that may have taken effect though nobody answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_dynamodb::config::interceptors::FinalizerInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

/// Whether a try of one request ended so that nobody knows whether DynamoDB took it: without an answer, with half of one, or
/// with a failure of DynamoDB's own.
///
/// The SDK tries again by itself ("Retry behavior", AWS SDKs and Tools Reference Guide). The second try of a write with a
/// condition then finds what the first one wrote, and is refused for it: without this it would look like another worker's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unclear(Arc<AtomicBool>);

impl Unclear {
    /// Whether there was such a try.
    pub(crate) fn was(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Intercept for Unclear {
    fn name(&self) -> &'static str {
        "unclear tries"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let is_refused = context.response().is_some_and(|answer| answer.status().is_client_error());
        let took = matches!(context.output_or_error(), Some(Ok(_)));
        if !is_refused && !took {
            self.0.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}
