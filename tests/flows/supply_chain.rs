//! What is built and installed is what was written down: versions by their lock files, files by their hashes.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// Files of `scripts/`, by the end of their names.
fn scripts(end: &str) -> Vec<String> {
    let files = std::fs::read_dir(root().join("scripts")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        names.filter(|name| name.ends_with(end)).map(|name| format!("scripts/{name}")).collect();
    names.sort();
    assert!(!names.is_empty());
    names
}

#[test]
fn every_pinned_python_package_has_hashes_and_no_other_file_is_installed() {
    for file in scripts(".txt") {
        let text = text(&file);
        assert!(
            !text.contains("://") && !text.contains("--index") && !text.contains("--find"),
            "{file} names a host"
        );
        // One logical line per package.
        let joined = text.replace("\\\n", " ");
        let packages: Vec<&str> =
            joined.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).collect();
        assert!(packages.len() > 10, "{file}");
        for package in packages {
            let (pin, hashes) =
                package.split_once("--hash=").unwrap_or_else(|| panic!("{file}: no hash of {package}"));
            assert!(pin.contains("=="), "{file}: {pin}");
            let good = |hash: &str| hash.trim().strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64);
            assert!(hashes.split("--hash=").all(good), "{file}: {pin}");
        }
    }
    let tools = text("scripts/tools.sh");
    let installs = tools.lines().filter(|line| line.contains("/pip\" install"));
    assert!(
        installs.clone().count() > 0
            && installs.clone().all(|line| line.contains("--require-hashes --only-binary :all:"))
    );
}

#[test]
fn whatever_is_built_is_built_with_the_versions_of_the_lock_file() {
    let mut files = scripts(".sh");
    files.extend(["Makefile", "README.md", "CONTRIBUTING.md", "tests/sandbox/README.md"].map(str::to_owned));
    let mut found = 0;
    for file in files {
        for line in text(&file).lines().filter(|line| !line.trim_start().starts_with('#')) {
            let commands =
                ["build", "test", "run", "clippy", "doc", "install", "check", "mutants", "deny", "nextest"];
            for command in commands.iter().filter(|command| line.contains(&format!("cargo {command} "))) {
                // Said, not run.
                if line.trim_start().starts_with("say ") || line.contains("cargo_tool ") {
                    continue;
                }
                found += 1;
                assert!(line.contains("--locked"), "{file}: `cargo {command}` without --locked: {line}");
            }
        }
    }
    assert!(found > 10, "{found}");
    assert!(
        text("Cargo.toml").contains("[workspace.metadata.lambda.build]\nlocked = true\n"),
        "`sam build` is not held to Cargo.lock"
    );
    assert!(text("tests/stack/src/deploy.rs").contains(r#"command.args(["build", "--locked"])"#));
}

/// `scripts/advisories.sh` where `cargo` is this shell script.
fn advisories(cargo: &str, required: &str) -> (i32, String) {
    let folder = std::env::temp_dir().join(format!(
        "tajo-advisories-{}-{required}-{}",
        std::process::id(),
        cargo.len()
    ));
    std::fs::create_dir_all(&folder).unwrap();
    let program = folder.join("cargo");
    std::fs::write(&program, format!("#!/bin/sh\n{cargo}\n")).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).unwrap();
    let mut command = Command::new("bash");
    command.arg(root().join("scripts/advisories.sh")).env("REQUIRE_ADVISORIES", required);
    command.env("PATH", format!("{}:{}", folder.display(), std::env::var("PATH").unwrap()));
    let output = command.output().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn advisories_that_could_not_be_checked_are_said_out_loud_and_can_be_required() {
    let unreachable = r#"case "$*" in *fetch*) exit 1;; *) exit 0;; esac"#;
    let (code, said) = advisories(unreachable, "0");
    assert!(code == 0 && said.contains("ADVISORIES WERE NOT CHECKED"), "{code}: {said}");
    let (code, said) = advisories(unreachable, "1");
    assert!(code == 1 && said.contains("ADVISORIES WERE NOT CHECKED"), "{code}: {said}");
    let (code, said) = advisories("exit 0", "1");
    assert!(code == 0 && !said.contains("NOT CHECKED"), "{code}: {said}");
    let vulnerable = r#"case "$*" in *advisories*) exit 4;; *) exit 0;; esac"#;
    assert_eq!(advisories(vulnerable, "0").0, 4);
    assert!(text("scripts/lint.sh").contains("\nscripts/advisories.sh\n"));
}
