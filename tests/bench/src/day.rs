//! A store's day: the committed mix, spread over the hours.

use jiff::{SignedDuration, Timestamp};
use tajo_testkit::{SHOP, STORE};

use crate::bodies::{Basket, Buyer, OrderStage, customer};
use crate::rng::Rng;

/// Webhooks per 100 orders, and how they come about. Changing a number here changes what every figure means.
#[rustfmt::skip]
pub const MIX: &[(&str, usize, &str)] = &[
    ("carts/create",     150, "one per visit that reaches the checkout"),
    ("carts/update",     250, "1 or 2 per visit"),
    ("checkouts/create", 150, "100 become orders (70 of them begin without a contact), 50 are abandoned"),
    ("checkouts/update", 150, "100 add the contact, 30 tell of the completion, 20 belong to abandoned ones"),
    ("orders/create",    100, "5 to 7 lines"),
    ("orders/updated",   250, "100 echoes of the order, 90 fulfilments, 10 refunds, 5 cancellations, 45 notes or tags"),
    ("customers/create",  40, "buyers who are new; the other 60 are known to Brevo and to the state"),
    ("customers/update",  80, "70 echoes of an order, 10 changed phone numbers"),
    ("products/update",  300, "stock levels, 3 per order"),
];

/// Of 100 buyers, how many Brevo knows before the day begins.
pub const KNOWN_BUYERS: usize = 60;

/// The simulated day: no clock of this machine is in the figures.
pub const DAY: &str = "2026-11-02T00:00:00Z";

/// Settings of the store: the three lists are in use, as after `tajo connect` with lists.
pub const SETTINGS: &str = "connectors: {shopify: {lists: {all_customers: 2, buyers: 4, abandoned_cart: 6}}}";

/// One webhook on its way.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// When Shopify sends it.
    pub at: Timestamp,
    /// The topic.
    pub topic: &'static str,
    /// Names the delivery.
    pub delivery: String,
    /// The raw bytes.
    pub body: Vec<u8>,
    /// Of which store.
    pub store: usize,
}

/// Everything that happens.
pub struct Day {
    /// What happened before: known buyers, as they were made known. Not counted.
    pub before: Vec<Webhook>,
    /// The day itself, by time.
    pub webhooks: Vec<Webhook>,
}

impl Day {
    /// The day of a store with this many orders.
    pub fn new(seed: u64, orders: usize) -> Result<Self, jiff::Error> {
        let mut writer = Writer::new(seed, 0, Hours::Even)?;
        writer.orders(orders);
        writer.abandoned(orders);
        Ok(Self::of_all(seed, vec![writer]))
    }

    /// The day of many stores, with an evening peak.
    pub fn of_stores(seed: u64, stores: usize, orders: usize) -> Result<Self, jiff::Error> {
        let mut writers = Vec::with_capacity(stores);
        for store in 0..stores {
            let mut writer = Writer::new(seed + u64::try_from(store).unwrap_or(0), store, Hours::Evening)?;
            writer.orders(orders);
            writer.abandoned(orders);
            writers.push(writer);
        }
        Ok(Self::of_all(seed, writers))
    }

    /// An evening of a store with so many orders; and, if `noisy`, of another on the same account with a hundred times as
    /// many.
    pub fn evening(seed: u64, orders: usize, noisy: bool) -> Result<Self, jiff::Error> {
        let mut writers = Vec::new();
        for (store, orders) in [(0, orders), (1, orders * 100)].into_iter().take(1 + usize::from(noisy)) {
            let mut writer = Writer::new(seed + u64::try_from(store).unwrap_or(0), store, Hours::OneEvening)?;
            writer.orders(orders);
            writer.abandoned(orders);
            writers.push(writer);
        }
        Ok(Self::of_all(seed, writers))
    }

    pub(crate) fn of_all(seed: u64, writers: Vec<Writer>) -> Self {
        let (mut before, mut webhooks) = (Vec::new(), Vec::new());
        for writer in writers {
            before.extend(writer.before);
            webhooks.extend(writer.webhooks);
        }
        before.sort_by_key(|webhook| webhook.at);
        webhooks.sort_by_key(|webhook| webhook.at);
        for (index, webhook) in before.iter_mut().chain(&mut webhooks).enumerate() {
            webhook.delivery = format!("{seed:08x}-0000-4000-8000-{index:012x}");
        }
        Self { before, webhooks }
    }

