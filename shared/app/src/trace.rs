//! What a store may have logged besides how its notices end (`debug`, `log_level`, `log_webhooks`). Never a person, a
//! value or an identifier: the lines are the same for everybody who may read logs.

use tajo_brevo::{Answer, Error, Request};
use tajo_mapping::{LogLevel, StoreFacts};
use tajo_platforms::Notice;
use tracing::info;

/// One line per webhook, where the store asks for it.
pub(crate) fn received(facts: &StoreFacts, notice: &Notice) {
    if !facts.settings.logging.webhooks {
        return;
    }
    info!(
        store.id = %facts.store,
        topic = notice.topic,
        delivery = notice.delivery,
        body.bytes = notice.body().ok().map(|body| body.len()),
        api.sent = notice.api_version,
        api.wanted = tajo_platforms::shopify::api::VERSION,
        attempts = notice.attempts,
        "a webhook arrived"
    );
}

/// One line per call to Brevo, where the store asks for it; with the names of what was sent, where it asks for those.
pub(crate) fn called(facts: &StoreFacts, request: &Request, answer: &Result<Answer, Error>) {
    let logging = facts.settings.logging;
    if logging.level != LogLevel::Verbose && !logging.debug {
        return;
    }
    let status = match answer {
        Ok(answer) => Some(answer.status),
        Err(error) => error.status(),
    };
    let fields = logging.debug.then(|| request.field_names().join(" "));
    info!(
        store.id = %facts.store,
        call.method = request.method.as_str(),
        call.path = request.path_template(),
        call.status = status,
        call.fields = fields,
        "Brevo was called"
    );
}
