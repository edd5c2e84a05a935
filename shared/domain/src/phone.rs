//! Phone numbers in E.164, by real metadata.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A phone number in E.164 (`+491711234567`), the only form Brevo never misreads. Built by [`Phone::parse`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phone(String);

/// The text is no phone number of the country it should be of. The text itself is left out: it is personal.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a valid phone number, or its country is not known")]
pub struct InvalidPhone;

impl Phone {
    /// Reads a number as written by a person. `country` (ISO 3166, two letters) is used where the number
    /// does not name one itself; without either the number is refused rather than guessed.
    pub fn parse(text: &str, country: Option<&str>) -> Result<Self, InvalidPhone> {
        let country =
            country.and_then(|code| phonenumber::country::Id::from_str(&code.to_ascii_uppercase()).ok());
        let number = phonenumber::parse(country, text).map_err(|_| InvalidPhone)?;
        if !phonenumber::is_valid(&number) {
            return Err(InvalidPhone);
        }
        Ok(Self(number.format().mode(phonenumber::Mode::E164).to_string()))
    }

    /// The number with its leading `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_number_gets_the_country_it_is_read_in() {
        assert_eq!(Phone::parse("(0)171 1234567", Some("de")).unwrap().as_str(), "+491711234567");
        assert_eq!(Phone::parse("+1 (206) 342-8631", Some("DE")).unwrap().as_str(), "+12063428631");
    }

    #[test]
    fn a_number_of_no_country_is_refused() {
        for (text, country) in [("0171 1234567", None), ("12", Some("US")), ("", Some("US")), ("abc", None)] {
            assert_eq!(Phone::parse(text, country), Err(InvalidPhone), "{text}");
        }
    }
}
