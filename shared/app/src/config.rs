//! Configuration from the environment, read once at a cold start. A missing or wrong value stops the start with
//! a sentence that names the variable. The lookup is passed in, so tests never touch the process environment.

use jiff::SignedDuration;

/// A variable is missing or makes no sense.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the environment variable {name} {problem}")]
pub struct ConfigError {
    name: &'static str,
    problem: String,
}

/// What brevo-sync reads.
#[derive(Clone, Debug)]
pub struct SyncConfig {
    /// The state table. From `STATE_TABLE`.
    pub table: String,
    /// The live queue. From `LIVE_QUEUE_URL`.
    pub live_queue_url: String,
    /// The queue of gathered work. From `GATHER_QUEUE_URL`.
    pub gather_queue_url: String,
    /// Event source of that queue: its records are worked on together. From `GATHER_ARN`.
    pub gather_arn: String,
    /// Event source of the dead-letter queue: its records are parked. From `DEAD_LETTERS_ARN`.
    pub dead_letters_arn: String,
    /// Names of store secrets begin like this. From `STORE_SECRETS_PREFIX`.
    pub store_secrets_prefix: String,
    /// The secret that goes into the hashes of people. From `PEPPER_SECRET`.
    pub pepper_secret: String,
    /// Where Brevo is. From `BREVO_API_URL`.
    pub brevo_api_url: String,
    /// Where Brevo's tracker is. From `BREVO_TRACKER_URL`.
    pub brevo_tracker_url: String,
    /// Where Shopify is played locally, for every shop. From `SHOPIFY_API_URL`; empty: each shop's own address.
    pub shopify_api_url: Option<String>,
    /// Where this deployment is reached, without a path and a last slash. From `PUBLIC_URL`.
    pub public_url: String,
    /// How long a claimed effect is held: longer than the function may run, and not longer than the queue hides
    /// a message. From `CLAIM_SECONDS`.
    pub claim: SignedDuration,
    /// Where AWS is played locally. From `AWS_ENDPOINT_OVERRIDE`; empty: AWS itself.
    pub endpoint: Option<String>,
}

/// What cart-sweeper reads.
#[derive(Clone, Debug)]
pub struct SweeperConfig {
    /// The state table. From `STATE_TABLE`.
    pub table: String,
    /// The live queue. From `LIVE_QUEUE_URL`.
    pub live_queue_url: String,
    /// Where AWS is played locally. From `AWS_ENDPOINT_OVERRIDE`; empty: AWS itself.
    pub endpoint: Option<String>,
}

impl SyncConfig {
    /// Reads every variable through `lookup`.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let text = required("CLAIM_SECONDS", &lookup)?;
        let claim: i64 =
            text.parse().ok().filter(|seconds| (1..=43_200).contains(seconds)).ok_or_else(|| {
                ConfigError {
                    name: "CLAIM_SECONDS",
                    problem: format!("is `{text}`: it must be a whole number from 1 to 43200"),
                }
            })?;
        Ok(Self {
            table: required("STATE_TABLE", &lookup)?,
            live_queue_url: required("LIVE_QUEUE_URL", &lookup)?,
            gather_queue_url: required("GATHER_QUEUE_URL", &lookup)?,
            gather_arn: required("GATHER_ARN", &lookup)?,
            dead_letters_arn: required("DEAD_LETTERS_ARN", &lookup)?,
            store_secrets_prefix: required("STORE_SECRETS_PREFIX", &lookup)?,
            pepper_secret: required("PEPPER_SECRET", &lookup)?,
            brevo_api_url: required("BREVO_API_URL", &lookup)?,
            brevo_tracker_url: required("BREVO_TRACKER_URL", &lookup)?,
            shopify_api_url: lookup("SHOPIFY_API_URL").filter(|value| !value.is_empty()),
            public_url: required("PUBLIC_URL", &lookup)?.trim_end_matches('/').to_owned(),
            claim: SignedDuration::from_secs(claim),
            endpoint: endpoint(&lookup),
        })
    }
}

impl SweeperConfig {
    /// Reads every variable through `lookup`.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Ok(Self {
            table: required("STATE_TABLE", &lookup)?,
            live_queue_url: required("LIVE_QUEUE_URL", &lookup)?,
            endpoint: endpoint(&lookup),
        })
    }
}

/// A variable that must be there and not empty.
pub fn required(name: &'static str, lookup: impl Fn(&str) -> Option<String>) -> Result<String, ConfigError> {
    let value = lookup(name).filter(|value| !value.is_empty());
    value.ok_or_else(|| ConfigError { name, problem: "is missing or empty".to_owned() })
}

/// A whole number from 1, or `otherwise` where the variable is missing or empty.
pub fn number(
    name: &'static str,
    otherwise: u64,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<u64, ConfigError> {
    let Some(text) = lookup(name).filter(|text| !text.is_empty()) else { return Ok(otherwise) };
    let number = text.parse().ok().filter(|number| 0 < *number);
    number.ok_or_else(|| ConfigError {
        name,
        problem: format!("is `{text}`: it must be a whole number from 1"),
    })
}

/// Where AWS is played locally, if it is.
pub fn endpoint(lookup: impl Fn(&str) -> Option<String>) -> Option<String> {
    lookup("AWS_ENDPOINT_OVERRIDE").filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        Some(if name == "CLAIM_SECONDS" { "120" } else { "value" }.to_owned())
    }

    #[test]
    fn an_empty_endpoint_override_means_aws_itself() {
        let config = SyncConfig::read(|name| {
            if name == "AWS_ENDPOINT_OVERRIDE" { Some(String::new()) } else { lookup(name) }
        });
        assert_eq!(config.unwrap().endpoint, None);
    }

    #[test]
    fn a_wrong_value_is_named_in_a_sentence() {
        let error =
            SyncConfig::read(|name| if name == "STATE_TABLE" { None } else { lookup(name) }).unwrap_err();
        assert_eq!(error.to_string(), "the environment variable STATE_TABLE is missing or empty");
        let error = SyncConfig::read(|_| Some("soon".to_owned())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment variable CLAIM_SECONDS is `soon`: it must be a whole number from 1 to 43200"
        );
    }
}
