//! What is to be done to a Brevo account, from what there is. Pure.

use std::collections::BTreeMap;

use tajo_mapping::{Kind, Mapped, Settings, effective_rules};

use super::ConnectError;

/// What there is in a Brevo account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Names the account without naming it.
    pub account: String,
    /// Attributes and their types, in Brevo's words; `category` where there is no type.
    pub attributes: Vec<(String, String)>,
    /// Lists by id; empty where the settings want none.
    pub lists: Vec<(u64, String)>,
    /// Its eCommerce section.
    pub ecommerce: Ecommerce,
}

/// The eCommerce section of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ecommerce {
    /// Nothing that the settings sync needs it.
    #[default]
    NotNeeded,
    /// It is off: orders and products would be refused.
    Off,
    /// It is on, and counts in this currency (three letters), if Brevo says which.
    On(Option<String>),
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Attributes to make.
    pub attributes: Vec<(String, Kind)>,
    /// Names of lists to make.
    pub new_lists: Vec<String>,
    /// Named lists that there are.
    pub lists: BTreeMap<String, u64>,
    /// Fields of the default mapping that go to other attributes here.
    pub renamed: BTreeMap<String, String>,
    /// Things a person should know.
    pub warnings: Vec<String>,
}

/// The attributes for given and family name that an account begins with follow its language (Brevo help centre). PRENOM
/// and NOM are seen in integrations; the others are the same two words, and count only if an account has both as text.
const NAMES: [(&str, &str); 6] = [
    ("PRENOM", "NOM"),
    ("VORNAME", "NACHNAME"),
    ("NOMBRE", "APELLIDOS"),
    ("NOME", "COGNOME"),
    ("NOME", "SOBRENOME"),
    ("VOORNAAM", "ACHTERNAAM"),
];

/// What the settings need that is not there. Refuses what cannot be right: an attribute of another type, a list that does
/// not exist or is ambiguous, another currency.
pub fn plan(found: &Found, settings: &Settings, currency: Option<&str>) -> Result<Plan, ConnectError> {
    let mut plan = Plan::default();
    check_currency(&found.ecommerce, settings, currency)?;
    names(found, settings, &mut plan);
    let mut resolved = settings.clone();
    resolved.resolve(&BTreeMap::new(), &plan.renamed);
    attributes(found, &resolved, &mut plan)?;
    lists(found, settings, &mut plan)?;
    Ok(plan)
}

/// Refuses a store in another currency than the account's. What is not known is not refused.
pub(super) fn check_currency(
    ecommerce: &Ecommerce,
    settings: &Settings,
    currency: Option<&str>,
) -> Result<(), ConnectError> {
    let (Ecommerce::On(Some(account)), Some(store)) = (ecommerce, currency) else { return Ok(()) };
    if !settings.currency_check || account.eq_ignore_ascii_case(store) {
        return Ok(());
    }
    Err(ConnectError::Currency { account: account.clone(), store: store.to_uppercase() })
}

/// Where the default mapping meets an account that has names in its own language, it follows.
pub(super) fn names(found: &Found, settings: &Settings, plan: &mut Plan) {
    let has = |name: &str| found.attributes.iter().any(|(known, kind)| known == name && kind == "text");
    let is_ours = |name: &str| found.attributes.iter().any(|(known, _)| known == name);
    if !settings.field_mapping.is_empty() || is_ours("FIRSTNAME") || is_ours("LASTNAME") {
        return;
    }
    let Some((first, last)) = NAMES.into_iter().find(|(first, last)| has(first) && has(last)) else { return };
    plan.renamed =
        [("first_name", first), ("last_name", last)].map(|(field, name)| (field.into(), name.into())).into();
    plan.warnings.push(format!(
        "names go to {first} and {last}: that is what this Brevo account has instead of FIRSTNAME and LASTNAME"
    ));
}

/// Brevo drops values without a word for attributes that do not exist or are of another type.
pub(super) fn attributes(found: &Found, settings: &Settings, plan: &mut Plan) -> Result<(), ConnectError> {
    for Mapped { attribute: name, kind, .. } in effective_rules(settings) {
        match found.attributes.iter().find(|(known, _)| *known == name) {
            None => plan.attributes.push((name, kind)),
            Some((_, found)) if found == kind.as_str() => {}
            Some((_, found)) => {
                let found = found.clone();
                return Err(ConnectError::AttributeKind { name, found, wanted: kind.as_str() });
            }
        }
    }
    Ok(())
}

pub(super) fn lists(found: &Found, settings: &Settings, plan: &mut Plan) -> Result<(), ConnectError> {
    let ids = settings.lists;
    for id in [ids.all_customers, ids.buyers, ids.abandoned_cart].into_iter().flatten() {
        if !found.lists.iter().any(|(known, _)| *known == id) {
            return Err(ConnectError::NoSuchList(id));
        }
    }
    for name in settings.list_names.lists() {
        let mut same = found.lists.iter().filter(|(_, known)| known == name);
        match (same.next(), same.count()) {
            (None, _) if plan.new_lists.contains(name) => {}
            (None, _) => plan.new_lists.push(name.clone()),
            (Some((id, _)), 0) => {
                plan.lists.insert(name.clone(), *id);
            }
            (Some(_), more) => {
                return Err(ConnectError::SeveralLists { name: name.clone(), count: more + 1 });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(attributes: &[&str]) -> Found {
        let attributes = attributes.iter().map(|name| ((*name).to_owned(), "text".to_owned())).collect();
        Found { attributes, ..Found::default() }
    }

    fn renamed(attributes: &[&str], settings: &str) -> BTreeMap<String, String> {
        plan(&account(attributes), &Settings::from_yaml(settings).unwrap(), None).unwrap().renamed
    }

    #[test]
    fn names_follow_the_language_of_the_account_unless_the_settings_say_where_they_go() {
        let french = plan(&account(&["PRENOM", "NOM"]), &Settings::default(), None).unwrap();
        assert_eq!(french.renamed["last_name"], "NOM");
        assert!(!french.attributes.iter().any(|(name, _)| name == "FIRSTNAME"), "none is made beside it");
        assert_eq!(french.warnings.len(), 1);
        assert!(renamed(&["PRENOM", "NOM", "FIRSTNAME"], "").is_empty());
        assert!(renamed(&["NOM"], "").is_empty(), "half a name is a coincidence");
        assert!(renamed(&["PRENOM", "NOM"], "field_mapping: {first_name: FIRSTNAME}").is_empty());
    }

    #[test]
    fn currencies_are_compared_only_where_both_are_known() {
        let settings = Settings::default();
        let euro = Ecommerce::On(Some("EUR".to_owned()));
        let refused = |ecommerce: &Ecommerce, settings: &Settings, store| {
            check_currency(ecommerce, settings, store).is_err()
        };
        assert!(refused(&euro, &settings, Some("USD")));
        for (ecommerce, store) in [(&euro, Some("eur")), (&euro, None), (&Ecommerce::On(None), Some("USD"))] {
            assert!(!refused(ecommerce, &settings, store));
        }
        let off = Settings::from_yaml("connectors: {shopify: {currency_check: false}}").unwrap();
        assert!(!refused(&euro, &off, Some("USD")));
    }
}
