//! Processes that outlive `up`, and how `down` finds exactly those again.
//!
//! Each runs in a process group of its own under `timeout`, so it ends by itself, and is written down with its start
//! time before anything else happens, so a process id that was given to somebody else is never killed.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::{Error, Progress, Result};

/// A started process, as it is written down.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Started {
    /// What we call it.
    pub name: String,
    /// Its id, which is also the id of its group.
    pub pid: u32,
    /// When it started, in the system's own words.
    pub since: String,
}

/// A process that `up` still holds: it can tell that it died.
pub(crate) struct Running {
    /// Its id.
    pub pid: u32,
    /// Everything it said.
    pub log: PathBuf,
    name: String,
    child: Child,
}

impl Running {
    /// An error with the end of its log, if it is gone.
    pub fn check(&mut self) -> Result<()> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            _ => Err(crate::error::with_log(
                &format!("{} stopped right after its start", self.name),
                &self.log,
            )),
        }
    }
}

/// Starts `command` for at most `lifetime` (in `timeout`'s words: `4h`) and writes it down in `dir`.
pub(crate) fn start(
    dir: &Path,
    name: &str,
    lifetime: &str,
    command: &Command,
    stdout: Option<File>,
) -> Result<Running> {
    let log = dir.join("logs").join(format!("{name}.log"));
    let file =
        File::create(&log).map_err(|error| Error::new(format!("cannot write {}: {error}", log.display())))?;
    let clone =
        || file.try_clone().map_err(|error| Error::new(format!("cannot write the log of {name}: {error}")));
    let mut bounded = Command::new("timeout");
    bounded.arg("--kill-after=10s").arg(lifetime).arg(command.get_program()).args(command.get_args());
    bounded.env_clear();
    for (key, value) in command.get_envs() {
        if let Some(value) = value {
            bounded.env(key, value);
        }
    }
    let child = bounded
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(match stdout {
            Some(stdout) => stdout,
            None => clone()?,
        })
        .stderr(clone()?)
        .spawn()
        .map_err(|error| {
            Error::new(format!("cannot start {name}: {error}")).hint("is coreutils' `timeout` there?")
        })?;
    let started =
        Started { name: name.to_owned(), pid: child.id(), since: since(child.id()).unwrap_or_default() };
    let mut all = written_down(dir);
    all.push(started);
    let text = serde_json::to_string_pretty(&all).map_err(|error| Error::new(error.to_string()))?;
    write_private(&register(dir), &text)?;
    Ok(Running { pid: child.id(), log, name: name.to_owned(), child })
}

/// Ends everything that was written down in `dir`: politely, then for good.
pub(crate) fn stop_all(dir: &Path, progress: &Progress) {
    for started in written_down(dir).iter().rev() {
        if since(started.pid).as_deref() != Some(started.since.as_str()) {
            continue;
        }
        progress.say(&format!("stopping {} (process group {})", started.name, started.pid));
        signal("TERM", started.pid);
        let patience = Instant::now() + Duration::from_secs(8);
        while group_lives(started.pid) && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(50));
        }
        if group_lives(started.pid) {
            signal("KILL", started.pid);
        }
    }
    let _ = fs::remove_file(register(dir));
}

/// A port that nobody listens on. Somebody could take it before we do; then the start fails and says so.
pub(crate) fn free_port() -> Result<u16> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| Error::new(format!("no free port on 127.0.0.1: {error}")))
}

/// Makes a folder into which nobody but its owner looks: logs, keys and the state of the local AWS are in it.
pub(crate) fn make_private(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

/// Writes a file whole or not at all, readable by its owner only.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    let new = path.with_extension("new");
    let write = || {
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        std::io::Write::write_all(&mut file, text.as_bytes())?;
        fs::rename(&new, path)
    };
    write().map_err(|error| Error::new(format!("cannot write {}: {error}", path.display())))
}

fn register(dir: &Path) -> PathBuf {
    dir.join("processes.json")
}

fn written_down(dir: &Path) -> Vec<Started> {
    fs::read_to_string(register(dir))
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}

/// When the process started, or nothing if it is gone. From /proc where there is one, otherwise from `ps`.
fn since(pid: u32) -> Option<String> {
    if Path::new("/proc/self/stat").exists() {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in brackets may hold spaces; the start time is the 20th field after it.
        let (_, fields) = stat.rsplit_once(')')?;
        return fields.split_whitespace().nth(19).map(str::to_owned);
    }
    let output = Command::new("ps").args(["-o", "lstart=", "-p", &pid.to_string()]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn signal(name: &str, group: u32) {
    let _ = kill(&format!("-{name}"), group);
}

/// Whether anything of the group still runs. A leader that is dead and waits for us to notice does not count.
fn group_lives(group: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{group}/stat")).unwrap_or_default();
    let dead = stat.rsplit_once(')').is_some_and(|(_, fields)| fields.trim_start().starts_with('Z'));
    !dead && kill("-0", group)
}

fn kill(signal: &str, group: u32) -> bool {
    let group = format!("-{group}");
    let quiet = Command::new("kill")
        .args([signal, "--", &group])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    quiet.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("tajo-stack-{name}-{}", std::process::id()));
        fs::create_dir_all(dir.join("logs")).unwrap();
        dir
    }

    #[test]
    fn nobody_but_the_owner_looks_into_a_stacks_folder() {
        let dir = dir("private");
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        make_private(&dir).unwrap();
        write_private(&dir.join("stack.json"), "{}").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&dir), mode(&dir.join("stack.json"))), (0o700, 0o600));
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn what_was_started_is_stopped_with_its_children() {
        let dir = dir("stop");
        let mut sleeper = Command::new("sh");
        sleeper.args(["-c", "sleep 60 & sleep 60"]).env("PATH", std::env::var_os("PATH").unwrap());
        let mut running = start(&dir, "sleeper", "1m", &sleeper, None).unwrap();
        running.check().unwrap();
        let asked = Instant::now();
        stop_all(&dir, &Progress::start());
        assert!(asked.elapsed() < Duration::from_secs(5), "it waited for a process that was dead");
        assert!(running.check().is_err());
        assert!(!register(&dir).exists());
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_process_id_given_to_somebody_else_is_left_alone() {
        let dir = dir("reuse");
        let mut sleeper = Command::new("sleep").arg("60").process_group(0).spawn().unwrap();
        let other = vec![Started { name: "gone".into(), pid: sleeper.id(), since: "another time".into() }];
        fs::write(register(&dir), serde_json::to_string(&other).unwrap()).unwrap();
        stop_all(&dir, &Progress::start());
        assert!(sleeper.try_wait().unwrap().is_none(), "it was killed");
        sleeper.kill().unwrap();
        sleeper.wait().unwrap();
        fs::remove_dir_all(dir).unwrap();
    }
}
