//! The local AWS: MiniStack, a Python program in a virtual environment of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::process::{self, Running};
use crate::{Error, Result};

/// A started local AWS.
pub(crate) struct MiniStack {
    /// `http://127.0.0.1:{port}`.
    pub url: String,
    /// `127.0.0.1:{port}`.
    pub host: String,
    /// The process.
    pub process: Running,
}

/// Starts MiniStack with all its files inside `dir`.
///
/// Its environment is made from nothing, since the functions inherit it: no credentials and no address of a real AWS
/// can get in. `AWS_ENDPOINT_URL` in **its** environment is what functions get as theirs.
pub(crate) async fn start(root: &Path, dir: &Path, lifetime: &str) -> Result<MiniStack> {
    let program = root.join(".tools/ministack/bin/ministack");
    if !program.exists() {
        return Err(Error::new(format!("{} is not there", program.display())).hint("run `make tools`"));
    }
    let state = dir.join("ministack");
    for folder in ["tmp", "state", "s3"] {
        std::fs::create_dir_all(state.join(folder))
            .map_err(|error| Error::new(format!("cannot make {}: {error}", state.display())))?;
    }
    let port = process::free_port()?;
    let url = format!("http://127.0.0.1:{port}");
    let mut command = Command::new(&program);
    command
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", &state)
        .env("LANG", "C.UTF-8")
        .env("TMPDIR", state.join("tmp"))
        .env("STATE_DIR", state.join("state"))
        .env("S3_DATA_DIR", state.join("s3"))
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", port.to_string())
        .env("AWS_ENDPOINT_URL", &url)
        .env("NO_PROXY", "127.0.0.1,localhost");
    // Only a real Brevo behind BREVO_API_URL could need these.
    for name in ["HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    let mut process = process::start(dir, "ministack", lifetime, &command, None)?;
    let http = crate::http::client()?;
    let health = format!("{url}/_ministack/health");
    let patience = Instant::now() + Duration::from_secs(60);
    while !http.get(&health).send().await.is_ok_and(|answer| answer.status().is_success()) {
        process.check()?;
        if patience < Instant::now() {
            return Err(crate::error::with_log("MiniStack does not answer", &process.log));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(MiniStack { url, host: format!("127.0.0.1:{port}"), process })
}

/// Variables for programs that talk to the local AWS. Nothing from the developer's own AWS set-up is left.
pub(crate) fn client_environment(url: &str, region: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ENDPOINT_URL", url.to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_DEFAULT_REGION", region.to_owned()),
        ("AWS_REGION", region.to_owned()),
        ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("NO_PROXY", "127.0.0.1,localhost".to_owned()),
        ("SAM_CLI_TELEMETRY", "0".to_owned()),
    ]
}

/// Variables that would point such programs elsewhere.
pub(crate) const FOREIGN_VARIABLES: [&str; 4] =
    ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN"];

/// Where SAM and cargo-lambda are, in front of everything else.
pub(crate) fn tools_path(root: &Path) -> Result<std::ffi::OsString> {
    let bin: PathBuf = root.join(".tools/sam/bin");
    if !bin.join("sam").exists() {
        return Err(
            Error::new(format!("{} is not there", bin.join("sam").display())).hint("run `make tools`")
        );
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&path)))
        .map_err(|error| Error::new(format!("PATH cannot be used: {error}")))
}
