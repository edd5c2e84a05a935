//! What `up` leaves behind for tests and people: `stack.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A running stack. Written to `stack.json` by `up`, read by tests.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stack {
    /// Where to post webhooks; append `/{store}` to name the store in the path.
    pub webhook_url: String,
    /// The Host header that goes with `webhook_url` (the one an HTTP client sends by itself).
    pub api_host: String,
    /// Id of the API.
    pub api_id: String,
    /// The management API, without `/v1`.
    pub api_url: String,
    /// A key of it that may do everything. Made up, valid for the local stack only.
    pub api_key: String,
    /// Where the deployment says it is reached: what links and webhooks begin with. On this machine that is `local_url`.
    pub public_url: String,
    /// Where it is reached on this machine.
    pub local_url: String,
    /// The sandbox: Brevo under `/v3`, pages and JSON about what it knows.
    pub sandbox_url: String,
    /// The Brevo that the functions call: the sandbox, or what `BREVO_API_URL` named.
    pub brevo_api_url: String,
    /// The local AWS.
    pub aws_endpoint_url: String,
    /// Its region.
    pub region: String,
    /// Name of the CloudFormation stack.
    pub stack_name: String,
    /// The state table.
    pub table: String,
    /// The queues.
    pub queues: Queues,
    /// Name of the keyring secret.
    pub keyring_secret: String,
    /// What names of per-store secrets begin with.
    pub store_secrets_prefix: String,
    /// The functions.
    pub functions: Functions,
    /// Processes of the stack by name. `down` ends these and no others.
    pub pids: BTreeMap<String, u32>,
    /// Logs of the processes and of SAM. Logs of the functions: `tajo-stack logs`.
    pub logs_dir: PathBuf,
    /// The connected demo store; its keys stand beside the others.
    #[serde(flatten)]
    pub demo: Option<DemoStore>,
}

/// Addresses of the queues.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Queues {
    /// Notices.
    pub live: String,
    /// Work that waits for a rate limit.
    pub gather: String,
    /// What brevo-sync could not receive.
    pub dead_letters: String,
}

/// Names of the functions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Functions {
    /// Verifies and queues.
    pub webhook_ingress: String,
    /// Sends to Brevo.
    pub brevo_sync: String,
    /// Finds abandoned carts.
    pub cart_sweeper: String,
    /// The management API.
    pub management: String,
    /// Lets merchants in.
    pub oauth_callback: String,
}

/// The store that `up` connects.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DemoStore {
    /// Its id.
    pub store: String,
    /// Its address at Shopify.
    pub shop_domain: String,
    /// The secret that signs its webhooks. Made up, valid for the local stack only.
    pub client_secret: String,
}

impl Stack {
    /// The stack that `TAJO_STACK` names: how end-to-end tests find theirs.
    pub fn from_env() -> Result<Self> {
        let path = std::env::var_os("TAJO_STACK").ok_or_else(|| {
            Error::new("TAJO_STACK does not name a stack.json")
                .hint("run `make test`, or `make up` and set TAJO_STACK=$PWD/.local/stack.json")
        })?;
        Self::load(Path::new(&path))
    }

    /// The stack described by a `stack.json`.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Error::new(format!("no stack at {}: {error}", path.display())).hint("start one with `make up`")
        })?;
        serde_json::from_str(&text)
            .map_err(|error| Error::new(format!("{} is not a stack: {error}", path.display())))
    }

    /// Writes `stack.json` whole or not at all; only its owner may read it.
    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::new(error.to_string()))?;
        crate::process::write_private(path, &format!("{text}\n"))
    }

    /// Log groups of the functions, as the template names them.
    #[must_use]
    pub fn log_groups(&self) -> [String; 5] {
        ["webhook-ingress", "oauth-callback", "brevo-sync", "cart-sweeper", "management"]
            .map(|name| format!("/tajo/{}/{name}", self.stack_name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"{
        "webhook_url": "http://127.0.0.1:1/_aws/execute-api/abc/webhooks/shopify", "api_host": "127.0.0.1:1",
        "api_id": "abc", "api_url": "http://127.0.0.1:1", "api_key": "k", "public_url": "https://abc.example", "local_url": "http://127.0.0.1:1", "sandbox_url": "http://127.0.0.1:2", "brevo_api_url": "http://127.0.0.1:2/v3",
        "aws_endpoint_url": "http://127.0.0.1:1", "region": "us-east-1", "stack_name": "tajo-local", "table": "t",
        "queues": {"live": "l", "gather": "g", "dead_letters": "d"}, "keyring_secret": "k", "store_secrets_prefix": "p/",
        "functions": {"webhook_ingress": "i", "brevo_sync": "s", "cart_sweeper": "c", "oauth_callback": "o", "management": "m"},
        "pids": {"ministack": 1}, "logs_dir": "logs"
    }"#;

    #[test]
    fn the_keys_of_the_demo_store_stand_beside_the_others() {
        let mut stack: Stack = serde_json::from_str(SAMPLE).unwrap();
        assert!(stack.demo.is_none());
        stack.demo = Some(DemoStore {
            store: "demo".into(),
            shop_domain: "demo.myshopify.com".into(),
            client_secret: "shh".into(),
        });
        let json = serde_json::to_value(&stack).unwrap();
        assert_eq!(json["shop_domain"], "demo.myshopify.com");
        let back: Stack = serde_json::from_value(json).unwrap();
        assert_eq!(back.demo.unwrap().store, "demo");
    }

    #[test]
    fn a_missing_stack_says_how_to_start_one() {
        let error = Stack::load(Path::new("/nowhere/stack.json")).unwrap_err().to_string();
        assert!(error.contains("hint: start one with `make up`"), "{error}");
    }
}
