//! `customers/merge`: two customers become one. The body has two ids, a status, and nothing to tell the time by.

use tajo_domain::{Change, Changes, Unusable};

use super::{id_of, skipped};
use crate::Context;
use crate::shopify::payload::{self, Merge};

const NO_IDS: &str = "the body does not name the two customers";

/// A merge that happened. One that failed or goes on changes nothing.
pub fn changes(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let merge: Merge<'_> = payload::parse(body, NO_IDS)?;
    let status = merge.status.get().unwrap_or_default();
    if !status.eq_ignore_ascii_case("completed") {
        return Ok(skipped("the merge is not completed"));
    }
    let kept = id_of(merge.admin_graphql_api_customer_kept_id.get(), "Customer");
    let gone = id_of(merge.admin_graphql_api_customer_deleted_id.get(), "Customer");
    let (Some(kept), Some(gone)) = (kept, gone) else { return Err(Unusable::new(NO_IDS)) };
    if kept == gone {
        return Err(Unusable::new("the body merges a customer into itself"));
    }
    Ok(Changes { changes: vec![Change::PersonMerged { kept, gone, at: context.time }], skipped: Vec::new() })
}
