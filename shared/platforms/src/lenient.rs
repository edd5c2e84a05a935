//! Field types that read whatever a platform sends and never fail on its kind.
//!
//! Platforms send numbers as text, text as numbers, `null`, `[]` for "no object", or leave the key out, and it
//! differs by API version and by shop. A wrong kind in one field must not cost the whole body, so every type
//! here reads it as "nothing said". Only text that is not JSON at all is an error.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use jiff::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use tajo_domain::{Money, parse_amount};

/// Text that says something: not blank. Borrowed from the body unless it holds escapes.
#[derive(Default)]
pub struct Text<'a>(Option<Cow<'a, str>>);

/// A value as text, whatever it is: `true` and numbers too. Empty text says that it is empty.
#[derive(Default)]
pub struct Plain<'a>(pub Option<Cow<'a, str>>);

/// An id, as text: ids are larger than a float can hold.
#[derive(Default)]
pub struct Id(pub Option<String>);

/// An amount of money, below [`LARGEST_AMOUNT`].
#[derive(Default)]
pub struct Amount(pub Option<Money>);

/// How many, from 0 to [`LARGEST_COUNT`]; less than nothing is nothing.
#[derive(Default)]
pub struct Count(pub Option<u64>);

/// A whole number that may be below zero (an oversold stock), up to [`LARGEST_COUNT`] either way.
#[derive(Default)]
pub struct Number(pub Option<i64>);

/// Yes or no.
#[derive(Default)]
pub struct Flag(pub Option<bool>);

/// A moment, RFC 3339 or close to it (a space for the `T`).
#[derive(Default)]
pub struct Time(pub Option<Timestamp>);

/// Tags: a list, or one text with commas. An empty one is a statement too; `null` is none.
#[derive(Default)]
pub struct Tags(pub Option<Vec<String>>);

/// An object; anything else counts as absent.
pub struct Object<T>(pub Option<T>);

/// A list; anything else counts as empty.
pub struct List<T>(pub Vec<T>);

/// Beyond this a number is garbage: the largest economies fit, and no sum or product of decimals overflows.
const LARGEST_AMOUNT: i64 = 1_000_000_000_000_000;

/// Beyond this a quantity is garbage.
const LARGEST_COUNT: i128 = 1_000_000_000;

impl Text<'_> {
    /// The text, trimmed.
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref().map(str::trim)
    }

    /// A copy of it.
    pub fn owned(&self) -> Option<String> {
        self.get().map(str::to_owned)
    }

    /// A web address, percent-encoded. Anything else says nothing.
    pub fn link(&self) -> Option<String> {
        self.get().and_then(tajo_domain::link)
    }
}

impl<T> List<Object<T>> {
    /// The objects of the list.
    pub fn objects(&self) -> impl Iterator<Item = &T> {
        self.0.iter().filter_map(|element| element.0.as_ref())
    }
}

impl<'a> List<Text<'a>> {
    /// The texts of the list.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(Text::get)
    }
}

