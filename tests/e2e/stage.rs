//! One stack for all tests: opened once, on one runtime, so that its clients can be shared.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;
use tajo_stack::Stack;
use tajo_state::{LogLine, Table, read_log};
use tokio::runtime::Runtime;
use tokio::sync::{OnceCell, RwLock};

use crate::canaries::Canaries;
use crate::connect::{self, Store};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static STAGE: OnceCell<Stage> = OnceCell::const_new();
/// Held for reading by every test that sends something, for writing by the one that must be alone.
static TURNS: RwLock<()> = RwLock::const_new(());

/// How long a notice may take, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);

/// The stack, and everything that is asked of it.
pub struct Stage {
    pub stack: Stack,
    pub table: Table,
    pub http: reqwest::Client,
    pub canaries: Canaries,
    /// Eight digits that occur in no other run on this stack.
    pub run: u32,
    /// Signs compliance notices of shops that left.
    pub app_secret: String,
    began: Timestamp,
    stores: Vec<Store>,
}

/// Tells a story beside others.
pub fn told(story: impl AsyncFnOnce(&Stage)) {
    RUNTIME.block_on(async {
        let stage = STAGE.get_or_init(open).await;
        let _turn = TURNS.read().await;
        story(stage).await;
    });
}

/// Tells a story after all others that have begun.
pub fn told_last(story: impl AsyncFnOnce(&Stage)) {
    // Tests begin in the order of their names: one that began a moment ago shall have its turn first.
    std::thread::sleep(Duration::from_secs(2));
    RUNTIME.block_on(async {
        let stage = STAGE.get_or_init(open).await;
        let _turn = TURNS.write().await;
        story(stage).await;
    });
}

async fn open() -> Stage {
    let stack = Stack::from_env().unwrap_or_else(|error| panic!("{error}"));
    let _ = rustls::crypto::ring::default_provider().install_default();
    let aws = tajo_state::sdk_config(Some(&stack.aws_endpoint_url)).await.unwrap();
    let table = Table::new(aws_sdk_dynamodb::Client::new(&aws), &stack.table);
    let now = Timestamp::now();
    let run = 10_000_000 + u32::try_from(now.as_second() % 9_000_000).unwrap() * 10;
    let mut stage = Stage {
        table,
        http: reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap(),
        canaries: Canaries::default(),
        run,
        app_secret: format!("app-secret-{run}-of-nobody-else"),
        began: now,
        stores: Vec::new(),
        stack,
    };
    stage.stores = connect::connect_all(&stage, &aws).await;
    stage.wait_until_known().await;
    stage
}

impl Stage {
    /// A store of this name (`connect::NAMES`).
    pub fn store(&self, name: &str) -> &Store {
        self.stores.iter().find(|store| store.name == name).unwrap_or_else(|| panic!("no store `{name}`"))
    }

    /// What Brevo knows in a store's account.
    pub async fn brevo(&self, store: &Store) -> Value {
        self.sandbox(&format!("/state?account={}", store.account)).await
    }

    /// The calls that Brevo received with a store's key, setting up left out.
    pub async fn calls(&self, store: &Store) -> Vec<Value> {
        let calls = self.sandbox("/calls").await;
        let mine = calls.as_array().unwrap().iter().filter(|call| call["account"] == store.account.as_str());
        mine.filter(|call| call["n"].as_u64() > store.set_up_until).cloned().collect()
    }

    /// An answer of the sandbox's admin API.
    pub async fn sandbox(&self, path: &str) -> Value {
        let url = format!("{}/_sandbox{path}", self.stack.sandbox_url);
        self.http.get(url).send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    /// Tells the sandbox's admin API something.
    pub async fn tell_sandbox(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/_sandbox{path}", self.stack.sandbox_url);
        self.http.post(url).json(body).send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    /// Everything written down about a delivery, oldest first, once it ended. `store`: its id, or the shop's address
    /// where no store is known.
    pub async fn endings(&self, store: &str, delivery: &str) -> Vec<LogLine> {
        let until = Instant::now() + PATIENCE;
        loop {
            let lines = read_log(&self.table, store, self.began, Timestamp::now()).await.unwrap();
            let mine: Vec<LogLine> = lines.into_iter().filter(|line| line.delivery == delivery).collect();
            if mine.iter().any(|line| !["deferred", "retried"].contains(&line.outcome.as_str())) {
                return mine;
            }
            assert!(Instant::now() < until, "{store}: {delivery} did not end: {mine:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// How a delivery ended.
    pub async fn ending(&self, store: &str, delivery: &str) -> LogLine {
        self.endings(store, delivery).await.pop().unwrap()
    }

    /// The built `tajo`, which knows the stack and its first key: it lies beside this test's folder.
    pub fn tajo(&self) -> Command {
        let test = std::env::current_exe().unwrap();
        let program = test.parent().and_then(std::path::Path::parent).unwrap().join("tajo");
        assert!(program.exists(), "{} is not built: `cargo build --workspace --bins`", program.display());
        let mut command = Command::new(program);
        command.env("AWS_ENDPOINT_OVERRIDE", &self.stack.aws_endpoint_url);
        command.env("TAJO_URL", &self.stack.api_url).env("TAJO_API_KEY", &self.stack.api_key);
        command
    }

    /// Ingress reads its keyring once a minute. On a stack that was used before, every process of it must have read
    /// the new one.
    async fn wait_until_known(&self) {
        let since = Instant::now();
        let store = self.store("front");
        let knocks = (0..8).map(|_| self.knock(store));
        let statuses = futures::future::join_all(knocks).await;
        if statuses.iter().any(|status| *status != 200) {
            let a_minute = Duration::from_secs(62);
            tokio::time::sleep(a_minute.saturating_sub(since.elapsed())).await;
        }
        assert_eq!(self.knock(store).await, 200, "the new stores are not known after a minute");
    }
}

/// The project's folder.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
