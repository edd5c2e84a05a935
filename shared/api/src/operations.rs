//! Every operation on one screen. Routes, document, router and clients are held against this table by tests.

use crate::Scope;

/// One operation: a method and a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its name in the document.
    pub id: &'static str,
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// As API Gateway writes it. `{store}` may be `_`: the only store there is.
    pub path: &'static str,
    /// What the key must be able to do; `None`: anybody may.
    pub scope: Option<Scope>,
}

/// Sent with a body because of what they ask, and they change nothing.
const ONLY_ASK: [&str; 3] = ["test", "trace", "validateSettings"];

impl Operation {
    /// Whether it changes something: then there is a record of it in the audit log. Everything does that is not known to only
    /// ask.
    pub fn changes(&self) -> bool {
        self.method != "GET" && !ONLY_ASK.contains(&self.id)
    }
}

/// The operation of this name.
const fn operation(
    id: &'static str,
    method: &'static str,
    path: &'static str,
    scope: Option<Scope>,
) -> Operation {
    Operation { id, method, path, scope }
}

const READ: Option<Scope> = Some(Scope::Read);
const OPERATE: Option<Scope> = Some(Scope::Operate);
const ADMIN: Option<Scope> = Some(Scope::Admin);

/// All of them.
#[rustfmt::skip]
pub const OPERATIONS: &[Operation] = &[
    operation("openapi",           "GET",    "/v1/openapi.json",                      None),
    operation("listStores",        "GET",    "/v1/stores",                            READ),
    operation("connect",           "POST",   "/v1/stores",                            ADMIN),
    operation("status",            "GET",    "/v1/stores/{store}",                    READ),
    operation("editCredentials",   "PATCH",  "/v1/stores/{store}",                    ADMIN),
    operation("disconnect",        "DELETE", "/v1/stores/{store}",                    ADMIN),
    operation("test",              "POST",   "/v1/stores/{store}/test",               OPERATE),
    operation("pause",             "POST",   "/v1/stores/{store}/pause",              OPERATE),
    operation("resume",            "POST",   "/v1/stores/{store}/resume",             OPERATE),
    operation("getSettings",       "GET",    "/v1/stores/{store}/settings",           READ),
    operation("putSettings",       "PUT",    "/v1/stores/{store}/settings",           ADMIN),
    operation("validateSettings",  "POST",   "/v1/stores/{store}/settings/validate",  READ),
    operation("sync",              "POST",   "/v1/stores/{store}/syncs",              OPERATE),
    operation("history",           "GET",    "/v1/stores/{store}/syncs",              READ),
    operation("run",               "GET",    "/v1/stores/{store}/syncs/{run}",        READ),
    operation("logs",              "GET",    "/v1/stores/{store}/logs",               READ),
    operation("trace",             "POST",   "/v1/stores/{store}/trace",              OPERATE),
    operation("handleWebhook",     "POST",   "/v1/stores/{store}/webhooks",           OPERATE),
    operation("listParked",        "GET",    "/v1/stores/{store}/parked",             READ),
    operation("showParked",        "GET",    "/v1/stores/{store}/parked/{id}",        READ),
    operation("retryParked",       "POST",   "/v1/stores/{store}/parked/retry",       OPERATE),
    operation("dropParked",        "POST",   "/v1/stores/{store}/parked/drop",        ADMIN),
    operation("rotateBrevoToken",  "POST",   "/v1/stores/{store}/brevo-token",        ADMIN),
    operation("listKeys",          "GET",    "/v1/keys",                              ADMIN),
    operation("createKey",         "POST",   "/v1/keys",                              ADMIN),
    operation("rollKey",           "POST",   "/v1/keys/{key}/roll",                   ADMIN),
    operation("revokeKey",         "DELETE", "/v1/keys/{key}",                        ADMIN),
    operation("audit",             "GET",    "/v1/audit",                             ADMIN),
    operation("setShopifyApp",     "PUT",    "/v1/shopify/app",                       ADMIN),
    operation("purgeSecrets",      "POST",   "/v1/shopify/app/purge",                 ADMIN),
    operation("shopifyAppConfig",  "GET",    "/v1/shopify/app-config",                READ),
];
