//! API Gateway's words in, API Gateway's words out.

use lambda_http::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, LOCATION, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS,
};
use lambda_http::http::response::Builder;
use lambda_http::{Body, Error, Request, RequestExt, Response};
use tajo_app::connect::oauth::{Answer, Page, callback, install};
use tajo_app::connect::{ConnectEnv, ConnectError};
use tracing::error;

use crate::{cookie, page};

/// Nothing is loaded, nothing is sent, nobody frames it.
const POLICY: &str = "default-src 'none'; style-src 'sha256-STYLE'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// One request.
pub async fn handle(env: &ConnectEnv, request: Request) -> Result<Response<Body>, Error> {
    let query = request.uri().query().unwrap_or_default();
    let answered = match last_segment(request.raw_http_path()) {
        "install" => install(env, query).await,
        _ => {
            let cookies = request.headers().get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
            callback(env, query, cookie::read(cookies).as_ref()).await.map(Answer::Show)
        }
    };
    match answered {
        Ok(Answer::Go { to, cookie: word }) => {
            let response = common(302).header(LOCATION, to.as_str()).header(SET_COOKIE, cookie::set(&word));
            Ok(response.body(Body::Empty)?)
        }
        Ok(Answer::Show(page)) => {
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

fn common(status: u16) -> Builder {
    Response::builder()
        .status(status)
        .header(CACHE_CONTROL, "no-store")
        // The address holds a code: it is nobody's business where the browser came from.
        .header(REFERRER_POLICY, "no-referrer")
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
}

/// `is_over`: the visit came to its end, and its cookie goes.
fn shown(status: u16, html: String, is_over: bool) -> Result<Response<Body>, Error> {
    let response = common(status)
        .header(CONTENT_TYPE, "text/html; charset=utf-8")
        .header(CONTENT_SECURITY_POLICY, POLICY.replace("'sha256-STYLE'", page::STYLE_HASH))
        .header("x-frame-options", "DENY");
    let response = if is_over { response.header(SET_COOKIE, cookie::clear()) } else { response };
    Ok(response.body(Body::Text(html))?)
}