    /// The number of webhooks of a topic, and their bytes.
    pub fn of(&self, topic: &str) -> (usize, usize) {
        let of_topic = self.webhooks.iter().filter(|webhook| webhook.topic == topic);
        of_topic.fold((0, 0), |(count, bytes), webhook| (count + 1, bytes + webhook.body.len()))
    }
}

/// When orders come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hours {
    /// Between 7 and 20 o'clock.
    Even,
    /// Between 7 and 23 o'clock, and 45 of 100 between 18 and 21.
    Evening,
    /// Between 19 and 20 o'clock.
    OneEvening,
}

/// Ids of one store's people, orders and products begin here, times its number: nobody shops in two.
const STORE_IDS: i64 = 10_000_000;

pub(crate) struct Writer {
    pub(crate) rng: Rng,
    pub(crate) midnight: Timestamp,
    webhooks: Vec<Webhook>,
    before: Vec<Webhook>,
    product: i64,
    store: usize,
    hours: Hours,
}

impl Writer {
    pub(crate) fn new(seed: u64, store: usize, hours: Hours) -> Result<Self, jiff::Error> {
        let (webhooks, before) = (Vec::new(), Vec::new());
        Ok(Self { rng: Rng::new(seed), midnight: DAY.parse()?, webhooks, before, product: 0, store, hours })
    }

    /// When an order comes; those who do not buy come an hour longer.
    fn hour(&mut self, last: i64) -> Timestamp {
        let (first, last) = match self.hours {
            Hours::Even => (7, last),
            Hours::OneEvening => (19, 20),
            Hours::Evening if self.rng.between(1, 100) <= 45 => (18, 21),
            Hours::Evening => (7, 23),
        };
        later(self.midnight, self.rng.between(first * 3600, last * 3600) * 1000)
    }

    fn orders(&mut self, orders: usize) {
        let known = self.rng.share(orders, KNOWN_BUYERS);
        let anonymous = self.rng.share(orders, 70);
        let completed = self.rng.share(orders, 30);
        let two_updates = self.rng.share(orders, 70);
        let fulfilled = self.rng.share(orders, 90);
        let refunded = self.rng.share(orders, 10);
        let cancelled = self.rng.share(orders, 5);
        let edited = self.rng.share(orders, 45);
        let echoes = self.rng.share(orders, 70);
        let phones = self.rng.share(orders, 10);
        for index in 0..orders {
            let at = self.hour(20);
            let mut basket = self.basket(at, known[index]);
            if !known[index] {
                basket.buyer.since = later(at, -2_000);
                self.push(later(at, -2_000), "customers/create", customer(&basket.buyer, later(at, -2_000)));
            }
            self.visit(&basket, 2 + i64::from(two_updates[index]));
            let begun = self.before(at, 240, 420);
            self.push(begun, "checkouts/create", basket.checkout(!anonymous[index], false, begun));
            let typed = self.before(at, 60, 180);
            self.push(typed, "checkouts/update", basket.checkout(true, false, typed));
            let order = |stage, updated| basket.order(stage, updated, updated);
            self.push(at, "orders/create", order(OrderStage::Placed, at));
            if completed[index] {
                self.push(later(at, 300), "checkouts/update", basket.checkout(true, true, later(at, 300)));
            }
            self.push(later(at, 900), "orders/updated", order(OrderStage::Placed, later(at, 900)));
            if echoes[index] {
                self.push(later(at, 1_200), "customers/update", customer(&basket.buyer, later(at, 1_200)));
            }
            for _ in 0..3 {
                self.product += 1;
                let when = later(at, self.rng.between(400, 2_500));
                self.push(when, "products/update", basket.product(self.product % 40, when));
            }
            if edited[index] {
                let when = self.after(at, 5, 60);
                self.push(when, "orders/updated", order(OrderStage::Placed, when));
            }
            if fulfilled[index] {
                let when = self.after(at, 70, 150);
                self.push(when, "orders/updated", order(OrderStage::Fulfilled, when));
            }
            if refunded[index] {
                let when = self.after(at, 160, 200);
                self.push(when, "orders/updated", order(OrderStage::Refunded, when));
            }
            if cancelled[index] {
                let when = self.after(at, 200, 220);
                self.push(when, "orders/updated", order(OrderStage::Cancelled, when));
            }
            if phones[index] {
                let when = self.after(at, 20, 200);
                let mut account = basket.buyer.clone();
                account.phone = Some(format!("+49172{:07}", 2_000_000 + basket.number));
                self.push(when, "customers/update", customer(&account, when));
            }
        }
    }