// A derived `Default` would ask for `T: Default`, which an absent object has no use for.
impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(match scalar(from)? {
            Any::Text(text) if !text.trim().is_empty() => Some(text),
            Any::Whole(number) => Some(Cow::Owned(number.to_string())),
            Any::Float(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        }))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Plain<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(match scalar(from)? {
            Any::Text(text) => Some(text),
            Any::Whole(number) => Some(Cow::Owned(number.to_string())),
            Any::Float(number) => Some(Cow::Owned(number.to_string())),
            Any::Flag(flag) => Some(Cow::Owned(flag.to_string())),
            Any::Null => Some(Cow::Borrowed("")),
            _ => None,
        }))
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(match scalar(from)? {
            Any::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Any::Whole(number) => Some(number.to_string()),
            // A float among them: it has lost digits and may name another thing.
            _ => None,
        }))
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let amount = match scalar(from)? {
            Any::Text(text) => parse_amount(&text),
            Any::Whole(number) => parse_amount(&number.to_string()),
            Any::Float(number) => parse_amount(&number.to_string()),
            _ => None,
        };
        Ok(Self(amount.filter(|amount| amount.abs() < Money::from(LARGEST_AMOUNT))))
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let count = match scalar(from)? {
            Any::Text(text) => text.trim().parse().ok(),
            Any::Whole(number) => Some(number),
            Any::Float(number) => Some(number as i128), // saturates
            _ => None,
        };
        Ok(Self(count.map(|count| count.clamp(0, LARGEST_COUNT) as u64)))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = match scalar(from)? {
            Any::Text(text) => text.trim().parse().ok(),
            Any::Whole(number) => Some(number),
            Any::Float(number) => Some(number as i128), // saturates
            _ => None,
        };
        Ok(Self(number.map(|number| number.clamp(-LARGEST_COUNT, LARGEST_COUNT) as i64)))
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(match scalar(from)? {
            Any::Flag(flag) => Some(flag),
            Any::Text(text) => text.trim().parse().ok(),
            Any::Whole(number) => Some(number != 0),
            _ => None,
        }))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(match scalar(from)? {
            Any::Text(text) => text.trim().parse().ok(),
            _ => None,
        }))
    }
}

impl<'de> Deserialize<'de> for Tags {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let clean = |tag: &str| Some(tag.trim().to_owned()).filter(|tag| !tag.is_empty());
        Ok(Self(match any::<D, IgnoredAny, Text<'de>>(from)? {
            Any::Text(text) => Some(text.split(',').filter_map(clean).collect()),
            Any::List(tags) => Some(tags.iter().filter_map(Text::owned).collect()),
            _ => None,
        }))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match any::<D, T, IgnoredAny>(from)? {
            Any::Object(value) => Ok(Self(Some(value))),
            _ => Ok(Self(None)),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match any::<D, IgnoredAny, T>(from)? {
            Any::List(elements) => Ok(Self(elements)),
            _ => Ok(Self(Vec::new())),
        }
    }
}

/// What stands somewhere in a body: one visitor for all the types above, each takes what it can use.
enum Any<'de, O, E> {
    Text(Cow<'de, str>),
    Whole(i128),
    Float(f64),
    Flag(bool),
    Null,
    Object(O),
    List(Vec<E>),
}

fn scalar<'de, D: Deserializer<'de>>(from: D) -> Result<Any<'de, IgnoredAny, IgnoredAny>, D::Error> {
    any(from)
}

fn any<'de, D, O, E>(from: D) -> Result<Any<'de, O, E>, D::Error>
where
    D: Deserializer<'de>,
    O: Deserialize<'de>,
    E: Deserialize<'de>,
{
    from.deserialize_any(AnyVisitor(PhantomData))
}

struct AnyVisitor<O, E>(PhantomData<(O, E)>);

