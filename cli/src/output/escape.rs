//! Text of others, made harmless for a terminal.
//!
//! Names, reasons and bodies come from shops, from Brevo and from strangers. A terminal acts on control characters, shows text in
//! another order after bidirectional controls, and shows nothing at all for format characters: each of them is shown as an
//! escape instead.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a terminal could act on the character, or a reader would not see that it is there: C0, DEL and C1 controls, line and
/// paragraph separators, and the format characters (Unicode's Cf, with the fillers and selectors that are as invisible). Left out
/// are the few format characters that have a glyph, such as the Arabic number sign, and the emoji selectors U+FE00 to U+FE0F.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        // Soft hyphen, grapheme joiner, Arabic letter mark, Hangul and Khmer fillers, Mongolian vowel separator.
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        // Zero-width characters and direction marks; separators, embeddings and overrides; joiners, isolates, invisible signs.
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        // Controls of hieroglyphs, of shorthand and of music; tags and the rest of the plane that is ignored by default.
        | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// One line's worth of text: also line feeds and tabs are escaped, so that no value makes a line of its own.
pub(super) fn line(text: &str) -> Cow<'_, str> {
    escaped(text, is_hidden, |escaped, c| escaped.extend(c.escape_default()))
}

/// Text of several lines, such as a settings document: line feeds and tabs stay.
pub(super) fn block(text: &str) -> Cow<'_, str> {
    escaped(text, is_hidden_in_a_block, |escaped, c| escaped.extend(c.escape_default()))
}

/// JSON that stays the same JSON: what is hidden stands in strings only, and there as `\uXXXX`.
pub(super) fn json(text: &str) -> Cow<'_, str> {
    escaped(text, is_hidden_in_a_block, |escaped, c| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string does not fail.
            let _ = write!(escaped, "\\u{unit:04x}");
        }
    })
}

fn is_hidden_in_a_block(c: char) -> bool {
    is_hidden(c) && c != '\n' && c != '\t'
}

fn escaped(text: &str, is_meant: fn(char) -> bool, escape: fn(&mut String, char)) -> Cow<'_, str> {
    if !text.contains(is_meant) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_meant(c) { escape(&mut escaped, c) } else { escaped.push(c) }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn escapes_of_a_terminal_are_shown_and_not_acted_on() {
        let title = "\u{1b}]0;owned\u{7}Jo\u{9b}2J\r\u{202e}moc.elpmaxe\u{2066}\u{200b}\u{e0041}\u{7f}";
        let shown = r"\u{1b}]0;owned\u{7}Jo\u{9b}2J\r\u{202e}moc.elpmaxe\u{2066}\u{200b}\u{e0041}\u{7f}";
        assert_eq!(line(title), shown);
        assert_eq!(line("a\nb\tc"), r"a\nb\tc");
        assert_eq!(block("a\nb\tc\r"), "a\nb\tc\\r");
        assert_eq!(line("Jo Müller, 株式会社, ❤\u{fe0f}"), "Jo Müller, 株式会社, ❤\u{fe0f}");
    }

    #[test]
    fn every_bidirectional_control_counts_as_hidden() {
        let bidi = ['\u{61c}', '\u{200e}', '\u{200f}'].into_iter();
        for c in bidi.chain('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}') {
            assert!(is_hidden(c), "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_leaves_with_anything_hidden(text in any::<String>(), odd in "[\\x00-\\x1f\\x7f-\\x9f\u{200b}-\u{206f}\u{e0000}-\u{e007f}a]{0,20}") {
            let text = text + &odd;
            prop_assert!(!line(&text).contains(is_hidden));
            prop_assert!(!block(&text).contains(is_hidden_in_a_block));
        }

        #[test]
        fn json_stays_the_same_json(text in any::<String>(), odd in "[\\x00-\\x1f\\x7f-\\x9f\u{200b}-\u{206f}\u{e0000}-\u{e007f}\"\\\\a]{0,20}") {
            let value = json!({ text.clone(): [odd.clone(), {"inner": text + &odd}] });
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let shown = json(&pretty);
            prop_assert!(!shown.contains(is_hidden_in_a_block));
            prop_assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
        }
    }
}
