//! What is deployed: size of each function's zip, its first answer and its memory.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::Error;
use crate::emulator::{self, Measured};
use crate::table::{Table, mark, two, whole};

/// A function, its logical id in template.yaml, and how much memory it may use at most.
pub struct Function {
    /// Folder and program.
    pub name: &'static str,
    id: &'static str,
    megabytes: f64,
}

/// All of them.
pub const FUNCTIONS: &[Function] = &[
    Function { name: "webhook-ingress", id: "WebhookIngress", megabytes: 16.0 },
    Function { name: "brevo-sync", id: "BrevoSync", megabytes: 32.0 },
    Function { name: "cart-sweeper", id: "CartSweeper", megabytes: 32.0 },
    Function { name: "management", id: "Management", megabytes: 32.0 },
];

const ZIP_GOAL: f64 = 3.5e6;
const MIB: f64 = 1_048_576.0;

/// The two tables of this topic.
pub async fn tables(root: &Path) -> Vec<Table> {
    vec![zips(root), emulated(root).await]
}

fn zips(root: &Path) -> Table {
    let title = "Size of each function";
    let mut table = Table::new(title, &["function", "bootstrap MB", "zip MB", "goal", ""]);
    for function in FUNCTIONS {
        let sizes = bootstrap(root, function).and_then(|path| Ok(sizes(&path)?));
        let (program, zip) = match sizes {
            Ok(sizes) => sizes,
            Err(why) => return Table::not_measured(title, why),
        };
        let goal = two(ZIP_GOAL / 1e6);
        table.row([
            function.name.to_owned(),
            two(program / 1e6),
            two(zip / 1e6),
            goal,
            mark(zip <= ZIP_GOAL).to_owned(),
        ]);
    }
    table.note(format!(
        "Release profile, stripped, built for {}; the zip holds `bootstrap` deflated at level 6, as SAM does. An arm64 \
         build differs by some percent.",
        std::env::consts::ARCH
    ));
    table
}

fn sizes(path: &Path) -> std::io::Result<(f64, f64)> {
    let program = std::fs::read(path)?;
    let mut zip = DeflateEncoder::new(Vec::new(), Compression::new(6));
    zip.write_all(&program)?;
    // Local header, central directory and its end, with the name twice.
    let frame = 30 + 46 + 22 + 2 * "bootstrap".len();
    Ok((program.len() as f64, (zip.finish()?.len() + frame) as f64))
}

async fn emulated(root: &Path) -> Table {
    let title = "First invocation and memory, in the Lambda runtime interface emulator";
    match measure_all(root).await {
        Ok(all) => {
            let mut table = Table::new(
                title,
                &["function", "first answer ms", "peak MiB, first", "peak MiB, later", "goal", ""],
            );
            for (function, measured) in FUNCTIONS.iter().zip(all) {
                let (first, later) = (measured.first_peak / MIB, measured.later_peak / MIB);
                table.row([
                    function.name.to_owned(),
                    whole(measured.first_ms),
                    two(first),
                    two(later),
                    two(function.megabytes),
                    mark(later <= function.megabytes).to_owned(),
                ]);
            }
            table.note(emulator::METHOD);
            table.note("A comparison with a Node handler doing the same is a later goal and not in here.");
            table
        }
        Err(why) => Table::not_measured(title, why),
    }
}

async fn measure_all(root: &Path) -> Result<Vec<Measured>, Error> {
    let emulator = emulator::find(root)?;
    let programs =
        FUNCTIONS.iter().map(|function| bootstrap(root, function)).collect::<Result<Vec<_>, _>>()?;
    emulator::measure(&emulator, [&programs[0], &programs[1], &programs[2]]).await
}

/// The release build of a function, wherever it was made last; a debug build does not count.
fn bootstrap(root: &Path, function: &Function) -> Result<PathBuf, Error> {
    let target = target_folder(root)?;
    let candidates = [
        root.join(".aws-sam/build").join(function.id).join("bootstrap"),
        target.join("lambda").join(function.name).join("bootstrap"),
        target.join(host()?).join("release").join(function.name),
    ];
    let age = |path: &PathBuf| path.metadata().and_then(|data| data.modified()).ok();
    let built = candidates.into_iter().filter(|path| is_stripped(path)).max_by_key(age);
    built.ok_or_else(|| {
        let name = function.name;
        format!("there is no release build of {name}; `make build` makes one").into()
    })
}

/// The release profile strips symbols, the others do not.
fn is_stripped(path: &Path) -> bool {
    let Ok(program) = std::fs::read(path) else { return false };
    !program.windows(8).any(|window| window == b".symtab\0")
}

/// The compiler's own target.
pub fn host() -> Result<String, Error> {
    let output = Command::new("rustc").arg("-vV").output()?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "`rustc -vV` names no host".into())
}

/// Where cargo builds.
pub fn target_folder(root: &Path) -> Result<PathBuf, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--no-deps", "--format-version", "1", "--offline"];
    let output = Command::new(cargo).current_dir(root).args(arguments).output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let folder = metadata["target_directory"].as_str().ok_or("`cargo metadata` names no target folder")?;
    Ok(folder.into())
}
