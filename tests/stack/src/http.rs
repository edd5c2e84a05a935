//! One HTTP client for everything on this machine.

use std::time::Duration;

use crate::{Error, Result};

/// A client that never takes a detour over a proxy and never waits for ever.
pub(crate) fn client() -> Result<reqwest::Client> {
    // Plain HTTP only, but building a client asks for a provider. An error means that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(90))
        .build()
        .map_err(|error| Error::new(format!("no HTTP client: {error}")))
}
