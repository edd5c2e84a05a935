//! The world: accounts, faults on order and the log of calls, behind one lock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::brevo::{Account, AccountSettings, Happened, Happening, State};
use crate::faults::{self, Action, Fault};
use crate::http::{Request, Response};
use crate::shopify::{Shop, ShopSettings, admin_api, oauth};

/// The API key of the account that exists from the start.
pub const DEFAULT_KEY: &str = "xkeysib-sandbox";

/// A sandbox. Clones share one world.
#[derive(Clone)]
pub struct Sandbox {
    world: Arc<Mutex<World>>,
}

/// One call that was received, whatever became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Call {
    /// 1 for the first call, and so on.
    pub n: usize,
    /// When it arrived.
    pub time: Timestamp,
    /// The account whose key it carried, or the shop whose token.
    pub account: Option<String>,
    /// `GET`, `POST`, ...
    pub method: String,
    /// The path, percent-encoded as it came.
    pub path: String,
    /// The query, percent-encoded as it came.
    pub query: String,
    /// The status the caller saw; 0 when the connection was closed without an answer.
    pub status: u16,
    /// The body as JSON, as text when it is not JSON, null when there is none.
    pub request: Value,
    /// The answer's body, likewise.
    pub response: Value,
    /// The fault that was applied.
    pub fault: Option<String>,
}

struct World {
    /// With the key that opens each. The keys stay in here.
    accounts: Vec<(String, Account)>,
    shops: Vec<Shop>,
    faults: Vec<Fault>,
    calls: Vec<Call>,
}

impl World {
    fn new() -> Self {
        Self {
            accounts: vec![(DEFAULT_KEY.to_owned(), Account::new("account-1"))],
            shops: Vec::new(),
            faults: Vec::new(),
            calls: Vec::new(),
        }
    }

    fn account(&mut self, api_key: Option<&str>) -> Option<&mut Account> {
        let key = api_key?;
        self.accounts.iter_mut().find(|(known, _)| known == key).map(|(_, account)| account)
    }

    /// The account or shop whose key the request carries.
    fn caller(&mut self, request: &Request) -> Option<String> {
        if oauth::is_oauth(request) {
            return oauth::shop_of(&mut self.shops, request).map(|shop| shop.address.clone());
        }
        if admin_api::is_for_a_shop(request) {
            return admin_api::shop_of(&mut self.shops, request).map(|shop| shop.address.clone());
        }
        self.account(request.header("api-key")).map(|account| account.name().to_owned())
    }

    fn shop(&mut self, address: &str) -> &mut Shop {
        let known = self.shops.iter().position(|shop| shop.address == address);
        let index = known.unwrap_or_else(|| {
            self.shops.push(Shop::new(address));
            self.shops.len() - 1
        });
        &mut self.shops[index]
    }

