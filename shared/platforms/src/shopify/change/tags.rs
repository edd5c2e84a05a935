//! `customer.tags_added` and `customer.tags_removed`: only what came or went, never all tags.

use tajo_domain::{Changes, Identity, PersonUpdate, TagsDelta, Unusable};

use super::{detail, id_of, skipped};
use crate::Context;
use crate::shopify::payload::{self, TagsNotice};

const NO_ID: &str = "the body names no customer";

/// Tags that came.
pub fn added(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    change(body, context, |delta, tags| delta.added = tags)
}

/// Tags that went.
pub fn removed(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    change(body, context, |delta, tags| delta.removed = tags)
}

fn change(
    body: &[u8],
    context: &Context,
    fill: impl Fn(&mut TagsDelta, Vec<String>),
) -> Result<Changes, Unusable> {
    let notice: TagsNotice<'_> = payload::parse(body, NO_ID)?;
    let customer = id_of(notice.customer_id.get(), "Customer").ok_or_else(|| Unusable::new(NO_ID))?;
    let tags = notice.tags.0.unwrap_or_default();
    if tags.is_empty() {
        return Ok(skipped("it names no tags"));
    }
    let at = notice.occurred_at.0.unwrap_or(context.time);
    let mut delta = TagsDelta { at, added: Vec::new(), removed: Vec::new() };
    fill(&mut delta, tags);
    let identity = Identity { customer: Some(customer), ..Identity::default() };
    Ok(detail(PersonUpdate { identity, tags_delta: Some(delta), ..PersonUpdate::default() }, Vec::new()))
}
