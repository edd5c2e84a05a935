//! Every command's help, as it is shown.

#![allow(clippy::unwrap_used)] // helpers of tests are tests too

use std::process::Command;

fn tajo(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tajo"));
    for name in [
        "TAJO_URL",
        "TAJO_API_KEY",
        "TAJO_TABLE",
        "TAJO_LIVE_QUEUE",
        "SHOPIFY_API_KEY",
        "AWS_ENDPOINT_OVERRIDE",
    ] {
        command.env_remove(name);
    }
    String::from_utf8(command.args(arguments).output().unwrap().stdout).unwrap()
}

/// The commands below one, as its help lists them.
fn below(help: &str) -> Vec<String> {
    let list = help.split("Commands:\n").nth(1).unwrap_or_default().split("\n\n").next().unwrap();
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

fn helps(path: &[String], all: &mut String) {
    let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
    let help = tajo(&arguments);
    let mut lines = help.lines().filter(|line| !line.starts_with("Usage:"));
    assert!(lines.all(|line| line.chars().count() <= 80), "{path:?}: more than 80 columns\n{help}");
    all.push_str(&format!("$ tajo {}\n{help}\n", arguments.join(" ")));
    for name in below(&help) {
        helps(&[path, &[name]].concat(), all);
    }
}

#[test]
fn every_command_says_what_it_does_in_80_columns() {
    let first = tajo(&["--help"]);
    insta::assert_snapshot!("help", first);
    for name in below(&first) {
        let mut all = String::new();
        helps(std::slice::from_ref(&name), &mut all);
        insta::assert_snapshot!(format!("help_{name}"), all);
    }
}

#[test]
fn the_exit_codes_of_the_help_are_those_of_the_readmes() {
    let help = tajo(&["--help"]);
    let list = help.split("Exit codes:\n").nth(1).unwrap().replace("\n     ", " ");
    let listed: Vec<(&str, &str)> = list.lines().filter_map(|line| line.trim().split_once("  ")).collect();
    assert_eq!(listed.len(), 8);
    for readme in ["README.md", "../README.md"] {
        let path = format!("{}/{readme}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let rows =
            text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
        let table: Vec<(&str, &str)> =
            rows.filter(|(code, _)| code.len() == 1 && code.parse::<u8>().is_ok()).collect();
        assert_eq!(table, listed, "{readme}");
    }
}

#[test]
fn completions_and_manual_know_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = tajo(&["completions", shell]);
        assert!(text.contains("connectors") && text.contains("app-config"), "{shell}");
    }
    assert!(tajo(&["man"]).contains(".TH tajo 1"));
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("man");
    tajo(&["man", "--out", folder.to_str().unwrap()]);
    assert!(
        std::fs::read_to_string(folder.join("tajo-connectors-install.1")).unwrap().contains("shop\\-url")
    );
}

#[test]
fn every_operation_of_the_api_has_a_command() {
    fn sources(folder: &std::path::Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, text);
            } else {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut text = String::new();
    sources(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut text);
    // The document is for programs, and so is forwarding a webhook: the SDK does it.
    let without = ["openapi", "handleWebhook"];
    let ids = tajo_api::OPERATIONS.iter().map(|operation| operation.id).filter(|id| !without.contains(id));
    let missing: Vec<&str> = ids.filter(|id| !text.contains(&format!("\"{id}\""))).collect();
    assert_eq!(missing, [""; 0]);
}