impl<'de, O: Deserialize<'de>, E: Deserialize<'de>> Visitor<'de> for AnyVisitor<O, E> {
    type Value = Any<'de, O, E>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }
    fn visit_borrowed_str<X: Error>(self, text: &'de str) -> Result<Self::Value, X> {
        Ok(Any::Text(Cow::Borrowed(text)))
    }
    fn visit_str<X: Error>(self, text: &str) -> Result<Self::Value, X> {
        Ok(Any::Text(Cow::Owned(text.to_owned())))
    }
    fn visit_u64<X: Error>(self, number: u64) -> Result<Self::Value, X> {
        Ok(Any::Whole(number.into()))
    }
    fn visit_i64<X: Error>(self, number: i64) -> Result<Self::Value, X> {
        Ok(Any::Whole(number.into()))
    }
    fn visit_f64<X: Error>(self, number: f64) -> Result<Self::Value, X> {
        Ok(Any::Float(number))
    }
    fn visit_bool<X: Error>(self, flag: bool) -> Result<Self::Value, X> {
        Ok(Any::Flag(flag))
    }
    fn visit_unit<X: Error>(self) -> Result<Self::Value, X> {
        Ok(Any::Null)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        O::deserialize(MapAccessDeserializer::new(map)).map(Any::Object)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(Any::List(elements))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a, T: Deserialize<'a>>(json: &'a str) -> T {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn an_id_keeps_every_digit_however_it_is_written() {
        for json in ["18446744073709551615", "\"18446744073709551615\""] {
            assert_eq!(read::<Id>(json).0.as_deref(), Some("18446744073709551615"));
        }
        for json in ["1e30", "1.5", "null", "[1]", "{\"id\":1}", "\" \"", "true"] {
            assert_eq!(read::<Id>(json).0, None, "{json}");
        }
    }

    #[test]
    fn an_amount_is_read_from_text_or_number_but_not_from_words() {
        for json in ["\"89.90\"", "89.9", "\" 89.9 \""] {
            assert_eq!(read::<Amount>(json).0, parse_amount("89.9"), "{json}");
        }
        assert_eq!(read::<Amount>("-3").0, parse_amount("-3"));
        for json in ["\"example string\"", "\"1,000.00\"", "1e15", "null", "[]", "\"\""] {
            assert_eq!(read::<Amount>(json).0, None, "{json}");
        }
    }

    #[test]
    fn a_count_is_never_negative_nor_absurd() {
        assert_eq!(read::<Count>("-2").0, Some(0));
        assert_eq!(read::<Count>("\"3\"").0, Some(3));
        assert_eq!(read::<Count>("2.0").0, Some(2));
        assert_eq!(read::<Count>("18446744073709551615").0, Some(1_000_000_000));
        assert_eq!(read::<Count>("\"many\"").0, None);
    }

    #[test]
    fn a_number_may_be_below_zero_but_not_absurd() {
        assert_eq!(read::<Number>("-2").0, Some(-2));
        assert_eq!(read::<Number>("\"3\"").0, Some(3));
        assert_eq!(read::<Number>("-18446744073709551615").0, Some(-1_000_000_000));
        assert_eq!(read::<Number>("null").0, None);
    }

    #[test]
    fn times_are_read_as_platforms_write_them() {
        for json in [
            "\"2026-11-02T09:15:00+01:00\"",
            "\"2026-11-02T08:15:00.000000000Z\"",
            "\"2026-11-02 08:15:00.000Z\"",
            "\"2026-11-02T08:15:00-00:00\"",
        ] {
            assert_eq!(read::<Time>(json).0, "2026-11-02T08:15:00Z".parse().ok(), "{json}");
        }
        for json in ["\"example string\"", "\"2026-11-02\"", "1762070000", "null"] {
            assert_eq!(read::<Time>(json).0, None, "{json}");
        }
    }

    #[test]
    fn tags_are_a_text_or_a_list_and_may_be_empty() {
        assert_eq!(read::<Tags>("\"vip, early bird\"").0.unwrap(), ["vip", "early bird"]);
        assert_eq!(read::<Tags>("[\"vip\", null, 7]").0.unwrap(), ["vip", "7"]);
        assert_eq!(read::<Tags>("\"\"").0, Some(Vec::new()));
        assert_eq!(read::<Tags>("null").0, None);
    }

    #[test]
    fn what_is_no_object_or_list_is_absent_and_the_rest_is_still_read() {
        assert!(read::<Object<List<Id>>>("7").0.is_none());
        assert!(read::<List<Id>>("{\"a\": [1, {\"b\": null}]}").0.is_empty());
        let mixed = read::<List<Text<'_>>>("[\"a\", null, {}, [\"x\"], 4, \"\\u00fc\"]");
        assert_eq!(mixed.texts().collect::<Vec<_>>(), ["a", "4", "ü"]);
    }
}
