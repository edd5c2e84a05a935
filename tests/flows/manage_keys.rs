//! API keys: who gets in, how far, how often, and until when.

use serde_json::{Value, json};
use tajo_api::OPERATIONS;
use tajo_app::manage::Request;
use tajo_app::manage::keys::{KeyError, bootstrap};
use tajo_state::{Attributes, Key};
use tajo_testkit::STORE;

use crate::manage::{Office, at};

fn halves(key: &str) -> (String, String) {
    let (id, secret) = key.strip_prefix("tajo_").unwrap().split_once('_').unwrap();
    (id.to_owned(), secret.to_owned())
}

#[tokio::test]
async fn without_a_good_key_every_operation_is_refused_alike() {
    let office = Office::new("").await;
    let (id, secret) = halves(&office.key);
    let wrong_secret = format!("tajo_{id}_{}{}", &secret[1..], &secret[..1]);
    let unknown = format!("tajo_{}_{secret}", "0".repeat(12));
    let given = [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some(office.key.clone()),
        Some(format!("Basic {}", office.key)),
        Some(format!("Bearer {wrong_secret}")),
        Some(format!("Bearer {unknown}")),
        Some(format!("Bearer {}x", office.key)),
        Some(format!("Bearer {} {}", office.key, office.key)),
        Some(format!("Bearer tajo_{id}_")),
        Some(format!("Bearer tajo_{id}_{}", "0".repeat(64))),
        Some(format!("Bearer tajo_../../{id}_{secret}")),
        Some("Bearer ä\u{0}".to_owned()),
    ];
    for operation in OPERATIONS.iter().filter(|operation| operation.scope.is_some()) {
        let path = operation.path.replace("{store}", STORE).replace("{run}", "r").replace("{id}", "p");
        let path = path.replace("{key}", &id);
        let mut bodies = Vec::new();
        for authorization in &given {
            let request = Request {
                method: operation.method.to_owned(),
                path: path.clone(),
                authorization: authorization.clone(),
                ..Request::default()
            };
            let answer = office.send(&request).await;
            assert_eq!(answer.status, 401, "{} {authorization:?}", operation.id);
            assert_eq!(answer.response.header("www-authenticate"), Some("Bearer"));
            bodies.push(answer.response.body);
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "nothing tells a known id from an unknown one");
    }
}

#[tokio::test]
async fn a_key_does_what_its_scope_says_and_nothing_more() {
    let office = Office::new("").await;
    let order = ["read", "operate", "forward", "admin"];
    for (mine, name) in order.iter().enumerate() {
        let key = office.new_key(name, None).await;
        for operation in OPERATIONS {
            let Some(scope) = operation.scope else { continue };
            let needed = order.iter().position(|name| json!(scope) == *name).unwrap();
            let path = operation.path.replace("{store}", "nobody").replace("{run}", "r").replace("{id}", "p");
            let path = path.replace("{key}", "nobody");
            // Without a body nothing is changed: what is let in fails for that, or finds nobody.
            let answer = office.ask_as(&key, operation.method, &path, Value::Null).await;
            assert_eq!(answer.status == 403, mine < needed, "{name} {}: {}", operation.id, answer.body);
        }
    }
    // Bodies are personal data: listing parked work is not enough.
    let key = office.new_key("read", None).await;
    assert_eq!(office.ask_as(&key, "GET", &at("/parked/p"), Value::Null).await.status, 404);
    assert_eq!(office.ask_as(&key, "GET", &at("/parked/p?body=true"), Value::Null).await.status, 403);
}

