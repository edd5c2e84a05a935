//! Builds the functions and deploys the real template to the local AWS.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::ministack::{FOREIGN_VARIABLES, client_environment, tools_path};
use crate::{Error, Progress, Result};

/// Region and name of the local stack.
pub(crate) const REGION: &str = "us-east-1";
/// Its name begins the names of its secrets and log groups.
pub(crate) const STACK_NAME: &str = "tajo-local";

/// Folder in `functions/` and logical id in the template.
const FUNCTIONS: &[(&str, &str)] = &[
    ("webhook-ingress", "WebhookIngress"),
    ("oauth-callback", "OauthCallback"),
    ("brevo-sync", "BrevoSync"),
    ("cart-sweeper", "CartSweeper"),
    ("management", "Management"),
];

/// How the functions are built. The template is the same every time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Build {
    /// `cargo build --workspace`, dev profile: one compilation serves functions, sandbox and this program.
    Debug,
    /// As `debug`, together with the tests, so that `cargo test` before and after finds everything compiled.
    Tested,
    /// `sam build`, dev profile: dependencies are compiled once more, since features differ per package.
    SamDebug,
    /// `sam build` as for AWS: release profile.
    Sam,
}

/// What a build gives: a template whose functions have their programs, and the sandbox.
pub(crate) struct Built {
    pub template: PathBuf,
    pub sandbox: PathBuf,
}

/// Builds functions and sandbox. Messages go to logs in `dir/logs`.
pub(crate) async fn build(root: &Path, dir: &Path, build: Build, progress: &Progress) -> Result<Built> {
    let sam = matches!(build, Build::Sam | Build::SamDebug);
    let selection: &[&str] = match build {
        Build::Debug => &["--workspace", "--bins"],
        Build::Tested => &["--workspace", "--bins", "--tests"],
        Build::SamDebug | Build::Sam => &["--package", "tajo-sandbox", "--bins"],
    };
    let programs = cargo(root, dir, selection, progress).await?;
    let program = |name: &str| {
        programs
            .get(name)
            .cloned()
            .ok_or_else(|| Error::new(format!("cargo built no program called `{name}`")))
    };
    // A copy: `cargo lambda build` moves every program it finds in the target folder into its own.
    let sandbox = dir.join("tajo-sandbox");
    fs::copy(program("tajo-sandbox")?, &sandbox)
        .map_err(|error| Error::new(format!("cannot write {}: {error}", sandbox.display())))?;
    let out = dir.join("build");
    let template = out.join("template.yaml");
    if sam {
        let mut command = Command::new("sam");
        command.args(["build", "--parameter-overrides", &format!("Architecture={}", architecture())]);
        command.arg("--build-dir").arg(&out).env("PATH", tools_path(root)?).env("SAM_CLI_TELEMETRY", "0");
        if build == Build::SamDebug {
            command.env("SAM_BUILD_MODE", "debug");
        }
        run(root, command, "sam build", &dir.join("logs/sam-build.log"), progress).await?;
    } else {
        // What `sam build` does: a folder with `bootstrap` per function, and CodeUri pointing there.
        let unreadable =
            |error| Error::new(format!("the build cannot be laid out in {}: {error}", out.display()));
        let mut text = fs::read_to_string(root.join("template.yaml")).map_err(unreadable)?;
        for &(folder, id) in FUNCTIONS {
            fs::create_dir_all(out.join(id)).map_err(unreadable)?;
            fs::copy(program(folder)?, out.join(id).join("bootstrap")).map_err(unreadable)?;
            let source = format!("CodeUri: functions/{folder}/");
            if !text.contains(&source) {
                return Err(Error::new(format!("template.yaml has no line `{source}`")));
            }
            text = text.replace(&source, &format!("CodeUri: {id}/"));
        }
        fs::write(&template, text).map_err(unreadable)?;
    }
    Ok(Built { template, sandbox })
}

/// `sam deploy` to the local AWS; gives back the stack's outputs.
pub(crate) async fn deploy(
    root: &Path,
    dir: &Path,
    template: &Path,
    aws_url: &str,
    parameters: &[(&str, &str)],
    progress: &Progress,
) -> Result<BTreeMap<String, String>> {
    // An empty configuration: samconfig.toml is for real accounts.
    let config = dir.join("samconfig.toml");
    fs::write(&config, "version = 0.1\n")
        .map_err(|error| Error::new(format!("cannot write {}: {error}", config.display())))?;
    let mut command = Command::new("sam");
    command.arg("deploy").arg("--template-file").arg(template).arg("--config-file").arg(&config).args([
        "--stack-name",
        STACK_NAME,
        "--region",
        REGION,
        "--resolve-s3",
        "--no-confirm-changeset",
        "--no-progressbar",
        "--capabilities",
        "CAPABILITY_IAM",
        "--parameter-overrides",
    ]);
    command
        .args(parameters.iter().map(|(key, value)| format!("ParameterKey={key},ParameterValue=\"{value}\"")));
    command.env("PATH", tools_path(root)?).envs(client_environment(aws_url, REGION));
    // Asks for news every half second instead of every five.
    command.env("SAM_CLI_POLL_DELAY", "0.5");
    for name in FOREIGN_VARIABLES {
        command.env_remove(name);
    }
    run(root, command, "sam deploy", &dir.join("logs/sam-deploy.log"), progress).await?;
    outputs(aws_url).await
}

