//! Starts a stack and ends it: the story of `up` and `down`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::deploy::{self, Build, Built};
use crate::{Error, Functions, Progress, Queues, Result, Stack, connect, ministack, process, sandbox};

/// How a stack is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// The project: where `template.yaml` is.
    pub root: PathBuf,
    /// Where everything of this stack is kept; two stacks need two folders.
    pub dir: PathBuf,
    /// How the functions are built.
    pub build: Build,
    /// The Brevo that functions call; nothing means the sandbox.
    pub brevo_api_url: Option<String>,
    /// How often carts are looked at, in the scheduler's words.
    pub sweep_rate: String,
    /// After this time the processes end by themselves: `4h`, `30m`.
    pub lifetime: String,
}

/// Builds, starts the local AWS and the sandbox, deploys, connects the demo store, and writes `stack.json`.
///
/// A stack that already runs in the same folder is ended first, and nothing is left running if a step fails.
pub async fn up(options: &Options, progress: &Progress) -> Result<Stack> {
    down(&options.dir, progress);
    let started = start(options, progress).await;
    if started.is_err() {
        down(&options.dir, progress);
    }
    started
}

/// Ends what `up` started in `dir`, and nothing else. Logs stay.
pub fn down(dir: &Path, progress: &Progress) {
    process::stop_all(dir, progress);
    let _ = std::fs::remove_file(dir.join("stack.json"));
    // Large, and worth nothing without its processes.
    let _ = std::fs::remove_dir_all(dir.join("ministack"));
}

async fn start(options: &Options, progress: &Progress) -> Result<Stack> {
    let Options { root, dir, lifetime, .. } = options;
    process::make_private(&dir.join("logs"))
        .and_then(|()| process::make_private(dir))
        .map_err(|error| Error::new(format!("cannot make {}: {error}", dir.display())))?;

    let Built { template, sandbox: program } = deploy::build(root, dir, options.build, progress).await?;

    progress.say("starting the local AWS (MiniStack)");
    let aws = ministack::start(root, dir, lifetime).await?;
    progress.say(&format!("local AWS at {}", aws.url));
    let sandbox = sandbox::start(&program, dir, lifetime).await?;
    progress.say(&format!("sandbox at {}", sandbox.url));

    let brevo_api_url = options.brevo_api_url.clone().unwrap_or_else(|| format!("{}/v3", sandbox.url));
    // Only the sandbox's; a real Brevo's is the template's default.
    let brevo_tracker_url = match options.brevo_api_url {
        None => format!("{}/api/v2", sandbox.url),
        Some(_) => "https://in-automate.brevo.com/api/v2".to_owned(),
    };
    let parameters = [
        ("Architecture", deploy::architecture()),
        ("BrevoApiUrl", brevo_api_url.as_str()),
        ("BrevoTrackerUrl", brevo_tracker_url.as_str()),
        ("ShopifyApiUrl", sandbox.url.as_str()),
        ("AwsEndpointOverride", aws.url.as_str()),
        ("SweepRate", options.sweep_rate.as_str()),
        // Tests are in a hurry.
        ("KeyRequestsPerMinute", "1000000"),
    ];
    let outputs = deploy::deploy(root, dir, &template, &aws.url, &parameters, progress).await?;
    let output = |name: &str| {
        outputs
            .get(name)
            .cloned()
            .ok_or_else(|| Error::new(format!("the deployed stack has no output `{name}`")))
    };

    let api_id = output("ApiId")?;
    let mut stack = Stack {
        webhook_url: format!("{}/_aws/execute-api/{api_id}/webhooks/shopify", aws.url),
        public_url: output("PublicUrl")?,
        local_url: format!("{}/_aws/execute-api/{api_id}", aws.url),
        api_host: aws.host,
        api_url: format!("{}/_aws/execute-api/{api_id}", aws.url),
        api_key: String::new(),
        api_id,
        sandbox_url: sandbox.url,
        brevo_api_url,
        aws_endpoint_url: aws.url,
        region: deploy::REGION.to_owned(),
        stack_name: deploy::STACK_NAME.to_owned(),
        table: output("TableName")?,
        queues: Queues {
            live: output("LiveQueueUrl")?,
            gather: output("GatherQueueUrl")?,
            dead_letters: output("DeadLettersUrl")?,
        },
        keyring_secret: output("KeyringSecretName")?,
        store_secrets_prefix: output("StoreSecretsPrefix")?,
        functions: Functions {
            webhook_ingress: output("WebhookIngressName")?,
            brevo_sync: output("BrevoSyncName")?,
            cart_sweeper: output("CartSweeperName")?,
            management: output("ManagementName")?,
            oauth_callback: output("OauthCallbackName")?,
        },
        pids: BTreeMap::from([
            ("ministack".to_owned(), aws.process.pid),
            ("sandbox".to_owned(), sandbox.process.pid),
        ]),
        logs_dir: dir.join("logs"),
        demo: None,
    };
    stack.api_key = connect::first_key(&stack).await?;
    stack.demo = connect::connect_demo_store(&stack, progress).await?;
    stack.save(&dir.join("stack.json"))?;
    progress.say(&format!(
        "the stack is up: {} (ends by itself after {lifetime})",
        dir.join("stack.json").display()
    ));
    Ok(stack)
}
