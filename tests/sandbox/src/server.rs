//! The sandbox over HTTP, on loopback only.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response as HttpResponse;
use axum::routing::get;
use futures::stream::{self, StreamExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::http::{Ending, Request, Response};
use crate::sandbox::Sandbox;
use crate::{admin, page};

/// Brevo's largest documented body is the 10 MB of an import.
const MOST_BYTES: usize = 12 * 1024 * 1024;

/// A sandbox that listens. It stops when this is dropped.
pub struct Running {
    /// `http://127.0.0.1:PORT`, without a trailing slash. Brevo is at `/v3` below it.
    pub url: String,
    task: JoinHandle<io::Result<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Running {
    /// Waits until the server ends, which it does only on an error.
    pub async fn finished(&mut self) -> io::Result<()> {
        (&mut self.task).await.map_err(io::Error::other)?
    }
}

impl Sandbox {
    /// Brevo at `/v3`, every shop's Admin API at `/admin/api`, the sandbox's own admin API at `/_sandbox`, the web page at `/`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", get(page::show))
            .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
            .nest("/_sandbox", admin::router())
            .fallback(play)
            .with_state(self.clone())
    }

    /// Listens on a free port of 127.0.0.1.
    #[expect(clippy::expect_used, reason = "for tests: without a port there is nothing left to test")]
    pub async fn spawn(&self) -> Running {
        self.listen(0).await.expect("a free port on 127.0.0.1")
    }

    /// Listens on this port of 127.0.0.1; 0 picks a free one.
    pub async fn listen(&self, port: u16) -> io::Result<Running> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let router = self.router();
        let task = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Running { url, task })
    }
}

async fn play(State(sandbox): State<Sandbox>, request: HttpRequest) -> HttpResponse {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return to_http(Response::error(413, "bad_request", "The body is too large"));
    };
    let headers = parts.headers.iter();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let response = sandbox.call(Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: headers.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body: body.to_vec(),
    });
    tokio::time::sleep(response.delay).await;
    to_http(response)
}

fn to_http(response: Response) -> HttpResponse {
    let body = match response.ending {
        Ending::Whole => Body::from(response.body),
        Ending::Truncated => half_sent(response.body),
        // Ends the connection's task, and with it the connection, without a word on the wire or on stderr.
        Ending::Dropped => std::panic::resume_unwind(Box::new("the sandbox drops this connection")),
    };
    let mut http = HttpResponse::new(body);
    *http.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in response.headers {
        let name = HeaderName::try_from(name);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            http.headers_mut().insert(name, value);
        }
    }
    http
}

/// Sends what there is and then breaks off, so that the caller sees the body end too early.
fn half_sent(half: Vec<u8>) -> Body {
    let sent = stream::once(async { Ok::<_, io::Error>(Bytes::from(half)) });
    let broken = stream::once(async {
        // Time for the first half to leave the buffers.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(io::Error::other("the sandbox truncates this body"))
    });
    Body::from_stream(sent.chain(broken))
}

/// Ends after `seconds`, or when asked to by SIGTERM or Ctrl-C.
pub async fn wait_for_the_end(running: &mut Running, seconds: u64) -> io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        finished = running.finished() => finished,
        () = tokio::time::sleep(Duration::from_secs(seconds)) => Ok(()),
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}
