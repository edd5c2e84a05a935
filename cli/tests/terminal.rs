//! Where somebody sits at a terminal: they are asked, what they type is not shown, and colours are for them.

#![allow(clippy::unwrap_used)] // helpers of tests are tests too

mod support;

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use serde_json::json;
use support::Deployment;

const TYPED: &str = "typed-by-hand";

/// Runs `tajo` at a terminal of its own (`script`, of util-linux), and types this line once the words `until` were shown.
/// Answers all that the terminal showed.
fn at_a_terminal(deployment: &Deployment, arguments: &str, no_colour: bool, until: &str) -> String {
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--flush", "--command"]);
    command.arg(format!("tty; exec '{}' {arguments}", env!("CARGO_BIN_EXE_tajo"))).arg("/dev/null");
    command.env("TAJO_URL", &deployment.url).env_remove("TAJO_API_KEY").env_remove("NO_COLOR");
    if no_colour {
        command.env("NO_COLOR", "1");
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut shown, mut typed) = (Vec::new(), false);
    let mut screen = child.stdout.take().unwrap();
    let mut keyboard = child.stdin.take().unwrap();
    let mut piece = [0; 1024];
    loop {
        let read = screen.read(&mut piece).unwrap();
        if read == 0 {
            break;
        }
        shown.extend_from_slice(&piece[..read]);
        let so_far = String::from_utf8_lossy(&shown).into_owned();
        if !typed && so_far.contains(until) {
            // The question is there a moment before the terminal stops showing what is typed.
            let terminal = so_far.lines().next().unwrap().trim();
            assert!((0..500).any(|_| is_silent(terminal)), "{terminal} shows what is typed");
            writeln!(keyboard, "{TYPED}").unwrap();
            typed = true;
        }
    }
    child.wait().unwrap();
    let shown = String::from_utf8_lossy(&shown).into_owned();
    assert!(typed, "never asked: {shown}");
    shown.split_once('\n').unwrap().1.to_owned()
}

/// Whether a terminal does not show what is typed; looks again a little later.
fn is_silent(terminal: &str) -> bool {
    let looked = Command::new("stty").args(["-F", terminal, "-a"]).output().unwrap();
    let is_silent = String::from_utf8_lossy(&looked.stdout).split_whitespace().any(|word| word == "-echo");
    if !is_silent {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    is_silent
}

#[test]
fn the_key_is_asked_for_and_not_shown_while_it_is_typed() {
    let deployment = Deployment::new();
    let shown = at_a_terminal(&deployment, "connectors pause shopify", false, "(not shown): ");
    assert!(shown.starts_with("API key of the deployment (not shown): "), "{shown}");
    assert!(!shown.contains(TYPED), "{shown}");
    assert_eq!(deployment.asked()[0].authorization, format!("Bearer {TYPED}"));
}

#[test]
fn marks_are_coloured_at_a_terminal_unless_somebody_asked_for_none() {
    let deployment = Deployment::new();
    let ticks = json!([{"check": "brevo_key", "verdict": "ok", "text": "Brevo key works"}]);
    deployment.answers("POST /v1/stores/_/test", json!({"ok": true, "store": "demo-shop", "ticks": ticks}));
    let shown = |no_colour| at_a_terminal(&deployment, "connectors test shopify", no_colour, "(not shown): ");
    let (coloured, plain) = (shown(false), shown(true));
    assert!(coloured.contains("\u{1b}[32m✓\u{1b}[0m"), "{coloured:?}");
    assert!(plain.contains('✓') && !plain.contains('\u{1b}'), "{plain:?}");
}
