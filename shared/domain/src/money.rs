//! Amounts of money: exact decimals inside, floats only on Brevo's wire.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A three-letter currency code in upper case (ISO 4217 shape; the list itself is the platform's business).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Currency(String);

impl Currency {
    /// Three ASCII letters, in any case; anything else is no currency.
    pub fn parse(text: &str) -> Option<Self> {
        let ok = text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphabetic());
        ok.then(|| Self(text.to_ascii_uppercase()))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Digits after the point (ISO 4217, "minor unit"): amounts that we compute are rounded to them.
    pub fn decimals(&self) -> u32 {
        match self.0.as_str() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
            | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            _ => 2,
        }
    }
}

/// An amount in the shop's currency, with any number of decimals.
pub type Money = Decimal;

/// Reads an amount as platforms write it: `"12.30"`, never with a thousands separator.
pub fn parse_amount(text: &str) -> Option<Money> {
    text.trim().parse().ok()
}
