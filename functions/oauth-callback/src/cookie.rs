//! The cookie that belongs to one browser and one visit.

use secrecy::{ExposeSecret, SecretString};
use tajo_app::connect::oauth::VISIT;

/// `__Host-`: no other host, not even one of ours, can set it for us (RFC 6265bis, section 4.1.3).
const NAME: &str = "__Host-tajo-visit";

/// Where it is valid and who may read it. Lax: it comes along when the shop sends the browser back.
const BOUNDS: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// Sets it for one visit.
pub(crate) fn set(word: &SecretString) -> String {
    format!("{NAME}={}; Max-Age={}; {BOUNDS}", word.expose_secret(), VISIT.as_secs())
}

/// Takes it away.
pub(crate) fn clear() -> String {
    format!("{NAME}=; Max-Age=0; {BOUNDS}")
}

/// What it holds. Two of one name are none: somebody put one there.
pub(crate) fn read<'a>(headers: impl Iterator<Item = &'a str>) -> Option<SecretString> {
    let pairs = headers.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs.filter(|(name, _)| *name == NAME).map(|(_, value)| value.trim());
    let word = ours.next().filter(|word| !word.is_empty())?;
    ours.next().is_none().then(|| word.to_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(headers: &[&str]) -> Option<String> {
        read(headers.iter().copied()).map(|word| word.expose_secret().to_owned())
    }

    #[test]
    fn only_one_cookie_of_exactly_this_name_counts() {
        let set = set(&"w0rd".into());
        assert_eq!(set, "__Host-tajo-visit=w0rd; Max-Age=600; Path=/; Secure; HttpOnly; SameSite=Lax");
        assert_eq!(word(&["a=1; __Host-tajo-visit=w0rd; b=2"]).as_deref(), Some("w0rd"));
        assert_eq!(word(&["a=1", "__Host-tajo-visit=w0rd"]).as_deref(), Some("w0rd"));
        for none in ["__host-tajo-visit=w0rd", "tajo-visit=w0rd", "__Host-tajo-visit=", "a=__Host-tajo-visit"]
        {
            assert_eq!(word(&[none]), None, "{none}");
        }
        assert_eq!(word(&["__Host-tajo-visit=a; __Host-tajo-visit=b"]), None);
    }
}