/// This machine's architecture, in Lambda's word for it.
pub(crate) fn architecture() -> &'static str {
    if std::env::consts::ARCH == "aarch64" { "arm64" } else { "x86_64" }
}

/// Builds with cargo for the explicit host target (the folder that `cargo test --target` uses); programs by name.
async fn cargo(
    root: &Path,
    dir: &Path,
    selection: &[&str],
    progress: &Progress,
) -> Result<BTreeMap<String, PathBuf>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let version = std::process::Command::new("rustc").arg("-vV").output();
    let version = version.map_err(|error| Error::new(format!("rustc does not run: {error}")))?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().to_owned();
    let messages = dir.join("logs/cargo.json");
    let stdout = File::create(&messages)
        .map_err(|error| Error::new(format!("cannot write {}: {error}", messages.display())))?;
    let mut command = Command::new(cargo);
    command.args(["build", "--locked"]).args(selection).args([
        "--target",
        &host,
        "--message-format=json-render-diagnostics",
    ]);
    command.stdout(stdout);
    let log = dir.join("logs/cargo-build.log");
    run(root, command, "cargo build", &log, progress).await?;
    let text = fs::read_to_string(&messages).unwrap_or_default();
    let mut programs = BTreeMap::new();
    for message in text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()) {
        let is_test = message["profile"]["test"].as_bool().unwrap_or(false);
        if let (false, Some(name), Some(path)) =
            (is_test, message["target"]["name"].as_str(), message["executable"].as_str())
        {
            programs.insert(name.to_owned(), PathBuf::from(path));
        }
    }
    Ok(programs)
}

/// Runs a long command with its output in `log`, and says every 15 seconds what it is at.
async fn run(root: &Path, mut command: Command, what: &str, log: &Path, progress: &Progress) -> Result<()> {
    progress.say(&format!("{what} (log: {})", log.display()));
    let file =
        File::create(log).map_err(|error| Error::new(format!("cannot write {}: {error}", log.display())))?;
    let clone =
        file.try_clone().map_err(|error| Error::new(format!("cannot write the log of {what}: {error}")))?;
    // What `cargo run` sets for us is not for a cargo started by us: it would rebuild some dependencies every time.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text == "LD_LIBRARY_PATH"
        {
            command.env_remove(&name);
        }
    }
    // cargo keeps its messages apart: its stdout is set already.
    if what != "cargo build" {
        command.stdout(clone);
    }
    let mut child = command
        .current_dir(root)
        .stdin(Stdio::null())
        .stderr(file)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Error::new(format!("`{what}` cannot be started: {error}")))?;
    loop {
        tokio::select! {
            status = child.wait() => {
                let status = status.map_err(|error| Error::new(format!("`{what}` was lost: {error}")))?;
                if status.success() {
                    return Ok(());
                }
                return Err(crate::error::with_log(&format!("`{what}` failed"), log));
            }
            () = tokio::time::sleep(Duration::from_secs(15)) => {
                let text = fs::read_to_string(log).unwrap_or_default();
                let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
                progress.say(&format!("  … {}", last.trim()));
            }
        }
    }
}

/// The outputs of the deployed stack. The answer is XML, of which we need two tags.
async fn outputs(aws_url: &str) -> Result<BTreeMap<String, String>> {
    let failed = |error: reqwest::Error| Error::new(format!("the stack's outputs cannot be read: {error}"));
    let answer = crate::http::client()?
        .post(aws_url)
        .header("authorization", crate::local_aws::authorization(REGION, "cloudformation"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("Action=DescribeStacks&StackName={STACK_NAME}&Version=2010-05-15"))
        .send()
        .await
        .map_err(failed)?;
    Ok(outputs_in(&answer.text().await.map_err(failed)?))
}

fn outputs_in(xml: &str) -> BTreeMap<String, String> {
    let between = |text: &str, tag: &str| {
        let (_, rest) = text.split_once(&format!("<{tag}>"))?;
        Some(rest.split_once(&format!("</{tag}>"))?.0.to_owned())
    };
    let member = |text: &str| Some((between(text, "OutputKey")?, between(text, "OutputValue")?));
    xml.split("<member>").filter_map(member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_read_from_the_answer() {
        let xml = "<Outputs><member><OutputKey>ApiId</OutputKey><OutputValue>abc</OutputValue><Description></Description>\
                   </member><member><OutputKey>TableName</OutputKey><OutputValue>t</OutputValue></member></Outputs>";
        let outputs = outputs_in(xml);
        assert_eq!(outputs["ApiId"], "abc");
        assert_eq!(outputs["TableName"], "t");
        assert_eq!(outputs.len(), 2);
    }

    #[test]
    fn every_function_of_the_template_is_built() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let template = fs::read_to_string(root.join("template.yaml")).unwrap();
        let in_template = template.matches("CodeUri: functions/").count();
        assert_eq!(in_template, FUNCTIONS.len(), "FUNCTIONS in deploy.rs and template.yaml differ");
        assert_eq!(fs::read_dir(root.join("functions")).unwrap().count(), FUNCTIONS.len());
    }
}
