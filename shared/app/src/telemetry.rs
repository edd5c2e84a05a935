//! Log lines as JSON on stdout, where Lambda collects them.

use tracing_subscriber::EnvFilter;

/// Starts logging: our own lines at INFO, everybody else's at WARN. Libraries at DEBUG would log bodies, so no
/// variable can turn them up.
pub fn start() {
    let filter = EnvFilter::new(
        "warn,tajo_app=info,tajo_brevo=info,tajo_state=info,webhook_ingress=info,brevo_sync=info,cart_sweeper=info",
    );
    let logs = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false);
    // A second start (in tests) keeps the first.
    let _ = logs.with_env_filter(filter).try_init();
}
