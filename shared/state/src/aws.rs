//! How every AWS client of the project is set up.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// The endpoint override is not usable.
#[derive(Debug, thiserror::Error)]
#[error("AWS_ENDPOINT_OVERRIDE is `{0}`, which is no URL such as http://127.0.0.1:4566")]
pub struct AwsError(String);

/// Region and credentials from the environment, as Lambda sets them; one HTTPS client on `ring`.
/// `endpoint`: where AWS is played locally; `None` or empty for AWS itself.
///
/// One operation takes at most 3 s with its retries: Shopify waits 5 s for ingress.
pub async fn sdk_config(endpoint: Option<&str>) -> Result<SdkConfig, AwsError> {
    let http =
        aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_millis(1500))
        .operation_timeout(Duration::from_secs(3))
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(3));
    if let Some(endpoint) = endpoint.filter(|endpoint| !endpoint.is_empty()) {
        if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
            return Err(AwsError(endpoint.to_owned()));
        }
        // Real credentials never go to a played AWS.
        let nobody = Credentials::new("local", "local", None, None, "endpoint override");
        loader = loader.endpoint_url(endpoint).credentials_provider(nobody);
    }
    let config = loader.load().await;
    if config.region().is_none() && endpoint.is_some() {
        return Ok(config.into_builder().region(Region::new("us-east-1")).build());
    }
    Ok(config)
}
