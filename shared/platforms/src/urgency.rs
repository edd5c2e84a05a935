//! How long what a topic tells may wait when a budget is scarce.

use crate::notice::{BREVO_FOUND, RECONCILE};

/// The order is that of the queue: the urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Somebody waits for it, or may be written to against their will: orders, reminders, opt-outs, demands of the law.
    Now,
    /// People and their carts.
    Soon,
    /// The catalogue: nothing is sent because of it.
    Patient,
}

impl Urgency {
    /// How urgent a notice of this topic is. One that nobody knows is over at once anyway.
    pub fn of(topic: &str) -> Self {
        let subject = topic.split(['/', '.']).next().unwrap_or_default();
        match subject {
            "products" | "collections" | "inventory_levels" | "inventory_items" | "variants" => Self::Patient,
            // What a webhook should have told: Brevo writes to nobody because of it.
            _ if [RECONCILE, BREVO_FOUND].contains(&topic) => Self::Patient,
            "carts" | "checkouts" => Self::Soon,
            "customers" | "customer" if !matches!(topic, "customers/redact" | "customers/delete") => {
                Self::Soon
            }
            _ => Self::Now,
        }
    }

    /// How much of a scarce window work of this kind may take, in percent: what is left is for the more urgent.
    pub fn share_percent(self) -> u32 {
        match self {
            Self::Now => 100,
            Self::Soon => 80,
            Self::Patient => 50,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_reminders_and_opt_outs_go_first_and_the_catalogue_last() {
        for topic in [
            "orders/create",
            "refunds/create",
            "fulfillments/update",
            "tajo/cart_due",
            "customers_email_marketing_consent/update",
            "customers_marketing_consent/update",
            "customers/redact",
            "customers/delete",
            "app/uninstalled",
        ] {
            assert_eq!(Urgency::of(topic), Urgency::Now, "{topic}");
        }
        for topic in ["customers/create", "customer.tags_added", "checkouts/update", "carts/create"] {
            assert_eq!(Urgency::of(topic), Urgency::Soon, "{topic}");
        }
        for topic in [
            "products/update",
            "inventory_levels/update",
            "collections/update",
            "variants/in_stock",
            RECONCILE,
            BREVO_FOUND,
        ] {
            assert_eq!(Urgency::of(topic), Urgency::Patient, "{topic}");
        }
    }
}
