//! Reading and changing one item: compare-and-swap on its revision.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{TableError, aws_error, kind_of};
use crate::table::ALL_STORES;
use crate::unclear::Unclear;
use crate::{Key, Pepper};

/// The item format this version writes. It reads this one and the one before.
const FORMAT: u64 = 1;

/// Lost races before giving up: more means that something is badly wrong, and the queue tries again.
const ROUNDS: u32 = 20;

/// An item and the revision it was read at; revision 0 is an absent item.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored<T> {
    /// Names the write that made it, by chance: so a writer knows its own again.
    pub revision: u64,
    /// The item, if there is one.
    pub record: Option<T>,
}

/// What came of a write.
#[derive(Clone, Debug, PartialEq)]
pub enum Put<T> {
    /// The item is as it was to be, at this revision.
    Written(u64),
    /// Somebody else was first: this is there instead, and nothing was written.
    Moved(Stored<T>),
}

/// Where an item shows up in the due index, and when it expires.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Partition and time (milliseconds) in the due index.
    pub due: Option<(String, i64)>,
    /// When DynamoDB may delete it, in seconds since 1970.
    pub expires_at: Option<i64>,
}

impl Attributes {
    /// An item that stands in no index and does not expire.
    pub fn none<T>(_: &T) -> Self {
        Self::default()
    }
}

/// The state table.
#[derive(Clone, Debug)]
pub struct Table {
    client: Client,
    name: String,
    pepper: Option<Pepper>,
    /// By store: the last day that this process noted as one with log lines.
    noted_days: Arc<Mutex<HashMap<String, String>>>,
}

