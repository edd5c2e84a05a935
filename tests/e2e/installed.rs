//! Stores that are connected as anybody connects one: through `tajo`, with an app of their own organisation.

use std::process::{Command, Output};
use std::time::Duration;

use serde_json::{Value, json};
use tajo_sandbox::shopify::nodes;

use crate::bodies::{bytes, just_now, raw};
use crate::connect::Store;
use crate::shop::Letter;
use crate::stage::Stage;

/// A shop, its app and its Brevo account. Its names and secrets are those that `scripts/sdk.sh` goes on with.
pub struct Shop {
    pub store: String,
    pub client_id: String,
    pub client_secret: String,
    pub brevo_key: String,
    /// Opens the management API for this store alone: on this stack are others.
    pub key: String,
}

impl Shop {
    /// Opens a shop that nobody has connected yet, in which Jo ticked the box for the newsletter.
    pub async fn open(stage: &Stage, store: &str) -> Self {
        let shop = Self {
            store: store.to_owned(),
            client_id: format!("client-of-{store}"),
            client_secret: format!("secret-of-{store}"),
            brevo_key: format!("xkeysib-of-{store}"),
            key: String::new(),
        };
        let account =
            json!({"api_key": shop.brevo_key, "name": store, "ecommerce_active": true, "rate_limits": false});
        stage.tell_sandbox("/accounts", &account).await;
        shop.change_app(stage, &shop.client_secret).await;
        stage.canaries.secret(&shop.brevo_key);
        let made = shop.said(stage.tajo().args([
            "keys",
            "create",
            "--name",
            "e2e",
            "--scope",
            "admin",
            "--store",
            store,
            "--shop",
            &shop.address(),
        ]));
        stage.canaries.secret(&made);
        Self { key: made, ..shop }
    }

    /// The shop knows this secret of the app from now on.
    pub async fn change_app(&self, stage: &Stage, secret: &str) {
        stage.canaries.secret(secret);
        let app = json!({"client_id": self.client_id, "client_secrets": [secret], "own_organisation": true});
        let mut customer = nodes::customer(&jo());
        customer["defaultEmailAddress"]["marketingState"] = json!("SUBSCRIBED");
        customer["defaultEmailAddress"]["marketingUpdatedAt"] = json!("2026-11-02T08:00:00Z");
        let shop = json!({"shop": self.address(), "app": app, "customers": [customer]});
        stage.tell_sandbox("/shopify/shops", &shop).await;
    }

    /// `tajo` with the store's key and secrets in its environment.
    pub fn prepare<'a>(&self, stage: &Stage, command: &'a mut Command) -> &'a mut Command {
        command.env("TAJO_URL", &stage.stack.api_url).env("TAJO_API_KEY", &self.key);
        command.env("SHOPIFY_API_KEY", &self.client_id).env("SHOPIFY_API_SECRET", &self.client_secret);
        command.env("BREVO_API_KEY", &self.brevo_key)
    }

    /// What a command that must succeed prints.
    fn said(&self, command: &mut Command) -> String {
        let Output { status, stdout, stderr } = command.output().unwrap();
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap().trim().to_owned()
    }

    pub fn address(&self) -> String {
        format!("{}.myshopify.com", self.store)
    }

    /// Jo signs up now, and the connector hears of it; gives back the delivery's id.
    pub async fn sign_up(&self, stage: &Stage) -> String {
        let store = Store {
            name: self.store.clone(),
            id: self.store.clone(),
            shop: self.address(),
            client_secret: self.client_secret.clone(),
            account: self.store.clone(),
            settings: String::new(),
            set_up_until: None,
        };
        // Bodies begin five seconds ago, and what was before the connection is no news.
        tokio::time::sleep(Duration::from_secs(6)).await;
        let body = bytes(&just_now(&jo()));
        // Ingress reads its keyring once a minute.
        for _ in 0..140 {
            let letter = Letter::new(&store, "customers/create", &body);
            if stage.post(&letter).await.status == 200 {
                stage.ending(&self.store, letter.id()).await;
                return letter.id().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        panic!("the new store is not known after a minute");
    }
}

fn jo() -> Value {
    serde_json::from_slice(&raw("customers-create")).unwrap()
}
