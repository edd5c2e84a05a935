//! `field_mapping` as it is written: every line with its place.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::StrDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_saphyr::Spanned;

use super::SettingsError;
use super::error::short;
use crate::Kind;
use crate::sources::{address_pattern, known_sources};

/// Source → attribute, in the order of the document, each with its place.
#[derive(Clone, Default)]
pub struct Fields(pub Vec<(Spanned<String>, Spanned<Target>)>);

/// Where a field goes.
#[derive(Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Target {
    /// A Brevo attribute.
    Attribute(String),
    /// A Brevo attribute and its kind.
    // Read by hand (`TargetBlock::read`): that knows the field's name.
    Block(#[schemars(with = "TargetBlock")] Vec<(Spanned<String>, Spanned<String>)>),
}

/// An attribute whose kind is not plain from the field: metafields and note attributes.
#[derive(Clone, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetBlock {
    /// The Brevo attribute.
    pub attribute: String,
    /// Its kind. Left out: `text`.
    #[schemars(default)]
    pub kind: Option<Kind>,
}

impl TargetBlock {
    /// What a target says. `key`: where it stands.
    pub fn read(target: &Spanned<Target>, key: &str) -> Result<Self, SettingsError> {
        let pairs = match &target.value {
            Target::Attribute(name) => return Ok(Self { attribute: name.clone(), kind: None }),
            Target::Block(pairs) => pairs,
        };
        let mut block = Self::default();
        for (name, value) in pairs {
            let key = format!("{key}.{}", name.value);
            match name.value.as_str() {
                "attribute" => block.attribute = value.value.clone(),
                "kind" => {
                    let kind = Kind::ALL.into_iter().find(|kind| kind.to_string() == value.value);
                    let unknown = || {
                        let problem = format!("is `{}`, which is none of its values", short(&value.value));
                        let names = Kind::ALL.map(|kind| kind.to_string());
                        SettingsError::at(value.referenced, key.clone(), problem).with_choices(
                            &value.value,
                            names.iter().map(String::as_str),
                            "its values",
                        )
                    };
                    block.kind = Some(kind.ok_or_else(unknown)?);
                }
                unknown => {
                    let error = SettingsError::at(name.referenced, key, "is no key that is known here");
                    return Err(error.with_choices(unknown, ["attribute", "kind"].into_iter(), "known here"));
                }
            }
        }
        if block.attribute.is_empty() {
            return Err(SettingsError::at(target.referenced, key, "lacks the key `attribute`"));
        }
        Ok(block)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct TargetVisitor;
        impl<'de> Visitor<'de> for TargetVisitor {
            type Value = Target;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a Brevo attribute, or a block with `attribute` and `kind`")
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
                String::deserialize(StrDeserializer::new(name)).map(Target::Attribute)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Target::Block(pairs))
            }
        }
        from.deserialize_any(TargetVisitor)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a block of fields and attributes")
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Fields::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        from.deserialize_map(FieldsVisitor)
    }
}

impl JsonSchema for Fields {
    fn schema_name() -> Cow<'static, str> {
        "Fields".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let target = generator.subschema_for::<Target>();
        let known: BTreeMap<String, Schema> = known_sources()
            .map(|known| {
                let mut schema = target.clone();
                schema.insert("description".to_owned(), known.meaning.into());
                (known.name, schema)
            })
            .collect();
        json_schema!({
            "type": "object",
            "properties": known,
            "patternProperties": {
                "^(metafields\\.[^.]+\\.|note_attributes\\.).+": target,
                (address_pattern()): target,
            },
            "additionalProperties": false,
        })
    }
}
