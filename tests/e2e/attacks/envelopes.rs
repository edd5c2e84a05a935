//! Requests that are no requests: the public functions answer them, they do not fail.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::stage::{Stage, told};

/// The status of a request whose target is sent byte for byte: HTTP clients would mend it.
async fn status_of(stage: &Stage, method: &str, path_and_query: &str) -> u16 {
    let url = url::Url::parse(&stage.stack.api_url).unwrap();
    let host = url.host_str().unwrap();
    let port = url.port().unwrap();
    let path = url.path().trim_end_matches('/');
    // `*.localhost` names this machine; only the header needs the whole name.
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!(
        "{method} {path}{path_and_query} HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let answer = async {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let mut part = [0; 1024];
        while !answer.windows(2).any(|two| two == b"\r\n") {
            let read = stream.read(&mut part).await.unwrap();
            assert!(read > 0, "no answer to {method} {path_and_query}");
            answer.extend_from_slice(&part[..read]);
        }
        String::from_utf8_lossy(&answer).into_owned()
    };
    let answer = tokio::time::timeout(Duration::from_secs(30), answer).await.unwrap();
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn a_request_of_a_stranger_is_answered_whatever_its_address_holds() {
    told(async |stage| {
        for (method, address) in [
            ("POST", "/webhooks/shopify?a=\""),
            ("POST", "/webhooks/shopify?a=%22&b=%ff%00<>{}|\\^`"),
            ("POST", "/webhooks/shopify/\"<script>"),
            ("POST", "/brevo/%00\"?x=\""),
            ("GET", "/oauth/shopify/install?shop=\""),
            ("GET", "/oauth/shopify/callback?code=\"&shop=<>&state={}"),
            ("GET", "/v1/stores?limit=\""),
        ] {
            let status = status_of(stage, method, address).await;
            assert!((400..500).contains(&status), "{method} {address}: {status}");
        }
    });
}