#[tokio::test]
async fn a_key_of_one_store_touches_no_other_and_learns_nothing_of_it() {
    let office = Office::new("").await;
    office.add_store("second").await;
    let key = office.new_key("admin", Some(&["second"])).await;
    let seen = office.ask_as(&key, "GET", "/v1/stores", Value::Null).await.body;
    assert_eq!(seen["stores"].as_array().unwrap().len(), 1);
    let (id, _) = halves(&office.key);
    for operation in OPERATIONS.iter().filter(|operation| operation.path.contains("{store}")) {
        let path =
            |store: &str| operation.path.replace("{store}", store).replace("{run}", "r").replace("{id}", "p");
        let other = office.ask_as(&key, operation.method, &path(STORE), json!({})).await;
        let none = office.ask_as(&key, operation.method, &path("no-such-store"), json!({})).await;
        assert_eq!(other.status, 403, "{}", operation.id);
        assert_eq!(other.body, none.body, "{}: whether there is one is not told", operation.id);
    }
    for (method, path, body) in [
        ("GET", "/v1/keys".to_owned(), Value::Null),
        ("POST", "/v1/keys".to_owned(), json!({"name": "x", "scope": "admin"})),
        ("DELETE", format!("/v1/keys/{id}"), Value::Null),
        ("PUT", "/v1/shopify/app".to_owned(), json!({"client_id": "a", "client_secret": "b"})),
        ("POST", "/v1/shopify/app/purge".to_owned(), json!({})),
        (
            "POST",
            "/v1/stores".to_owned(),
            json!({"platform": "shopify", "shop_url": "x.myshopify.com", "store": "x"}),
        ),
    ] {
        assert_eq!(office.ask_as(&key, method, &path, body).await.status, 403, "{method} {path}");
    }
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_from_then_on_and_the_last_admin_key_stays() {
    let office = Office::new("").await;
    let (first, _) = halves(&office.key);
    let last = office.ask("DELETE", &format!("/v1/keys/{first}"), Value::Null).await;
    assert_eq!((last.status, &last.body["code"]), (409, &json!("conflict")));
    // A key of one store, or of a lesser scope, does not stand in for it.
    office.new_key("admin", Some(&[STORE])).await;
    office.new_key("operate", None).await;
    assert_eq!(office.ask("DELETE", &format!("/v1/keys/{first}"), Value::Null).await.status, 409);
    let second = office.new_key("admin", None).await;
    assert_eq!(office.ask_as(&second, "GET", "/v1/stores", Value::Null).await.status, 200);
    assert_eq!(office.ask_as(&second, "DELETE", &format!("/v1/keys/{first}"), Value::Null).await.status, 204);
    assert_eq!(office.ask("GET", "/v1/stores", Value::Null).await.status, 401, "at once");
    let listed = office.ask_as(&second, "GET", "/v1/keys", Value::Null).await.body;
    let ids: Vec<&str> =
        listed["keys"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), ids.contains(&first.as_str())), (3, false));
    let again = office.ask_as(&second, "DELETE", &format!("/v1/keys/{first}"), Value::Null).await;
    assert_eq!(again.status, 404);
}

#[tokio::test]
async fn nothing_that_is_stored_or_listed_opens_anything() {
    let office = Office::new("").await;
    let (id, secret) = halves(&office.key);
    let listed = office.ask("GET", "/v1/keys", Value::Null).await;
    assert!(listed.response.body.contains(&id) && !listed.response.body.contains(&secret));
    assert!(!format!("{:?}", listed.response).contains(&id), "no body in Debug");
    let page = office.manage.connect.table.page(None, 100).await.unwrap();
    let stored: Vec<String> = page.items.iter().map(|held| held.shown().to_string()).collect();
    assert!(
        stored.iter().any(|item| item.contains("\"hash\""))
            && !stored.iter().any(|item| item.contains(&secret))
    );
    let request = Request { authorization: Some(format!("Bearer {}", office.key)), ..Request::default() };
    assert!(!format!("{request:?}").contains(&secret));
}

#[tokio::test]
async fn a_key_that_is_used_too_often_waits_for_the_next_minute_and_others_do_not() {
    let mut office = Office::new("").await;
    office.manage.requests_per_minute = 3;
    office.manage.connect.clock.play("2026-11-24T12:00:20Z".parse().unwrap());
    let other = office.new_key("read", None).await;
    for _ in 0..2 {
        assert_eq!(office.ask("GET", "/v1/stores", Value::Null).await.status, 200);
    }
    let refused = office.ask("GET", "/v1/stores", Value::Null).await;
    assert_eq!((refused.status, refused.response.header("retry-after")), (429, Some("40")));
    assert_eq!(office.ask_as(&other, "GET", "/v1/stores", Value::Null).await.status, 200);
    // Somebody who guesses at the secret does not use up the owner's requests.
    let (id, _) = halves(&other);
    for _ in 0..5 {
        let guess = format!("tajo_{id}_{}", "a".repeat(64));
        assert_eq!(office.ask_as(&guess, "GET", "/v1/stores", Value::Null).await.status, 401);
    }
    assert_eq!(office.ask_as(&other, "GET", "/v1/stores", Value::Null).await.status, 200);
    office.stage.world.advance(jiff::SignedDuration::from_secs(40));
    assert_eq!(office.ask("GET", "/v1/stores", Value::Null).await.status, 200);
}

#[tokio::test]
async fn the_first_key_is_made_once_unless_somebody_insists() {
    let office = Office::new("").await;
    let table = &office.manage.connect.table;
    let now = office.manage.connect.clock.now();
    let (id, _) = halves(&office.key);
    let refused = bootstrap(table, "again", false, now).await.unwrap_err();
    assert!(matches!(&refused, KeyError::ThereIsOne(there) if *there == id), "{refused}");
    assert!(refused.hint().unwrap().contains("--force"));
    assert!(bootstrap(table, "forced", true, now).await.is_ok());
    assert!(matches!(bootstrap(table, "", true, now).await, Err(KeyError::Name)));
}

