//! Bodies of `events/shopify`, about people that occur nowhere else and at times of our choice.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::stage::root;

/// Names of all files of `events/shopify`, without `.json`, sorted.
pub fn files() -> Vec<String> {
    let paths = std::fs::read_dir(root().join("events/shopify")).unwrap().map(|file| file.unwrap().path());
    let mut names: Vec<String> =
        paths.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// `orders-create.paid` is a body of `orders/create`, and `customer-tags_added` one of `customer.tags_added`.
pub fn topic_of(file: &str) -> String {
    let topic = file.split('.').next().unwrap().replacen('-', "/", 1);
    topic.replace("customer/tags", "customer.tags")
}

/// The store that a file is explained with.
pub fn explained_by(file: &str) -> String {
    // A store's name has 63 characters, and some topics take more.
    format!("explain-{}", &tajo_domain::short_hash(file)[..12])
}

/// A file as it stands.
pub fn raw(file: &str) -> Vec<u8> {
    std::fs::read(root().join(format!("events/shopify/{file}.json"))).unwrap()
}

/// A person of the tests.
pub struct Person {
    /// Eight digits.
    pub n: u32,
    pub email: String,
}

/// Number `index` (below ten) of this run.
pub fn person(run: u32, index: u32) -> Person {
    let n = run + index;
    Person { n, email: format!("canary{n}@example.com") }
}

/// A body about this person, created now: stores fire nothing for what was before them.
pub fn about(person: &Person, file: &str) -> Value {
    let n = person.n;
    let mut text = String::from_utf8(raw(file)).unwrap();
    let phone = format!("+49171{:07}", n % 10_000_000);
    for (theirs, ours) in [
        ("jo@example.com", person.email.as_str()),
        ("7201400000011", &format!("72014{n}")),
        ("6101400001001", &format!("61014{n}")),
        ("cart-3f6a1c9e", &format!("cart-{n}")),
        ("chk-b81d20f4", &format!("chk-{n}")),
        ("+491711234567", &phone),
    ] {
        text = text.replace(theirs, ours);
    }
    let mut body: Value = serde_json::from_str(&text).unwrap();
    rename(&mut body, n);
    just_now(&body)
}

/// A body that begins some seconds ago. What follows its beginning by days follows within these seconds: a time after the
/// receipt is not believed, and tells no order.
pub fn just_now(body: &Value) -> Value {
    let created: Timestamp = body["created_at"].as_str().unwrap().parse().unwrap();
    let begins = Timestamp::now() - SignedDuration::from_secs(5);
    timed(body, &|at| match at.duration_since(created) {
        later if later.is_positive() => begins + later / 200_000,
        earlier => begins + earlier,
    })
}

/// Gives everybody in the body a name that no log line has by chance.
fn rename(body: &mut Value, n: u32) {
    match body {
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, n)),
        Value::Object(fields) => {
            for (key, value) in fields {
                match key.as_str() {
                    "first_name" if value.is_string() => *value = json!(format!("Zenobia{n}")),
                    "last_name" if value.is_string() => *value = json!(format!("Quixley{n}")),
                    "address1" if value.is_string() => *value = json!(format!("Narwhal Lane {n}")),
                    _ => rename(value, n),
                }
            }
        }
        _ => {}
    }
}

fn timed(body: &Value, time: &dyn Fn(Timestamp) -> Timestamp) -> Value {
    match body {
        Value::String(text) if text.len() == 25 => match text.parse::<Timestamp>() {
            Ok(at) => json!(time(at).to_string()),
            Err(_) => body.clone(),
        },
        Value::Array(values) => values.iter().map(|value| timed(value, time)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), timed(value, time))).collect())
        }
        _ => body.clone(),
    }
}

/// As it is sent.
pub fn bytes(body: &Value) -> Vec<u8> {
    body.to_string().into_bytes()
}
