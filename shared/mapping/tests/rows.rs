//! `tajo mapping`: the effective mapping with made-up values.

#![expect(clippy::unwrap_used, reason = "constants of a test")]

use tajo_mapping::{Settings, mapping_rows};

fn rows(settings: &str) -> String {
    let rows = mapping_rows(&Settings::from_yaml(settings).unwrap());
    let line = |row: &tajo_mapping::MappingRow| {
        let example = row.example.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        format!("{:<21} {:<8} {:<32} {example}\n", row.attribute, format!("{:?}", row.kind), row.source)
    };
    rows.iter().map(line).collect()
}

#[test]
fn every_attribute_is_shown_with_where_it_comes_from_and_what_it_may_look_like() {
    insta::assert_snapshot!(rows(""));
}

#[test]
fn whatever_a_store_asks_for_besides_has_an_example_of_its_kind() {
    insta::assert_snapshot!(rows(
        "field_mapping:
  email: EMAIL
  preferred_language: LANGUAGE
  accepts_marketing: NEWSLETTER
  note: NOTE
  default_address.address1: STREET
  default_address.address2: STREET2
  default_address.city: CITY
  default_address.country: COUNTRY
  default_address.country_code: COUNTRY_CODE
  default_address.zip: ZIP
  default_address.phone: HOME
  metafields.custom.tier: TIER
  metafields.custom.children: { attribute: CHILDREN, kind: number }
  metafields.custom.birthday: { attribute: BIRTHDAY, kind: date }
  metafields.custom.student: { attribute: STUDENT, kind: boolean }
"
    ));
}
