//! Which collections a product is in. No webhook tells, so it is what the platform answered when it was asked.

use jiff::Timestamp;

use crate::CollectionNews;

/// The collections of one product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// When the platform was asked: the answer knows nothing of later.
    pub asked_at: Timestamp,
    /// Each collection as it is now.
    pub collections: Vec<CollectionNews>,
    /// Whether these are all.
    pub is_whole: bool,
}

impl Membership {
    /// The platform's ids of the collections, sorted: the order of an answer means nothing.
    pub fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.collections.iter().map(|news| news.id().to_owned()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