    /// Half as many checkouts as there are orders become none.
    fn abandoned(&mut self, orders: usize) {
        let count = (orders * 50 + 50) / 100;
        let known = self.rng.share(count, KNOWN_BUYERS);
        let updated = self.rng.share(count, 40);
        for index in 0..count {
            let at = self.hour(21);
            let basket = self.basket(at, known[index]);
            // 250 cart updates per 100 orders: 170 go with orders, 80 with these 50.
            self.visit(&basket, 2 + i64::from(index % 5 < 3));
            self.push(at, "checkouts/create", basket.checkout(true, false, at));
            if updated[index] {
                let when = self.after(at, 2, 8);
                self.push(when, "checkouts/update", basket.checkout(true, false, when));
            }
        }
    }

    /// A cart, looked at and changed before the checkout: `times` webhooks in all.
    fn visit(&mut self, basket: &Basket, times: i64) {
        for turn in 0..times {
            let when = self.before(basket.at, 1_200 - turn * 200, 1_300 - turn * 200);
            let topic = if turn == 0 { "carts/create" } else { "carts/update" };
            self.push(when, topic, basket.cart(when));
        }
    }

    pub(crate) fn basket(&mut self, at: Timestamp, known: bool) -> Basket {
        let ids = i64::try_from(self.store).unwrap_or(0) * STORE_IDS;
        let number = ids + i64::try_from(self.webhooks.len()).unwrap_or(0) + 1;
        let since = later(self.midnight, -90 * 24 * 3_600_000);
        let buyer = Buyer::new(&mut self.rng, number, since);
        if known {
            let made = later(self.midnight, -3_600_000);
            self.earlier(made, "customers/create", customer(&buyer, made));
        }
        Basket { number, buyer, lines: self.rng.between(5, 7), at }
    }

    /// What happened before the day.
    pub(crate) fn earlier(&mut self, at: Timestamp, topic: &'static str, body: Vec<u8>) {
        self.before.push(Webhook { store: self.store, ..webhook(at, topic, body) });
    }

    pub(crate) fn push(&mut self, at: Timestamp, topic: &'static str, body: Vec<u8>) {
        // Shopify takes a moment to send; within it, webhooks change places.
        let at = later(at, self.rng.between(200, 1_500));
        self.webhooks.push(Webhook { store: self.store, ..webhook(at, topic, body) });
    }

    /// Seconds before.
    fn before(&mut self, at: Timestamp, least: i64, most: i64) -> Timestamp {
        later(at, -self.rng.between(least, most) * 1000)
    }

    /// Minutes after.
    fn after(&mut self, at: Timestamp, least: i64, most: i64) -> Timestamp {
        later(at, self.rng.between(least * 60, most * 60) * 1000)
    }
}

/// The id of a store.
pub fn store_name(store: usize) -> String {
    if store == 0 { STORE.to_owned() } else { format!("shop-{store}") }
}

/// The address of a store.
pub fn shop_name(store: usize) -> String {
    if store == 0 { SHOP.to_owned() } else { format!("shop-{store}.myshopify.com") }
}

fn webhook(at: Timestamp, topic: &'static str, body: Vec<u8>) -> Webhook {
    Webhook { at, topic, delivery: String::new(), body, store: 0 }
}

/// Milliseconds later.
pub fn later(at: Timestamp, ms: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_millis(ms)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_the_committed_mix() {
        let day = Day::new(7, 100).unwrap();
        for (topic, count, _) in MIX {
            assert_eq!(day.of(topic).0, *count, "{topic}");
        }
        assert_eq!(day.webhooks.len(), 1470);
        let end = later(DAY.parse().unwrap(), 24 * 3_600_000);
        assert!(day.webhooks.iter().all(|webhook| webhook.at < end));
    }

    #[test]
    fn a_seed_makes_one_day() {
        let bodies = |seed| Day::new(seed, 10).unwrap().webhooks.into_iter().map(|webhook| webhook.body);
        assert!(bodies(7).eq(bodies(7)));
        assert!(!bodies(7).eq(bodies(8)));
    }
}
