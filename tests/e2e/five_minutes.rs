//! A new user's path: the README's console session, typed in as it stands there.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use crate::installed::Shop;
use crate::stage::{Stage, root, told};

const SECTION: &str = "\n## Five minutes with `tajo`\n";
/// The store of the session. `scripts/sdk.sh` goes on with it.
const STORE: &str = "your-store";

/// A command and what it printed.
struct Step {
    command: String,
    printed: String,
}

/// The session, in its order.
fn session(readme: &str) -> Vec<Step> {
    let section = readme.split(SECTION).nth(1).unwrap().split("\n## ").next().unwrap();
    let blocks = section.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let mut steps: Vec<Step> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step { command: command.to_owned(), printed: String::new() }),
            (None, Some(step)) => writeln!(step.printed, "{line}").unwrap(),
            (None, None) => panic!("the session begins with output: {line}"),
        }
    }
    steps
}

/// Times and hashes differ from run to run: every word that is one is the same one.
fn comparable(printed: &str) -> String {
    let is_time = |word: &str| {
        let marks = word.matches([':', '-']).count();
        marks == 2 && word.bytes().all(|c| c.is_ascii_digit() || c == b':' || c == b'-')
    };
    let is_hash = |word: &str| word.len() > 15 && word.bytes().all(|c| c.is_ascii_hexdigit());
    let word = |word: &str| if is_time(word) || is_hash(word) { "…".to_owned() } else { word.to_owned() };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    printed.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_five_minutes_of_the_readme_go_as_they_are_written() {
    told(async |stage| {
        let path = root().join("README.md");
        let readme = std::fs::read_to_string(&path).unwrap();
        let shop = Shop::open(stage, STORE).await;
        let folder = std::env::temp_dir().join(format!("tajo-five-minutes-{}", stage.run));
        std::fs::create_dir_all(&folder).unwrap();
        let mut written = readme.clone();
        let mut wrong = String::new();
        for Step { command, printed } in session(&readme) {
            if command.contains("connectors logs") {
                shop.sign_up(stage).await;
            }
            let found = if command == "cat tajo.yaml" {
                // The reader's part: the file is what the README shows.
                std::fs::write(folder.join("tajo.yaml"), &printed).unwrap();
                continue;
            } else {
                run(stage, &shop, &folder, &command)
            };
            if comparable(&found) != comparable(&printed) {
                writeln!(wrong, "$ {command}\n{found}--- the README says\n{printed}").unwrap();
                written =
                    written.replacen(&format!("$ {command}\n{printed}"), &format!("$ {command}\n{found}"), 1);
            }
        }
        std::fs::remove_dir_all(&folder).unwrap();
        if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
            std::fs::write(path, written).unwrap();
            return;
        }
        assert!(wrong.is_empty(), "{wrong}");
    });
}

/// Types a command into a shell.
fn run(stage: &Stage, shop: &Shop, folder: &Path, command: &str) -> String {
    let program = stage.tajo().get_program().to_owned();
    let beside = Path::new(&program).parent().unwrap();
    let path = format!("{}:{}", beside.display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{command} 2>&1")]).current_dir(folder).env("PATH", path);
    shop.prepare(stage, &mut shell);
    String::from_utf8(shell.output().unwrap().stdout).unwrap()
}
