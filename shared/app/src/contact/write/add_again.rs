//! Attributes of which Brevo refuses some without naming it: those that it takes are found by halves.

use std::collections::BTreeMap;

use serde_json::Value;
use tajo_brevo::{ContactWrite, Identifier, update_contact};
use tajo_domain::ContactRecord;

use super::trouble::Trouble;
use crate::stop::Stop;
use crate::worker::Worker;

impl Trouble {
    /// Brevo took the write: adds the attributes that were left out of it to find out what it refuses, as far as it takes
    /// them. Among `n` of them one refused is found with about `2 log n` calls.
    pub(super) async fn add_again(
        &mut self,
        worker: &Worker<'_>,
        record: &ContactRecord,
        who: Option<&Identifier>,
        write: &mut ContactWrite,
    ) -> Result<(), Stop> {
        let left_out: Vec<(String, Value)> = self.taken(record).into_iter().collect();
        let Some(who) = who else { return Ok(()) };
        // Together they are refused: that is known.
        let mut parts = vec![(left_out, true)];
        while let Some((part, is_refused)) = parts.pop() {
            let attributes: BTreeMap<String, Value> = part.iter().cloned().collect();
            let mut only = ContactWrite { attributes, ..ContactWrite::default() };
            if part.is_empty() {
                continue;
            }
            let is_refused = is_refused
                || match worker.send(&update_contact(who, &only)).await? {
                    Ok(_) => {
                        write.attributes.append(&mut only.attributes);
                        continue;
                    }
                    Err(error) if error.is_about_a_value() => true,
                    Err(error) => return Err(error.into()),
                };
            match part.as_slice() {
                [(name, _)] if is_refused => self.refuse_attribute(&mut only, name),
                _ => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.push((second.to_vec(), false));
                    parts.push((first.to_vec(), false));
                }
            }
        }
        Ok(())
    }
}
