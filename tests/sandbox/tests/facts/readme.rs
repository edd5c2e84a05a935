//! The README's table names tests; they must exist.

use std::path::Path;

#[test]
fn every_fact_of_the_readme_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(root.join("tests/facts")).unwrap();
    let tests: String = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let facts = readme.split("## Facts played").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let named: Vec<&str> = facts
        .lines()
        .filter(|line| line.starts_with('|'))
        .filter_map(|line| {
            line.trim_end_matches([' ', '|']).rsplit('|').next()?.trim().strip_prefix('`')?.strip_suffix('`')
        })
        .collect();
    assert!(named.len() > 50, "the table was not read: {named:?}");
    for name in named {
        assert!(tests.contains(&format!("fn {name}()")), "README names `{name}`, which is no test");
    }
}
