//! Web addresses as others can use them: absolute, and percent-encoded where RFC 3986 wants it.

use std::fmt::Write;

use url::Url;

/// The address in the one form that every reader takes: spaces, umlauts, quotes and whatever else RFC 3986 allows nowhere are
/// percent-encoded, what is encoded already stays, the host is in ASCII. `None`: it is no `http` or `https` address.
///
/// Platforms send what merchants typed: file names of images with spaces, handles in any script. Brevo's catalogue and
/// the links in emails want a URL.
pub fn link(text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    if !is_web {
        return None;
    }
    let whole = String::from(url);
    // Only a host may have brackets, and the parser has seen to it.
    let start = whole.find("://").map_or(0, |at| at + 3);
    let end = whole[start..].find(['/', '?', '#']).map_or(whole.len(), |at| start + at);
    let (authority, rest) = whole.split_at(end);
    Some(format!("{authority}{}", encoded(rest)))
}

/// Percent-encodes what may not stand in a path, query or fragment.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut has_fragment = false;
    for (at, c) in text.char_indices() {
        let is_kept = match c {
            // An encoded octet; a lone percent sign is none.
            '%' => {
                text.get(at + 1..at + 3).is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
            }
            // The first begins the fragment, and a fragment has none in it.
            '#' => !std::mem::replace(&mut has_fragment, true),
            c => c.is_ascii_alphanumeric() || "-._~:/?@!$&'()*+,;=".contains(c),
        };
        if is_kept {
            out.push(c);
            continue;
        }
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_stand_in_a_url_is_percent_encoded() {
        for (text, wanted) in [
            ("https://shop.example/a b.jpg", "https://shop.example/a%20b.jpg"),
            ("https://shop.example/größe", "https://shop.example/gr%C3%B6%C3%9Fe"),
            ("https://shop.example/a\"b'c", "https://shop.example/a%22b'c"),
            ("https://shop.example/a|b[1]^{x}`", "https://shop.example/a%7Cb%5B1%5D%5E%7Bx%7D%60"),
            ("https://shop.example/x?q=a b&r=[ü]", "https://shop.example/x?q=a%20b&r=%5B%C3%BC%5D"),
            ("https://shop.example/x#a b", "https://shop.example/x#a%20b"),
            (" https://shop.example/x ", "https://shop.example/x"),
            ("https://müller.example/x", "https://xn--mller-kva.example/x"),
            ("https://shop.example/日本", "https://shop.example/%E6%97%A5%E6%9C%AC"),
        ] {
            assert_eq!(link(text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_encoded_stays_and_nothing_is_encoded_twice() {
        for text in [
            "https://shop.example/a%20b.jpg?v=1761000000",
            "https://shop.example/gr%c3%b6%C3%9Fe?key=a%2Bb%3D#x",
            "http://127.0.0.1:8080/checkouts/cn/abc/recover?key=1&locale=de-DE",
            "http://[::1]/x",
        ] {
            assert_eq!(link(text).as_deref(), Some(text));
        }
        for text in
            ["https://shop.example/100% wool", "https://shop.example/ä%20b|", "https://shop.example/%zz#a#b"]
        {
            let once = link(text).unwrap();
            assert_eq!(link(&once), Some(once.clone()), "{text}");
        }
        assert_eq!(link("https://shop.example/100%").as_deref(), Some("https://shop.example/100%25"));
    }

    #[test]
    fn what_is_no_web_address_is_none() {
        for text in [
            "",
            "cup.jpg",
            "/cup.jpg",
            "//shop.example/x",
            "ftp://shop.example/x",
            "javascript:alert(1)",
            "https://",
            "https://a b/x",
        ] {
            assert_eq!(link(text), None, "{text}");
        }
    }
}
