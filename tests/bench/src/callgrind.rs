//! Instructions per webhook at the door, counted by callgrind.

use std::path::Path;
use std::process::Command;

use crate::Error;
use crate::ingress::Sample;
use crate::table::{Table, mark, two, whole};

const TITLE: &str = "webhook-ingress: instructions per webhook";
const GOAL: f64 = 1.5;
const TIMES: u32 = 100;

/// Compiles `ingress_once` as the functions are compiled, and counts.
pub fn table(root: &Path) -> Table {
    measured(root).unwrap_or_else(|why| Table::not_measured(TITLE, why))
}

fn measured(root: &Path) -> Result<Table, Error> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Err("`valgrind` is not installed".into());
    }
    let program = compile(root)?;
    let floor = per_call(&program, "floor")?;
    let ingress = per_call(&program, "ingress")?;
    let ratio = ingress / floor;
    let bytes = Sample::new().body.len();
    let mut table = Table::new(TITLE, &["", "instructions"]);
    table.row(["floor: one HMAC-SHA256, deflate, base64, one copy".to_owned(), whole(floor)]);
    table.row(["verify, deflate, wrap into a notice".to_owned(), whole(ingress)]);
    table.row(["ratio".to_owned(), two(ratio)]);
    table.row([format!("goal {}", mark(ratio <= GOAL)), two(GOAL)]);
    table.note(format!(
        "callgrind, release profile, an order body of {} bytes: {TIMES} calls less none, divided by {TIMES}. Without \
         Lambda's own JSON around the request and without the SQS client.",
        whole(bytes as f64)
    ));
    Ok(table)
}

fn compile(root: &Path) -> Result<std::path::PathBuf, Error> {
    let host = crate::functions::host()?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .current_dir(root)
        .args(["build", "--quiet", "--release", "--package", "tajo-bench", "--bin", "ingress_once"])
        .args(["--no-default-features", "--target", &host])
        .output()?;
    if !built.status.success() {
        return Err(
            format!("`ingress_once` does not compile: {}", String::from_utf8_lossy(&built.stderr)).into()
        );
    }
    Ok(crate::functions::target_folder(root)?.join(host).join("release/ingress_once"))
}

fn per_call(program: &Path, mode: &str) -> Result<f64, Error> {
    let none = instructions(program, mode, 0)?;
    let all = instructions(program, mode, TIMES)?;
    Ok((all - none) / f64::from(TIMES))
}

/// Instructions of a whole run, from callgrind's last words: `Collected : 1234`.
fn instructions(program: &Path, mode: &str, times: u32) -> Result<f64, Error> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([mode, &times.to_string()])
        .output()?;
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    let collected = words.lines().find_map(|line| line.split_once("Collected : "));
    let (_, count) = collected.ok_or_else(|| format!("valgrind counted nothing: {}", words.trim()))?;
    Ok(count.trim().parse()?)
}