impl Table {
    /// A table by its name.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into(), pepper: None, noted_days: Arc::default() }
    }

    /// The same table, with what another handle of this process remembers.
    #[must_use]
    pub fn remembering(self, other: &Self) -> Self {
        Self { noted_days: Arc::clone(&other.noted_days), ..self }
    }

    /// The same table, whose people are hashed with this.
    #[must_use]
    pub fn with_pepper(self, pepper: Option<Pepper>) -> Self {
        Self { pepper, ..self }
    }

    pub(crate) fn noted_days(&self) -> MutexGuard<'_, HashMap<String, String>> {
        // Each change is one insertion: a panic while the lock was held left nothing half done.
        self.noted_days.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn pepper(&self) -> Option<&Pepper> {
        self.pepper.as_ref()
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// One item, as it was a moment ago. Half the price of [`Table::get_newest`], and safe where a
    /// compare-and-swap follows.
    pub async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Stored<T>, TableError> {
        self.read(key, false).await
    }

    /// One item, as it is.
    pub async fn get_newest<T: DeserializeOwned>(&self, key: &Key) -> Result<Stored<T>, TableError> {
        self.read(key, true).await
    }

    async fn read<T: DeserializeOwned>(&self, key: &Key, consistent: bool) -> Result<Stored<T>, TableError> {
        let stored = self.stored_key(key);
        let found = Box::pin(self.read_stored(&stored, consistent)).await?;
        if found.revision != 0 || stored == *key {
            return Ok(found);
        }
        // As an earlier version stored it.
        Box::pin(self.read_stored(key, consistent)).await
    }

    async fn read_stored<T: DeserializeOwned>(
        &self,
        key: &Key,
        consistent: bool,
    ) -> Result<Stored<T>, TableError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .key("pk", AttributeValue::S(key.pk.clone()))
            .key("sk", AttributeValue::S(key.sk.clone()))
            .consistent_read(consistent)
            .send()
            .await
            .map_err(|error| aws_error("GetItem", error))?;
        parse(key, answer.item)
    }

    /// Changes one item: `decide` gets what is stored and answers what to store instead (`None`: nothing)
    /// and whatever the caller wants to know. It may be called again if somebody else wrote meanwhile.
    ///
    /// Answers the item as it is afterwards, at its revision.
    pub async fn change<T, R>(
        &self,
        key: &Key,
        attributes: impl Fn(&T) -> Attributes,
        decide: impl FnMut(Option<&T>) -> (Option<T>, R),
    ) -> Result<(Stored<T>, R), TableError>
    where
        T: Serialize + DeserializeOwned,
    {
        self.change_from(key, None, attributes, decide).await
    }

    /// The same, beginning with what a caller has read already, or guesses: a wrong guess costs a refused write.
    /// `decide` must answer a record for an item that is not there, or a guess of none would never be put right.
    pub async fn change_from<T, R>(
        &self,
        key: &Key,
        known: Option<Stored<T>>,
        attributes: impl Fn(&T) -> Attributes,
        mut decide: impl FnMut(Option<&T>) -> (Option<T>, R),
    ) -> Result<(Stored<T>, R), TableError>
    where
        T: Serialize + DeserializeOwned,
    {
        let mut stored = match known {
            None => self.get(key).await?,
            Some(guess) => {
                // A guess of none does not know what an earlier version stored under another key.
                let was_adopted = guess.revision == 0 && Box::pin(self.adopt(key)).await?;
                if was_adopted { self.get_newest(key).await? } else { guess }
            }
        };
        for _ in 0..ROUNDS {
            let (record, result) = decide(stored.record.as_ref());
            let Some(record) = record else { return Ok((stored, result)) };
            match self.put(key, stored.revision, &record, &attributes(&record)).await? {
                Put::Written(revision) => return Ok((Stored { revision, record: Some(record) }, result)),
                Put::Moved(moved) => stored = moved,
            }
        }
        Err(TableError::Contended { pk: kind_of(key) })
    }

    /// Writes down what came of work that began with `known`, and answers the item as it is *now*: where
    /// `edit` changes nothing, that is a consistent read. So a caller always learns what moved meanwhile.
    pub async fn settle<T>(
        &self,
        key: &Key,
        known: Stored<T>,
        attributes: impl Fn(&T) -> Attributes,
        mut edit: impl FnMut(&mut T),
    ) -> Result<Stored<T>, TableError>
    where
        T: Serialize + DeserializeOwned + Clone + PartialEq,
    {
        let mut stored = known;
        let mut is_newest = false;
        for _ in 0..ROUNDS {
            let mut record = stored.record.clone();
            if let Some(record) = &mut record {
                edit(record);
            }
            let Some(changed) = record.filter(|record| stored.record.as_ref() != Some(record)) else {
                return if is_newest { Ok(stored) } else { self.get_newest(key).await };
            };
            match self.put(key, stored.revision, &changed, &attributes(&changed)).await? {
                Put::Written(revision) => return Ok(Stored { revision, record: Some(changed) }),
                Put::Moved(moved) => stored = moved,
            }
            is_newest = true;
        }
        Err(TableError::Contended { pk: kind_of(key) })
    }

    /// Writes one item if its revision is still `revision`.
    ///
    /// An error leaves open whether it was written: whoever took something with it must come again.
    pub async fn put<T: Serialize + DeserializeOwned>(
        &self,
        key: &Key,
        revision: u64,
        record: &T,
        attributes: &Attributes,
    ) -> Result<Put<T>, TableError> {
        match Box::pin(self.put_stored(key, revision, record, attributes)).await? {
            // It may stand where an earlier version stored it, and nothing where it is to stand.
            Put::Moved(moved)
                if moved.revision == revision && revision != 0 && Box::pin(self.adopt(key)).await? =>
            {
                Box::pin(self.put_stored(key, revision, record, attributes)).await
            }
            put => Ok(put),
        }
    }

    async fn put_stored<T: Serialize + DeserializeOwned>(
        &self,
        key: &Key,
        revision: u64,
        record: &T,
        attributes: &Attributes,
    ) -> Result<Put<T>, TableError> {
        // The numbers 0 and 1 mean something else; the numbers of before were small.
        let ours = u64::from(fastrand::u32(2..));
        let mut item = self.envelope(key, record, attributes)?;
        item.insert("rev".to_owned(), number(ours));
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
        let put = if revision == 0 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("rev = :rev").expression_attribute_values(":rev", number(revision))
        };
        let unclear = Unclear::default();
        let answer = put
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .customize()
            .interceptor(unclear.clone())
            .send()
            .await;
        let failed = match answer {
            Ok(_) => return Ok(Put::Written(ours)),
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                error.into_err()
            }
            Err(error) => return Err(aws_error("PutItem", error)),
        };
        let there = match failed {
            PutItemError::ConditionalCheckFailedException(failed) => failed.item,
            _ => None,
        };
        let moved = match there {
            Some(item) => parse(key, Some(item))?,
            // Deleted meanwhile, or the service did not return it.
            None => self.get_newest(key).await?,
        };
        match unclear.was() {
            false => Ok(Put::Moved(moved)),
            true if moved.revision == ours => Ok(Put::Written(ours)),
            // Ours may have been there before the one that is.
            true => Err(TableError::Aws { operation: "PutItem", reason: "no clear answer".to_owned() }),
        }
    }

    /// Takes one item away and answers it: of all who try, one gets it.
    pub async fn take<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, TableError> {
        let key = &self.stored_key(key);
        let answer = self
            .client
            .delete_item()
            .table_name(&self.name)
            .key("pk", AttributeValue::S(key.pk.clone()))
            .key("sk", AttributeValue::S(key.sk.clone()))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(|error| aws_error("DeleteItem", error))?;
        Ok(parse(key, answer.attributes)?.record)
    }

    /// Writes one item that nobody else writes: its key is its own.
    pub(crate) async fn put_new<T: Serialize>(
        &self,
        key: &Key,
        record: &T,
        attributes: &Attributes,
    ) -> Result<(), TableError> {
        let mut item = self.envelope(key, record, attributes)?;
        item.insert("rev".to_owned(), number(1));
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
        put.send().await.map(|_| ()).map_err(|error| aws_error("PutItem", error))
    }

    pub(crate) fn envelope<T: Serialize>(
        &self,
        key: &Key,
        record: &T,
        attributes: &Attributes,
    ) -> Result<HashMap<String, AttributeValue>, TableError> {
        let key = &self.stored_key(key);
        let unreadable = |error: serde_dynamo::Error| TableError::Unreadable {
            pk: kind_of(key),
            reason: error.to_string(),
        };
        let data = serde_dynamo::to_attribute_value(record).map_err(unreadable)?;
        let mut item = HashMap::from([
            ("pk".to_owned(), AttributeValue::S(key.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(key.sk.clone())),
            ("v".to_owned(), number(FORMAT)),
            ("data".to_owned(), data),
        ]);
        // By its key and not by its writer: whoever forgot it would make a store vanish from the list.
        let store = key.is_store().then(|| (ALL_STORES.to_owned(), 0));
        if let Some((shard, at)) = attributes.due.as_ref().or(store.as_ref()) {
            item.insert("due_shard".to_owned(), AttributeValue::S(shard.clone()));
            item.insert("due_at".to_owned(), AttributeValue::N(at.to_string()));
        }
        if let Some(at) = attributes.expires_at {
            item.insert("ttl".to_owned(), AttributeValue::N(at.to_string()));
        }
        Ok(item)
    }
}

/// Reads an item as stored.
pub(crate) fn parse<T: DeserializeOwned>(
    key: &Key,
    item: Option<HashMap<String, AttributeValue>>,
) -> Result<Stored<T>, TableError> {
    let Some(mut item) = item else { return Ok(Stored { revision: 0, record: None }) };
    let unreadable = |reason: String| TableError::Unreadable { pk: kind_of(key), reason };
    let format = read_number(&item, "v").unwrap_or(FORMAT);
    if format > FORMAT {
        return Err(unreadable(format!(
            "it has format {format}, and this version knows {FORMAT}: deploy the newer one"
        )));
    }
    let revision = read_number(&item, "rev").ok_or_else(|| unreadable("it has no revision".to_owned()))?;
    let data = item.remove("data").ok_or_else(|| unreadable("it has no data".to_owned()))?;
    let record = serde_dynamo::from_attribute_value(data).map_err(|error| unreadable(error.to_string()))?;
    Ok(Stored { revision, record: Some(record) })
}

pub(crate) fn read_number(item: &HashMap<String, AttributeValue>, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

pub(crate) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
