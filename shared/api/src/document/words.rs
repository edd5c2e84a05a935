//! What the document says in sentences.

/// What a reader must know before all else.
pub(super) const ABOUT: &str = "Connects stores and runs them. `{store}` may be `_`: the only store that is connected; with several, \
    the answer is 409 with their names. Every problem that the function answers is `application/problem+json`. What API Gateway \
    answers in its place is not: a 429 above a route's own throttle, a 413 above 10 MB, a 503 while the function cannot be \
    reached. HEAD answers as GET does without the body, OPTIONS names the methods of a path, and no answer allows another \
    origin: a key does not belong into a page that a stranger's script could read.";

/// What an operation does.
pub(super) fn summary(id: &str) -> &'static str {
    match id {
        "openapi" => "This document",
        "listStores" => "All stores that the key may touch",
        "connect" => "Connects a store, new or again",
        "status" => "How a store is",
        "editCredentials" => "New credentials; nothing of the history is lost",
        "disconnect" => "Lets a store go",
        "test" => "Checks everything a store needs, and changes nothing",
        "pause" => "Keeps a store's notices until it is resumed",
        "resume" => "Goes on with what was kept, and with all else",
        "getSettings" => "The settings as they were applied",
        "putSettings" => "Checks settings, sets Brevo up for them, and applies them",
        "validateSettings" => "Checks settings, and changes nothing",
        "sync" => "Asks for a run",
        "history" => "The runs, newest first",
        "run" => "One run",
        "logs" => "What became of notices, newest first",
        "trace" => "Everything the connector knows and did for one person or order",
        "handleWebhook" => "Takes a webhook that was received elsewhere, with its signature or without",
        "listParked" => "Work that waits for a person, newest first",
        "showParked" => "One piece of parked work",
        "retryParked" => "Puts parked work back on the queue",
        "dropParked" => "Drops parked work for good",
        "listKeys" => "All API keys, without their secrets",
        "createKey" => "Makes an API key; its secret is shown this once",
        "rollKey" => "Makes a key in another one's place; the old one works on for a while",
        "revokeKey" => "Ends an API key at once",
        "rotateBrevoToken" => {
            "Gives Brevo's webhooks of the store's account a new token; called twice, with a wait between"
        }
        "audit" => "Who changed what, newest first; kept 400 days",
        "setShopifyApp" => "Stores a Shopify app's client id and secret",
        "purgeSecrets" => "Lets earlier secrets of an app, or of a store, sign nothing any more",
        _ => "`shopify.app.toml` for this deployment",
    }
}

/// What a status of a problem means.
pub(super) fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The request makes no sense.",
        401 => "No key, or none that is known.",
        403 => "The key may not do this.",
        404 => "There is no such thing.",
        409 => "Several stores and none is named, or the state is against it.",
        413 => "The body is too large.",
        415 => "The body is not JSON.",
        422 => "Well-formed, but refused.",
        429 => "Too many requests with this key.",
        502 => "Shopify or Brevo did not answer as it should.",
        _ => "The connector's own fault.",
    }
}
