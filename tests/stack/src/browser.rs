//! A browser as a script: it follows redirects and keeps cookies, for addresses of this deployment alone.

use std::sync::Mutex;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;

use crate::{Error, Result, Stack};

/// More steps than an installation has.
const MOST_STEPS: usize = 8;

/// A browser that knows where on this machine the deployment is.
pub(crate) struct Browser<'a> {
    stack: &'a Stack,
    client: reqwest::Client,
    /// Of the deployment's own host: `name=value`.
    cookie: Mutex<Option<String>>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(stack: &'a Stack) -> Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build();
        let client = client.map_err(|error| Error::new(format!("no browser can be made: {error}")))?;
        Ok(Self { stack, client, cookie: Mutex::default() })
    }

    /// Opens an address, follows wherever it leads, and answers the last page.
    pub(crate) async fn walk(&self, url: &str) -> Result<String> {
        let mut url = url.to_owned();
        for _ in 0..MOST_STEPS {
            let failed =
                |error: reqwest::Error| Error::new(format!("the browser cannot open a page: {error}"));
            // A hosts file: what is public on AWS is on this machine here.
            let is_ours = url.starts_with(&self.stack.public_url);
            let mut request = self.client.get(url.replacen(&self.stack.public_url, &self.stack.local_url, 1));
            let cookie = self.cookie.lock().map(|cookie| cookie.clone()).unwrap_or_default();
            if let Some(cookie) = cookie.filter(|_| is_ours) {
                request = request.header(COOKIE, cookie);
            }
            let answer = request.send().await.map_err(failed)?;
            let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
            if let (true, Some(set), Ok(mut cookie)) = (is_ours, header(SET_COOKIE), self.cookie.lock()) {
                let pair = set.split(';').next().unwrap_or_default();
                *cookie = (!pair.ends_with('=')).then(|| pair.to_owned());
            }
            match header(LOCATION).map(str::to_owned) {
                Some(to) => url = to,
                None => return answer.text().await.map_err(failed),
            }
        }
        Err(Error::new("the installation sends the browser round and round"))
    }
}
