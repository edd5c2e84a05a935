//! A deployment that answers what a test tells it to, and remembers what it was asked.

#![allow(dead_code, clippy::unwrap_used)] // each test uses a part of it; helpers of tests are tests too

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde::Serialize;
use serde_json::Value;
use tajo_api::{Code, Problem};

pub const KEY: &str = "tajo_test_key-of-nobody";

/// What was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// `GET /v1/stores?limit=1`.
    pub line: String,
    pub authorization: String,
    pub body: Value,
}

type Answers = BTreeMap<String, Vec<(u16, String)>>;

/// The deployment.
pub struct Deployment {
    pub url: String,
    answers: Arc<Mutex<Answers>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub said: String,
}

impl Deployment {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (answers, asked) = (Arc::<Mutex<Answers>>::default(), Arc::<Mutex<Vec<Asked>>>::default());
        let (mine, theirs) = (Arc::clone(&answers), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.unwrap(), &mine, &theirs);
            }
        });
        Self { url, answers, asked }
    }

    /// From now on this is the answer, whatever stands behind the `?`. Said twice: first the one, then the other.
    pub fn answers(&self, line: &str, body: impl Serialize) -> &Self {
        self.answers_with(line, 200, &serde_json::to_string(&body).unwrap())
    }

    pub fn refuses(&self, line: &str, problem: &Problem) -> &Self {
        self.answers_with(line, problem.status, &serde_json::to_string(problem).unwrap())
    }

    pub fn answers_with(&self, line: &str, status: u16, body: &str) -> &Self {
        self.answers.lock().unwrap().entry(line.to_owned()).or_default().push((status, body.to_owned()));
        self
    }

    /// What was asked since the last look.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// Runs `tajo`, which has this deployment and its key in its environment.
    pub fn tajo(&self, arguments: &[&str]) -> Ended {
        self.tajo_with(arguments, &[], "")
    }

    pub fn tajo_with(&self, arguments: &[&str], environment: &[(&str, &str)], stdin: &str) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tajo"));
        command.args(arguments).env("TAJO_URL", &self.url).env("TAJO_API_KEY", KEY);
        for name in
            ["SHOPIFY_API_KEY", "SHOPIFY_API_SECRET", "SHOPIFY_ACCESS_TOKEN", "BREVO_API_KEY", "NO_COLOR"]
        {
            command.env_remove(name);
        }
        command.envs(environment.iter().copied());
        command.current_dir(env!("CARGO_TARGET_TMPDIR"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that needs nothing may be gone before it is told anything.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap().replace(&self.url, "http://deployment");
        Ended { code: output.status.code().unwrap(), out: text(output.stdout), said: text(output.stderr) }
    }

    /// A command with all that came of it, as a person sees it.
    pub fn shown(&self, arguments: &str) -> String {
        let words: Vec<&str> = arguments.split_whitespace().collect();
        let ended = self.tajo(&words);
        let is_for_people = !words.contains(&"--json");
        let wide = ended.out.lines().find(|line| is_for_people && line.chars().count() > 80);
        assert_eq!(wide, None, "tajo {arguments}: more than 80 columns");
        let code = if ended.code == 0 { String::new() } else { format!("exit {}\n", ended.code) };
        format!("$ tajo {arguments}\n{}{}{code}", ended.out, ended.said)
    }
}

/// A problem of this kind.
pub fn problem(code: Code, detail: &str) -> Problem {
    Problem::new(code, detail)
}

fn serve(stream: TcpStream, answers: &Mutex<Answers>, asked: &Mutex<Vec<Asked>>) {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        head.push(line.trim_end().to_owned());
    }
    let Some(first) = head.first() else { return };
    let header = |name: &str| {
        let found = head
            .iter()
            .find_map(|line| line.split_once(": ").filter(|(key, _)| key.eq_ignore_ascii_case(name)));
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    let line = first.trim_end_matches(" HTTP/1.1").to_owned();
    let plain = line.split('?').next().unwrap().to_owned();
    asked.lock().unwrap().push(Asked {
        line,
        authorization: header("authorization"),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    });
    let mut answers = answers.lock().unwrap();
    let (status, body) = match answers.get_mut(&plain) {
        Some(several) if several.len() > 1 => several.remove(0),
        Some(one) => one[0].clone(),
        None => {
            let problem = Problem::new(Code::NotFound, format!("the test knows no answer to {plain}"));
            (404, serde_json::to_string(&problem).unwrap())
        }
    };
    let more = if status == 302 { format!("location: {body}\r\n") } else { String::new() };
    let wait = if status == 429 { "retry-after: 7\r\n" } else { "" };
    let _ = write!(
        reader.into_inner(),
        "HTTP/1.1 {status} Whatever\r\ncontent-length: {}\r\nconnection: close\r\n{more}{wait}\r\n{body}",
        body.len()
    );
}
