//! Which identifier belongs to another contact, where Brevo says only that one does.

use serde_json::Value;
use tajo_brevo::{ContactWrite, Identifier, get_contact};
use tajo_domain::Email;
use tajo_mapping::{has_phone, has_whatsapp};

use crate::stop::Stop;
use crate::worker::Worker;

/// The names that Brevo left out of a refused update of `who`, as its metadata would spell them: the new address and our id are
/// looked up; if neither is another contact's, it is a number. Empty if nothing of the write can be it. Calls Brevo, three times at
/// most.
pub(super) async fn unnamed(
    worker: &Worker<'_>,
    write: &ContactWrite,
    who: &Identifier,
    email: Option<&Email>,
    by_id: Option<&Identifier>,
) -> Result<Vec<String>, Stop> {
    let address = email.filter(|_| write.attributes.contains_key("EMAIL")).cloned().map(Identifier::Email);
    let id = by_id.filter(|_| write.ext_id.is_some());
    let ours = contact_id(worker, who).await?;
    for (name, identifier) in [("email", address.as_ref()), ("ext_id", id)] {
        let Some(identifier) = identifier else { continue };
        let theirs = contact_id(worker, identifier).await?;
        if theirs.is_some() && theirs != ours {
            return Ok(vec![name.to_owned()]);
        }
    }
    let numbers = [("sms", has_phone(write)), ("whatsapp", has_whatsapp(write))];
    let numbers: Vec<String> =
        numbers.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name.to_owned()).collect();
    // Look-ups lag behind writes: what could not be found may still be it.
    let other = id.map(|_| "ext_id").or(address.as_ref().map(|_| "email"));
    Ok(if numbers.is_empty() { other.map(str::to_owned).into_iter().collect() } else { numbers })
}

/// Brevo's own id of a contact.
async fn contact_id(worker: &Worker<'_>, who: &Identifier) -> Result<Option<u64>, Stop> {
    match worker.send(&get_contact(who)).await? {
        Ok(answer) => Ok(answer.body.get("id").and_then(Value::as_u64)),
        Err(error) if error.is_nobody() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
