//! Where the next page begins, as a text that callers hand back. It names a place in a list and nothing of whose list it is:
//! store and list come from the request that the key was checked for, so a cursor that somebody made up only begins elsewhere.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use tajo_api::CURSOR_LENGTH;
use tajo_state::LogPlace;

use super::fault::Fault;
use super::router::is_name;

/// Of a list that is ordered by time.
pub(super) fn of_item(id: &str, at: Timestamp) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {id}", at.as_millisecond()))
}

/// Reads one.
pub(super) fn item(text: &str) -> Result<(String, Timestamp), Fault> {
    let text = decoded(text)?;
    let (at, id) = text.split_once(' ').ok_or_else(broken)?;
    let at = at.parse().ok().and_then(|at| Timestamp::from_millisecond(at).ok()).ok_or_else(broken)?;
    if !is_name(id) {
        return Err(broken());
    }
    Ok((id.to_owned(), at))
}

/// Of the log.
pub(super) fn of_line(place: &LogPlace) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {}", place.line, place.key))
}

/// Reads one.
pub(super) fn line(text: &str) -> Result<LogPlace, Fault> {
    let text = decoded(text)?;
    let (line, key) = text.split_once(' ').ok_or_else(broken)?;
    let line = line.parse().map_err(|_| broken())?;
    // Keys begin with an hour: `2026-11-21T22`.
    let is_hour = key.len() >= 13
        && key.is_char_boundary(13)
        && format!("{}:00:00Z", &key[..13]).parse::<Timestamp>().is_ok();
    if !is_hour || !key.chars().all(|c| c.is_ascii_graphic()) {
        return Err(broken());
    }
    Ok(LogPlace { key: key.to_owned(), line })
}

/// Of the audit log: a key that begins with a time.
pub(super) fn of_place(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// Reads one.
pub(super) fn place(text: &str) -> Result<String, Fault> {
    let key = decoded(text)?;
    let time = key.split_once('#').and_then(|(time, _)| time.parse::<Timestamp>().ok());
    time.filter(|_| key.chars().all(|c| c.is_ascii_graphic())).map(|_| key).ok_or_else(broken)
}

fn decoded(text: &str) -> Result<String, Fault> {
    if CURSOR_LENGTH < text.len() {
        return Err(broken());
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| broken())?;
    String::from_utf8(bytes).map_err(|_| broken())
}

fn broken() -> Fault {
    Fault::invalid("the cursor is none that was given out")
        .hint("take `next` of the page before, or leave it out for the first")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_whatever_else_is_refused() {
        let at = Timestamp::from_millisecond(1_764_000_000_123).unwrap();
        assert_eq!(item(&of_item("d-1:2", at)).unwrap(), ("d-1:2".to_owned(), at));
        let place = LogPlace { key: "2026-11-24T12:00:00.001Z#a1b2".to_owned(), line: 3 };
        assert_eq!(line(&of_line(&place)).unwrap(), place);
        let key = "2026-11-24T12:00:00.001Z#0123456789ab".to_owned();
        assert_eq!(super::place(&of_place(&key)).unwrap(), key);
        let made = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for bad in [
            "",
            "!",
            "AAAA",
            &made("1"),
            &made("x d-1"),
            &made("1 a#b"),
            &made("1 a b"),
            &made("99999999999999999999 a"),
            &made("1 "),
            &made("1 ../x"),
        ] {
            assert!(item(bad).is_err(), "{bad}");
        }
        for bad in [&made("audit"), &made("#x"), &made("2026-11#x"), &made("2026-11-24T12:00:00Z#ä")] {
            assert!(super::place(bad).is_err(), "{bad}");
        }
        for bad in [
            &made("0 log#other"),
            &made("-1 2026-11-24T12"),
            &made("0 2026-13-24T12#x"),
            &made("0 2026-11-24T12 #x"),
            &made(&format!("0 2026-11-24T12{}", "x".repeat(400))),
        ] {
            assert!(line(bad).is_err(), "{bad}");
        }
    }
}
