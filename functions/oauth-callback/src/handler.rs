//! API Gateway's words in, API Gateway's words out.

use tajo_app::connect::oauth::{Answer as Outcome, Page, callback, install};
use tajo_app::connect::{ConnectEnv, ConnectError};
use tajo_gateway::{Answer, Event};
use tracing::error;

use crate::{cookie, page};

/// Nothing is loaded, nothing is sent, nobody frames it.
const POLICY: &str = "default-src 'none'; style-src 'sha256-STYLE'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// One request. What is no request at all is refused like one that nobody signed.
pub async fn handle(env: &ConnectEnv, event: Event) -> Answer {
    let Ok(request) = event.request() else {
        return shown(Page::Refused.status(), page::html(&Page::Refused), false);
    };
    let answered = match last_segment(&request.path) {
        "install" => install(env, &request.query).await,
        _ => {
            let word = cookie::read(request.cookies());
            callback(env, &request.query, word.as_ref()).await.map(Outcome::Show)
        }
    };
    match answered {
        Ok(Outcome::Go { to, cookie: word }) => {
            common(302).header("location", to.as_str()).cookie(cookie::set(&word))
        }
        Ok(Outcome::Show(page)) => {
            let is_over = matches!(page, Page::Connected { .. });
            shown(page.status(), page::html(&page), is_over)
        }
        Err(error) => {
            error!(%error, "a merchant could not be let in");
            let status = if is_passing(&error) { 503 } else { 500 };
            shown(status, page::trouble(), false)
        }
    }
}

fn is_passing(error: &ConnectError) -> bool {
    matches!(error, ConnectError::Busy | ConnectError::Queue(_))
}

fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

fn common(status: u16) -> Answer {
    Answer::empty(status)
        .header("cache-control", "no-store")
        // The address holds a code: it is nobody's business where the browser came from.
        .header("referrer-policy", "no-referrer")
        .header("x-content-type-options", "nosniff")
}

/// `is_over`: the visit came to its end, and its cookie goes.
fn shown(status: u16, html: String, is_over: bool) -> Answer {
    let answer = common(status)
        .header("content-type", "text/html; charset=utf-8")
        .header("content-security-policy", POLICY.replace("'sha256-STYLE'", page::STYLE_HASH))
        .header("x-frame-options", "DENY");
    let answer = if is_over { answer.cookie(cookie::clear()) } else { answer };
    answer.body(html)
}