    fn answer(&mut self, request: &Request, now: Timestamp) -> Response {
        if oauth::is_oauth(request) {
            return oauth::answer(&mut self.shops, request, now);
        }
        if admin_api::is_for_a_shop(request) {
            return admin_api::answer(&mut self.shops, request, now);
        }
        match self.account(request.header("api-key")) {
            Some(account) => account.handle(request, now),
            None => Response::error(401, "unauthorized", "Key not found"),
        }
    }
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Sandbox {
    /// A sandbox with one account, opened by [`DEFAULT_KEY`].
    pub fn new() -> Self {
        Self { world: Arc::new(Mutex::new(World::new())) }
    }

    /// Answers a request now.
    pub fn call(&self, request: Request) -> Response {
        self.call_at(request, Timestamp::now())
    }

    /// Answers a request at a time of the caller's choice: rate windows, dates and queues follow it.
    pub fn call_at(&self, request: Request, now: Timestamp) -> Response {
        let mut world = self.lock();
        let fault = faults::take(&mut world.faults, &request);
        let response = match &fault {
            Some(action) => action.answer(|| world.answer(&request, now)),
            None => world.answer(&request, now),
        };
        let account = world.caller(&request);
        let n = world.calls.len() + 1;
        let written = |body: &[u8]| {
            let body = readable(body);
            if oauth::is_oauth(&request) { oauth::without_secrets(body) } else { body }
        };
        world.calls.push(Call {
            n,
            time: now,
            account,
            status: response.status,
            request: written(&request.body),
            response: written(&response.body),
            fault: fault.as_ref().map(Action::name),
            method: request.method,
            path: request.path,
            query: request.query,
        });
        response
    }

    /// What the default account knows now.
    pub fn state(&self) -> State {
        self.state_at(Timestamp::now())
    }

    /// What the default account knows at a time of the caller's choice.
    pub fn state_at(&self, now: Timestamp) -> State {
        let mut world = self.lock();
        // The first account is never removed.
        let account = &mut world.accounts[0].1;
        account.settle(now);
        account.state()
    }

    /// What an account knows now, by its name or its API key.
    pub fn state_of(&self, name_or_key: &str) -> Option<State> {
        let mut world = self.lock();
        let fits =
            |(key, account): &&mut (String, Account)| key == name_or_key || account.name() == name_or_key;
        let (_, account) = world.accounts.iter_mut().find(fits)?;
        account.settle(Timestamp::now());
        Some(account.state())
    }

    /// The names of all accounts, the default one first.
    pub fn account_names(&self) -> Vec<String> {
        self.lock().accounts.iter().map(|(_, account)| account.name().to_owned()).collect()
    }

    /// Every call so far, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// Forgets the calls so far: a benchmark makes very many.
    pub fn forget_calls(&self) {
        self.lock().calls.clear();
    }

    /// Creates the account of this key, or changes it. Answers its name.
    pub fn configure(&self, settings: &AccountSettings) -> String {
        let mut world = self.lock();
        if world.account(Some(&settings.api_key)).is_none() {
            let name = format!("account-{}", world.accounts.len() + 1);
            world.accounts.push((settings.api_key.clone(), Account::new(&name)));
        }
        let account = world.account(Some(&settings.api_key));
        account.map_or_else(String::new, |account| {
            account.configure(settings);
            account.name().to_owned()
        })
    }

    /// Creates the shop of this address, or changes it.
    pub fn configure_shop(&self, settings: &ShopSettings) {
        self.lock().shop(&settings.shop).configure(settings);
    }

    /// Lets something happen to a contact in Brevo, and says what Brevo would post to whom.
    pub fn happen(&self, wanted: &Happening, now: Timestamp) -> Result<Happened, String> {
        let mut world = self.lock();
        match &wanted.api_key {
            Some(key) => world.account(Some(key)).ok_or("No account has this key.")?.happen(wanted, now),
            // The first account is never removed.
            None => world.accounts[0].1.happen(wanted, now),
        }
    }

    /// An object that a shop knows, by its global id.
    pub fn shop_object(&self, address: &str, id: &str) -> Option<Value> {
        self.lock().shop(address).object(id).cloned()
    }

    /// A shop knows this object of the Admin API from now on, instead of the one with the same id.
    pub fn teach_shop(&self, address: &str, object: Value) {
        self.lock().shop(address).learn(object);
    }

    /// The webhooks that the app has in a shop.
    pub fn webhooks(&self, address: &str) -> Vec<Value> {
        self.lock().shop(address).webhooks()
    }

    /// The addresses of all shops.
    pub fn shops(&self) -> Vec<String> {
        self.lock().shops.iter().map(|shop| shop.address.clone()).collect()
    }

    /// Orders a fault.
    pub fn add_fault(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    /// The faults that are still to come.
    pub fn faults(&self) -> Vec<Fault> {
        self.lock().faults.clone()
    }

    /// Cancels all faults.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// Back to the first day: accounts, shops, faults and calls are forgotten.
    pub fn reset(&self) {
        *self.lock() = World::new();
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        // A test that failed while holding the lock must not fail the others.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn readable(body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(body).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()))
}
