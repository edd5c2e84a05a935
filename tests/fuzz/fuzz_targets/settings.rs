//! Any text as a settings document: settings or a sentence.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tajo_mapping::{Settings, effective_rules};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Settings::from_yaml(text) {
        Ok(settings) => drop(effective_rules(&settings)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