#[tokio::test]
async fn a_key_is_made_only_as_it_makes_sense() {
    let office = Office::new("").await;
    for bad in [
        json!({}),
        json!({"name": "", "scope": "read"}),
        json!({"name": "x".repeat(65), "scope": "read"}),
        json!({"name": "x", "scope": "root"}),
        json!({"name": "x", "scope": "read", "stores": []}),
        json!({"name": "x", "scope": "read", "stores": ["A"]}),
        json!({"name": "x", "scope": "read", "id": "000000000000"}),
        json!("read"),
        json!([["x", "read"]]),
    ] {
        assert_eq!(office.ask("POST", "/v1/keys", bad.clone()).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_key_with_an_end_opens_nothing_from_then_on_and_says_so_to_its_owner_alone() {
    let office = Office::new("").await;
    office.manage.connect.clock.play("2026-11-24T12:00:00Z".parse().unwrap());
    let asked = json!({"name": "guest", "scope": "admin", "expires_at": "2026-11-25T12:00:00Z"});
    let made = office.post("/v1/keys", asked).await;
    assert_eq!(made["expires_at"], "2026-11-25T12:00:00Z");
    let key = made["secret"].as_str().unwrap();
    assert_eq!(office.ask_as(key, "GET", "/v1/stores", Value::Null).await.status, 200);
    office.stage.world.advance(jiff::SignedDuration::from_secs(24 * 3_600 - 1));
    assert_eq!(office.ask_as(key, "GET", "/v1/stores", Value::Null).await.status, 200);
    office.stage.world.advance(jiff::SignedDuration::from_secs(1));
    let over = office.ask_as(key, "GET", "/v1/stores", Value::Null).await;
    assert_eq!((over.status, &over.body["code"]), (401, &json!("unauthenticated")));
    assert_eq!(over.body["detail"], "this API key expired at 2026-11-25 12:00:00 UTC");
    assert!(over.body["hint"].as_str().unwrap().contains("tajo keys create"));
    let (id, secret) = halves(key);
    let guess = format!("tajo_{id}_{}{}", &secret[1..], &secret[..1]);
    let guessed = office.ask_as(&guess, "GET", "/v1/stores", Value::Null).await;
    assert!(guessed.status == 401 && !guessed.body["detail"].as_str().unwrap().contains("expired"));
    // It is listed as it is, and stands in for no other any more.
    let listed = office.get("/v1/keys").await;
    let of = |name: &str| listed["keys"].as_array().unwrap().iter().find(|key| key["name"] == name).cloned();
    assert_eq!(of("guest").unwrap()["expires_at"], "2026-11-25T12:00:00Z");
    assert_eq!(of("first").unwrap().get("expires_at"), None);
    let (first, _) = halves(&office.key);
    assert_eq!(office.ask("DELETE", &format!("/v1/keys/{first}"), Value::Null).await.status, 409);
    for (end, status) in
        [("2026-11-20T00:00:00Z", 422), ("2099-01-01T00:00:00Z", 422), ("soon", 400), ("9d", 400)]
    {
        let asked = json!({"name": "x", "scope": "read", "expires_at": end});
        assert_eq!(office.ask("POST", "/v1/keys", asked).await.status, status, "{end}");
    }
}

#[tokio::test]
async fn when_a_key_was_last_used_is_noted_once_an_hour_and_a_revoked_one_stays_away() {
    let office = Office::new("").await;
    office.manage.connect.clock.play("2026-11-24T12:00:00Z".parse().unwrap());
    let key = office.new_key("read", None).await;
    let (id, _) = halves(&key);
    let used = async || {
        let listed = office.get("/v1/keys").await;
        let keys = listed["keys"].as_array().unwrap();
        keys.iter().find(|key| key["id"] == id.as_str()).unwrap()["last_used_at"].clone()
    };
    let knock = async || office.ask_as(&key, "GET", "/v1/stores", Value::Null).await.status;
    assert_eq!(used().await, Value::Null);
    assert_eq!(knock().await, 200);
    assert_eq!(used().await, "2026-11-24T12:00:00Z");
    office.stage.world.advance(jiff::SignedDuration::from_mins(59));
    assert_eq!((knock().await, used().await), (200, json!("2026-11-24T12:00:00Z")));
    office.stage.world.advance(jiff::SignedDuration::from_mins(1));
    assert_eq!((knock().await, used().await), (200, json!("2026-11-24T13:00:00Z")));
    // Guessing at its secret is no use of it.
    office.stage.world.advance(jiff::SignedDuration::from_hours(2));
    let guess = format!("tajo_{id}_{}", "a".repeat(64));
    assert_eq!(office.ask_as(&guess, "GET", "/v1/stores", Value::Null).await.status, 401);
    assert_eq!(used().await, "2026-11-24T13:00:00Z");
    assert_eq!(office.ask("DELETE", &format!("/v1/keys/{id}"), Value::Null).await.status, 204);
    assert_eq!(knock().await, 401);
}

#[tokio::test]
async fn a_rolled_key_and_its_successor_both_work_for_a_while() {
    let office = Office::new("").await;
    office.manage.connect.clock.play("2026-11-24T12:00:00Z".parse().unwrap());
    let asked = json!({"name": "night shift", "scope": "operate", "stores": [STORE], "expires_at": "2026-12-24T12:00:00Z"});
    let old = office.post("/v1/keys", asked).await["secret"].as_str().unwrap().to_owned();
    let (id, _) = halves(&old);
    office.stage.world.advance(jiff::SignedDuration::from_hours(10 * 24));
    let path = format!("/v1/keys/{id}/roll");
    let rolled = office.post(&path, json!({"overlap_seconds": 3_600})).await;
    let (made, replaced) = (&rolled["made"], &rolled["replaced"]);
    for (field, value) in
        [("name", json!("night shift")), ("scope", json!("operate")), ("stores", json!([STORE]))]
    {
        assert_eq!(made[field], value);
    }
    assert_eq!(made["expires_at"], "2027-01-03T12:00:00Z", "it lives as long as the old one was to live");
    assert_eq!(
        (&replaced["expires_at"], &replaced["replaced_by"]),
        (&json!("2026-12-04T13:00:00Z"), &made["id"])
    );
    let new = made["secret"].as_str().unwrap().to_owned();
    let status = async |key: &str| office.ask_as(key, "GET", &at(""), Value::Null).await.status;
    assert_eq!((status(&old).await, status(&new).await), (200, 200));
    let again = office.ask("POST", &path, json!({})).await;
    assert_eq!(
        (again.status, again.body["detail"].as_str().unwrap().contains("rolled already")),
        (409, true)
    );
    office.stage.world.advance(jiff::SignedDuration::from_hours(1));
    assert_eq!((status(&old).await, status(&new).await), (401, 200));
    assert_eq!(office.ask("POST", &path, json!({})).await.status, 409, "an expired key hands nothing over");
    assert_eq!(office.ask("POST", "/v1/keys/000000000000/roll", json!({})).await.status, 404);
    assert_eq!(office.ask("POST", &path, json!({"overlap_seconds": 3_000_000})).await.status, 400);
    // A key that may do less rolls nothing, nor one that is bound to a store.
    for (scope, stores) in [("operate", None), ("admin", Some(&[STORE][..]))] {
        let key = office.new_key(scope, stores).await;
        assert_eq!(office.ask_as(&key, "POST", &path, json!({})).await.status, 403);
    }
}

#[tokio::test]
async fn the_last_admin_key_can_be_rolled_by_itself_and_a_lost_secret_is_no_dead_end() {
    let office = Office::new("").await;
    office.manage.connect.clock.play("2026-11-24T12:00:00Z".parse().unwrap());
    let (first, _) = halves(&office.key);
    let path = format!("/v1/keys/{first}/roll");
    let lost = office.post(&path, json!({})).await;
    assert_eq!(
        lost["replaced"]["expires_at"], "2026-11-25T12:00:00Z",
        "a day, unless somebody says otherwise"
    );
    assert_eq!(lost["made"].get("expires_at"), None);
    let gone = format!("/v1/keys/{}", lost["made"]["id"].as_str().unwrap());
    assert_eq!(office.ask("DELETE", &gone, Value::Null).await.status, 204);
    let rolled = office.post(&path, json!({"overlap_seconds": 0})).await;
    assert_eq!(office.ask("GET", "/v1/stores", Value::Null).await.status, 401, "it ended at once");
    let new = rolled["made"]["secret"].as_str().unwrap();
    assert_eq!(office.ask_as(new, "GET", "/v1/keys", Value::Null).await.status, 200);
}

#[tokio::test]
async fn a_key_stored_by_the_version_before_still_opens() {
    let office = Office::new("").await;
    let (id, secret) = halves(&office.key);
    let before = json!({"name": "old", "scope": "admin", "created_at": "2026-01-01T00:00:00Z",
        "hash": stored_hash(&office, &id).await});
    let key = Key::api_key("0123456789ab");
    office.manage.connect.table.put(&key, 0, &before, &Attributes::default()).await.unwrap();
    let old = format!("tajo_0123456789ab_{secret}");
    assert_eq!(office.ask_as(&old, "GET", "/v1/stores", Value::Null).await.status, 200);
}

async fn stored_hash(office: &Office, id: &str) -> Value {
    let stored = office.manage.connect.table.get_newest::<Value>(&Key::api_key(id)).await.unwrap();
    stored.record.unwrap()["hash"].clone()
}
