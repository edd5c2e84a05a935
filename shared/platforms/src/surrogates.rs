//! Halves of surrogate pairs in JSON: some shops send `"\ud83d"` alone (an emoji cut in two), which is no character, so
//! that no JSON reader takes the body. The half is replaced; everything else is read.

use std::borrow::Cow;
use std::ops::Range;

/// U+FFFD, as JSON writes it: as long as what it replaces.
const REPLACEMENT: &[u8] = b"\\ufffd";

/// The body with every lone half of a surrogate pair replaced. A body without any, which is nearly every body, is
/// handed back as it is, after one look at its backslashes.
pub fn mended(body: &[u8]) -> Cow<'_, [u8]> {
    let halves = lone_halves(body);
    if halves.is_empty() {
        return Cow::Borrowed(body);
    }
    let mut mended = body.to_vec();
    for half in halves {
        mended[half].copy_from_slice(REPLACEMENT);
    }
    Cow::Owned(mended)
}

/// Where the halves stand. Backslashes are only in strings, and each escapes what follows it.
fn lone_halves(body: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = body.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        let escape = at + next;
        let Some(unit) = unit_at(body, escape) else {
            at = escape + 2;
            continue;
        };
        at = escape + REPLACEMENT.len();
        match unit {
            0xD800..=0xDBFF if matches!(unit_at(body, at), Some(0xDC00..=0xDFFF)) => at += REPLACEMENT.len(),
            0xD800..=0xDFFF => found.push(escape..at),
            _ => {}
        }
    }
    found
}

/// The code unit of the escape `\uXXXX` that begins here.
fn unit_at(body: &[u8], at: usize) -> Option<u16> {
    let digits = body.get(at..at + REPLACEMENT.len())?.strip_prefix(b"\\u")?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> String {
        serde_json::from_slice(&mended(json.as_bytes())).unwrap()
    }

    #[test]
    fn half_a_character_is_replaced_and_everything_else_stays() {
        assert_eq!(read(r#""a\ud83d""#), "a\u{FFFD}");
        assert_eq!(read(r#""\uDE00b""#), "\u{FFFD}b");
        assert_eq!(read(r#""\ud83d\ud83d\ude00""#), "\u{FFFD}😀");
        assert_eq!(read(r#""\ud83d\n\ude00""#), "\u{FFFD}\n\u{FFFD}");
        assert_eq!(read(r#""\ude00\ud83d""#), "\u{FFFD}\u{FFFD}");
    }

    #[test]
    fn what_needs_no_mending_is_not_copied() {
        for json in [
            r#""\ud83d\ude00""#,
            r#""\\ud83d""#,
            r#""\\\\ud83d \u00fc""#,
            "\"😀\"",
            r#"{"a": "\"}"#,
            "\\",
            "\\ud8",
        ] {
            assert!(matches!(mended(json.as_bytes()), Cow::Borrowed(_)), "{json}");
        }
        assert!(matches!(mended(br#""\\\ud83d""#), Cow::Owned(_)), "a backslash, and then half a character");
    }
}
