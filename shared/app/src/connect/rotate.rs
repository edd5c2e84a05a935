//! A new token for Brevo's webhooks of an account. Two calls, with a wait between them: webhook-ingress goes on with its copy of
//! the keyring for a minute, so Brevo gets the new token only when ingress knows it. Both are good meanwhile, and the old one for
//! a day after Brevo has the new one.
//!
//! Safe to repeat, and to die in: whatever was begun is finished by the next call, and until then both tokens are good.

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tajo_api::{RotationState, TokenRotation};
use tajo_domain::StoreId;
use tajo_state::{Key, StoreRecord, list_stores};

use super::account::Account;
use super::edit::known;
use super::{ConnectEnv, ConnectError, brevo_webhook, keyrings};
use crate::random;

/// Longer than webhook-ingress goes on with its copy of the keyring ([`crate::keyring::REREAD_AFTER`]), and a read besides.
const UNTIL_KNOWN: SignedDuration = SignedDuration::from_secs(90);

/// How long the old token is good once Brevo has the new one: what Brevo sends again carries it.
const GRACE: SignedDuration = SignedDuration::from_hours(24);

/// What the keyring says of an account's tokens.
enum Step {
    /// The new one is not known everywhere for so many seconds.
    Wait(u64),
    /// Brevo may have this one.
    Register(SecretString),
}

/// Begins to replace the token of a store's Brevo account, or finishes what was begun.
pub async fn rotate_brevo_token(env: &ConnectEnv, store: &StoreId) -> Result<TokenRotation, ConnectError> {
    let record = known(env, store).await?;
    let (account, now) = (record.account.as_str(), env.clock.now());
    let step = keyrings::change(env, |keyring| step(&mut keyring["brevo"][account], now)).await?;
    let token = match step {
        Step::Wait(seconds) => {
            return Ok(TokenRotation {
                state: RotationState::Begun,
                wait_seconds: Some(seconds),
                old_accepted_until: None,
            });
        }
        Step::Register(token) => token,
    };
    // Calls Brevo.
    let secret = env.secret(store).await?;
    if secret.brevo_api_key.expose_secret().is_empty() {
        return Err(ConnectError::NoBrevoKey);
    }
    let address = brevo_webhook::address(&env.public_url, account)?;
    let brevo = Account { brevo: &env.brevo, key: &secret.brevo_api_key };
    brevo_webhook::register(&address, &brevo, account, &token).await?;
    // A set-up of any store of the account registers what stands in the store's secret.
    for other in list_stores(&env.table).await? {
        let other_record = env.table.get_newest::<StoreRecord>(&Key::store(&other)).await?.record;
        if other_record.is_some_and(|other| other.account == account) {
            let give = |secret: &mut tajo_state::StoreSecret| {
                let has_one = secret.brevo_webhook_token.is_some();
                secret.brevo_webhook_token = Some(token.clone()).filter(|_| has_one);
                Ok(has_one.then_some(()))
            };
            env.change_secret(&other, give).await?;
        }
    }
    // Last: from here on the old one has an end.
    let until = now.saturating_add(GRACE).unwrap_or(Timestamp::MAX);
    keyrings::change(env, |keyring| {
        finish(&mut keyring["brevo"][account], &token, until);
        Ok(())
    })
    .await?;
    Ok(TokenRotation { state: RotationState::Done, wait_seconds: None, old_accepted_until: Some(until) })
}

/// What is to be done about an account's entry. Where nothing was begun, a new token is put in as the second.
fn step(entry: &mut Value, now: Timestamp) -> Result<Step, ConnectError> {
    let current = entry["secrets"][0].as_str().filter(|token| !token.is_empty());
    let current = current.ok_or(ConnectError::NoWebhookToken)?.to_owned();
    let begun = entry["next_since"].as_str().and_then(|since| since.parse::<Timestamp>().ok());
    let next = entry["secrets"][1].as_str().map(str::to_owned);
    if let (Some(begun), Some(next)) = (begun, next) {
        let left = UNTIL_KNOWN - now.duration_since(begun);
        return Ok(match u64::try_from(left.as_secs()) {
            Ok(seconds) if left.is_positive() => Step::Wait(seconds.max(1)),
            _ => Step::Register(next.into()),
        });
    }
    let new = random::word()?;
    *entry = json!({ "secrets": [current, new.expose_secret()], "next_since": now.to_string() });
    Ok(Step::Wait(UNTIL_KNOWN.as_secs().unsigned_abs()))
}

/// The new token first, the old one until its end. Another that was begun meanwhile stays.
fn finish(entry: &mut Value, token: &SecretString, until: Timestamp) {
    if entry["secrets"][1] == token.expose_secret() {
        let old = entry["secrets"][0].clone();
        *entry = json!({ "secrets": [token.expose_secret(), old], "old_until": until.to_string() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_waits_until_the_new_token_is_known_and_is_not_begun_twice() {
        let at = |seconds: i64| Timestamp::from_second(1_764_000_000 + seconds).unwrap();
        let mut entry = json!({ "secrets": ["old", "older"], "old_until": "2020-01-01T00:00:00Z" });
        assert!(matches!(step(&mut entry, at(0)).unwrap(), Step::Wait(90)));
        let begun = entry.clone();
        assert_eq!((&begun["secrets"][0], begun["secrets"].as_array().unwrap().len()), (&json!("old"), 2));
        assert!(matches!(step(&mut entry, at(60)).unwrap(), Step::Wait(30)));
        let Step::Register(token) = step(&mut entry, at(90)).unwrap() else {
            panic!("it is known everywhere")
        };
        assert_eq!(entry, begun, "nothing is begun while something is");
        finish(&mut entry, &token, at(100));
        assert_eq!(entry["secrets"], json!([token.expose_secret(), "old"]));
        assert_eq!(entry["old_until"], at(100).to_string());
        let done = entry.clone();
        finish(&mut entry, &"another".into(), at(200));
        assert_eq!(entry, done);
        assert!(step(&mut json!({}), at(0)).is_err());
    }
}
